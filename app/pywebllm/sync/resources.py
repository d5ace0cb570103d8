"""The resources of `WebLLM`: each method waits for its twin of the asynchronous client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, Unpack, overload

from pywebllm.records import Model, ModelRecord
from pywebllm.resources.chat_completions import Chat, ChatCompletions
from pywebllm.resources.completions import Completions
from pywebllm.resources.embeddings import Embeddings
from pywebllm.resources.models import Models
from pywebllm.resources.parameters import (
    ChatOptions,
    ChatParameters,
    CompletionParameters,
    EmbeddingParameters,
    ToolRunParameters,
)
from pywebllm.resources.sessions import Sessions
from pywebllm.resources.signature import spelled_out
from pywebllm.typed.tool_run import ToolRun
from pywebllm.types import (
    CachedModel,
    ChatCompletion,
    Completion,
    CreateEmbeddingResponse,
    DownloadProgress,
    ModelDeleted,
    ModelInfo,
    ModelList,
    ParsedChatCompletion,
    Session,
    StorageInfo,
    Verification,
)
from pywebllm.types.inputs import Tool

from .documentation import documented_as
from .streams import SyncChatStream, SyncCompletionStream, SyncStream, Wait

__all__ = [
    "SyncChat",
    "SyncChatCompletions",
    "SyncCompletions",
    "SyncEmbeddings",
    "SyncModels",
    "SyncSessions",
]

T = TypeVar("T")


class SyncChat:
    """The section "Chat" of the OpenAI API reference.

    Attributes:
        completions: Answers to conversations.
    """

    def __init__(self, chat: Chat, wait: Wait) -> None:
        self.completions = SyncChatCompletions(chat.completions, wait)


class SyncChatCompletions:
    """The section "Chat Completions" of the OpenAI API reference, with typed answers and tools."""

    def __init__(self, completions: ChatCompletions, wait: Wait) -> None:
        self._completions = completions
        self._wait = wait

    @overload
    def create(
        self, *, stream: Literal[True], **parameters: Unpack[ChatParameters]
    ) -> SyncChatStream: ...

    @overload
    def create(
        self, *, stream: Literal[False] | None = None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion: ...

    @overload
    def create(
        self, *, stream: bool | None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion | SyncChatStream: ...

    @documented_as(ChatCompletions.create)
    @spelled_out(ChatParameters)
    def create(
        self, *, stream: bool | None = None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion | SyncChatStream:
        """Answer a conversation; see `ChatParameters` for the parameters."""
        found = self._wait(self._completions.create(stream=stream, **parameters))
        return found if isinstance(found, ChatCompletion) else SyncStream(found, self._wait)

    @overload
    def parse(
        self, *, response_format: type[T], **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[T]: ...

    @overload
    def parse(
        self, *, response_format: object, **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[Any]: ...

    @documented_as(ChatCompletions.parse)
    @spelled_out(ChatOptions)
    def parse(
        self, *, response_format: Any, **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[Any]:
        """Answer a conversation with a value of the type `response_format`, in `parsed`."""
        return self._wait(self._completions.parse(response_format=response_format, **parameters))

    @documented_as(ChatCompletions.run_tools)
    @spelled_out(ToolRunParameters)
    def run_tools(
        self,
        *,
        tools: Sequence[Tool],
        max_rounds: int = 10,
        **parameters: Unpack[ToolRunParameters],
    ) -> ToolRun:
        """Answer a conversation, calling the functions that the model asks for."""
        return self._wait(
            self._completions.run_tools(tools=tools, max_rounds=max_rounds, **parameters)
        )


class SyncCompletions:
    """The section "Completions" of the OpenAI API reference: no roles, no chat template."""

    def __init__(self, completions: Completions, wait: Wait) -> None:
        self._completions = completions
        self._wait = wait

    @overload
    def create(
        self, *, stream: Literal[True], **parameters: Unpack[CompletionParameters]
    ) -> SyncCompletionStream: ...

    @overload
    def create(
        self, *, stream: Literal[False] | None = None, **parameters: Unpack[CompletionParameters]
    ) -> Completion: ...

    @overload
    def create(
        self, *, stream: bool | None, **parameters: Unpack[CompletionParameters]
    ) -> Completion | SyncCompletionStream: ...

    @documented_as(Completions.create)
    @spelled_out(CompletionParameters)
    def create(
        self, *, stream: bool | None = None, **parameters: Unpack[CompletionParameters]
    ) -> Completion | SyncCompletionStream:
        """Continue a string; see `CompletionParameters` for the parameters."""
        found = self._wait(self._completions.create(stream=stream, **parameters))
        return found if isinstance(found, Completion) else SyncStream(found, self._wait)


class SyncEmbeddings:
    """The section "Embeddings" of the OpenAI API reference.

    It needs an embedding model: see `kind` of the models in `models.list()`.
    """

    def __init__(self, embeddings: Embeddings, wait: Wait) -> None:
        self._embeddings = embeddings
        self._wait = wait

    @overload
    def create(
        self,
        *,
        encoding_format: Literal["float"] | None = None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...]]: ...

    @overload
    def create(
        self,
        *,
        encoding_format: Literal["base64"],
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[str]: ...

    @overload
    def create(
        self,
        *,
        encoding_format: Literal["float", "base64"] | None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]: ...

    @documented_as(Embeddings.create)
    @spelled_out(EmbeddingParameters)
    def create(
        self,
        *,
        encoding_format: Literal["float", "base64"] | None = None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
        """Return one vector for each input; see `EmbeddingParameters` for the parameters."""
        return self._wait(self._embeddings.create(encoding_format=encoding_format, **parameters))


class SyncModels:
    """The section "Models" of the OpenAI API reference; no method loads a model."""

    def __init__(self, models: Models, wait: Wait) -> None:
        self._models = models
        self._wait = wait

    @documented_as(Models.list)
    def list(self) -> ModelList:
        """Return the built-in model, then the client's own records, then WebLLM's list."""
        return self._wait(_result(self._models.list()))

    @documented_as(Models.register)
    def register(self, record: ModelRecord | Mapping[str, Any]) -> None:
        """Let requests of this client name a custom record by its `model_id`."""
        self._models.register(record)

    @documented_as(Models.unregister)
    def unregister(self, model: str) -> None:
        """Forget the custom record with this ID; do nothing if there is none."""
        self._models.unregister(model)

    @documented_as(Models.retrieve)
    def retrieve(self, model: str) -> ModelInfo:
        """Return the model with this id."""
        return self._wait(self._models.retrieve(model))

    @documented_as(Models.download)
    def download(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[DownloadProgress], object] | None = None,
    ) -> CachedModel:
        """Download a model, so that a later load finds all its files in the browser."""
        return self._wait(self._models.download(model, on_progress=on_progress))

    @documented_as(Models.cached)
    def cached(self) -> tuple[CachedModel, ...]:
        """List the models of which the browser has files, complete or not."""
        return self._wait(self._models.cached())

    @documented_as(Models.verify)
    def verify(
        self,
        model: Model = None,
        *,
        repair: bool = True,
        on_progress: Callable[[DownloadProgress], object] | None = None,
    ) -> Verification:
        """Read all stored files of a model; download those again that are damaged or missing."""
        return self._wait(self._models.verify(model, repair=repair, on_progress=on_progress))

    @documented_as(Models.delete)
    def delete(self, model: str) -> ModelDeleted:
        """Delete the stored files of the model with this id, as listed by `cached`."""
        return self._wait(self._models.delete(model))

    @documented_as(Models.delete_all)
    def delete_all(self) -> tuple[ModelDeleted, ...]:
        """Delete the stored files of all models."""
        return self._wait(self._models.delete_all())

    @documented_as(Models.storage)
    def storage(self) -> StorageInfo:
        """Return how much storage this site uses, and may use."""
        return self._wait(self._models.storage())

    @documented_as(Models.persist)
    def persist(self) -> bool:
        """Ask the browser to keep the files of this site until the visitor deletes them."""
        return self._wait(self._models.persist())


async def _result(awaitable: Awaitable[T]) -> T:
    # Some implementations of `wait` take only coroutines.
    return await awaitable


class SyncSessions:
    """Chats that were requested with `extra_body={"resumable": True}`; not in the reference."""

    def __init__(self, sessions: Sessions, wait: Wait) -> None:
        self._sessions = sessions
        self._wait = wait

    @documented_as(Sessions.list)
    def list(self) -> tuple[Session, ...]:
        """Return the stored answers, complete ones too."""
        return self._wait(self._sessions.list())

    @documented_as(Sessions.resume)
    def resume(self, session_id: str) -> SyncChatStream:
        """Resume a stored answer; its model is loaded first if necessary."""
        return SyncStream(self._wait(self._sessions.resume(session_id)), self._wait)

    @documented_as(Sessions.delete)
    def delete(self, session_id: str) -> None:
        """Delete a stored answer."""
        self._wait(self._sessions.delete(session_id))

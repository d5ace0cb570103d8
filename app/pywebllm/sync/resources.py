"""The parts of `WebLLM`: each method waits for the method of the same name of the other client."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Literal, TypeVar, Unpack, overload

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
    ChatCompletion,
    Completion,
    CreateEmbeddingResponse,
    ModelInfo,
    ModelList,
    ParsedChatCompletion,
    Session,
)
from pywebllm.types.inputs import Tool

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
    """`chat` of `WebLLM`."""

    def __init__(self, chat: Chat, wait: Wait) -> None:
        self.completions = SyncChatCompletions(chat.completions, wait)


class SyncChatCompletions:
    """`chat.completions` of `WebLLM`."""

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

    @spelled_out
    def create(
        self, *, stream: bool | None = None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion | SyncChatStream:
        """Do what `AsyncWebLLM.chat.completions.create` does."""
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

    @spelled_out
    def parse(
        self, *, response_format: Any, **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[Any]:
        """Do what `AsyncWebLLM.chat.completions.parse` does."""
        return self._wait(self._completions.parse(response_format=response_format, **parameters))

    @spelled_out
    def run_tools(
        self,
        *,
        tools: Sequence[Tool],
        max_rounds: int = 10,
        **parameters: Unpack[ToolRunParameters],
    ) -> ToolRun:
        """Do what `AsyncWebLLM.chat.completions.run_tools` does; async tools are fine, too."""
        return self._wait(
            self._completions.run_tools(tools=tools, max_rounds=max_rounds, **parameters)
        )


class SyncCompletions:
    """`completions` of `WebLLM`."""

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

    @spelled_out
    def create(
        self, *, stream: bool | None = None, **parameters: Unpack[CompletionParameters]
    ) -> Completion | SyncCompletionStream:
        """Do what `AsyncWebLLM.completions.create` does."""
        found = self._wait(self._completions.create(stream=stream, **parameters))
        return found if isinstance(found, Completion) else SyncStream(found, self._wait)


class SyncEmbeddings:
    """`embeddings` of `WebLLM`."""

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

    @spelled_out
    def create(
        self,
        *,
        encoding_format: Literal["float", "base64"] | None = None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
        """Do what `AsyncWebLLM.embeddings.create` does."""
        return self._wait(self._embeddings.create(encoding_format=encoding_format, **parameters))


class SyncModels:
    """`models` of `WebLLM`."""

    def __init__(self, models: Models, wait: Wait) -> None:
        self._models = models
        self._wait = wait

    def list(self) -> ModelList:
        """Do what `AsyncWebLLM.models.list` does."""
        return self._wait(_result(self._models.list()))

    def retrieve(self, model: str) -> ModelInfo:
        """Do what `AsyncWebLLM.models.retrieve` does."""
        return self._wait(self._models.retrieve(model))


async def _result(awaitable: Awaitable[T]) -> T:
    # Not everything that waits takes more than coroutines.
    return await awaitable


class SyncSessions:
    """`sessions` of `WebLLM`."""

    def __init__(self, sessions: Sessions, wait: Wait) -> None:
        self._sessions = sessions
        self._wait = wait

    def list(self) -> tuple[Session, ...]:
        """Do what `AsyncWebLLM.sessions.list` does."""
        return self._wait(self._sessions.list())

    def resume(self, session_id: str) -> SyncChatStream:
        """Do what `AsyncWebLLM.sessions.resume` does."""
        return SyncStream(self._wait(self._sessions.resume(session_id)), self._wait)

    def delete(self, session_id: str) -> None:
        """Do what `AsyncWebLLM.sessions.delete` does."""
        self._wait(self._sessions.delete(session_id))

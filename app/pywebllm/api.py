"""OpenAI's endpoints over a pool of engines: they take bodies as in the reference, return values.

The clients and the server inside the page are thin layers over this: checks, defaults and the
choice of the model happen here and below, in the same way for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import codec, completions, model_files
from .answers.kept import KeptAnswer
from .chat.call import ChatCall, read_call
from .chat.stream import ChatStream
from .embeddings import embed, read_embedding_call
from .engine.pool import Pool
from .engine.streams import Runner
from .errors import (
    EngineError,
    ModelNotFoundError,
    NotResumableError,
    SessionNotFoundError,
)
from .events import Event
from .model_list import list_models
from .records import Model, ModelRecord
from .request.checks import shown, string
from .types import CreateEmbeddingResponse, ModelInfo, Session
from .values import ModelLoss

if TYPE_CHECKING:
    from .types import CachedModel, DownloadProgress, ModelDeleted, StorageInfo, Verification

__all__ = ["Api"]


class Api:
    """The endpoints; a body is a mapping with the names of the OpenAI API reference.

    None in a body means "not given". `extra_body` is merged into it, as in the official SDK.

    Args:
        pool: The engines.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def lost(self) -> Event[ModelLoss]:
        """Reports each loaded model that was lost unexpectedly; the next request loads it again."""
        return self._pool.lost

    async def chat(self, body: Mapping[str, object]) -> ChatStream:
        """Return the stream of a chat's answer once its request has been made.

        The model is loaded first unless it is loaded already. `stream.read()` returns the whole
        answer.

        On cancellation the load or the request stops, and the engine is free for the next one.

        Raises:
            InvalidRequestError: A parameter is unknown, out of range or not supported; `param`
                is its path.
            WebLLMError: The model could not be loaded.
        """
        stream = self.chat_stream(body)
        await stream.open()
        return stream

    def chat_stream(self, body: Mapping[str, object], *, loads: bool = True) -> ChatStream:
        """Return a chat's answer as a stream whose request is made when it is first read.

        With `loads=False` that raises `ModelNotLoadedError` unless the model is loaded, or is
        being loaded.

        Raises:
            InvalidRequestError: A parameter cannot be honored; `param` says which.
        """
        return ChatStream(self._pool, read_call(body), loads=loads)

    async def completion(self, body: Mapping[str, object]) -> completions.CompletionStream:
        """Return the stream of a text completion once its request has been made.

        The model is loaded first unless it is loaded already. `stream.read()` returns the whole
        completion.

        On cancellation the load or the request stops, and the engine is free for the next one.

        Raises:
            InvalidRequestError: A parameter is unknown, out of range or not supported; `param`
                is its path.
            WebLLMError: The model could not be loaded.
        """
        call = completions.read_completion_call(body)
        stream = completions.CompletionStream(self._pool, call)
        await stream.open()
        return stream

    async def embedding(
        self, body: Mapping[str, object]
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
        """Return one vector for each input.

        The model is loaded first unless it is loaded already.

        On cancellation the load or the request stops, and the engine is free for the next one.

        Raises:
            InvalidRequestError: A parameter is unknown, out of range or not supported; `param`
                is its path.
            WebLLMError: The model could not be loaded, does not support embeddings, or failed.
        """
        return await embed(self._pool, read_embedding_call(body))

    async def models(self) -> tuple[ModelInfo, ...]:
        """Return all models that a request can name.

        The built-in model comes first, then custom records, then WebLLM's list. Cancellation has
        no side effects.

        Raises:
            WebLLMError: WebLLM's list could not be read.
        """
        return list_models(
            codec.read_models(await self._pool.query({"kind": "models"})),
            records=self._pool.records,
            loaded=self._pool.loaded,
        )

    async def model(self, id: str) -> ModelInfo:  # noqa: A002, the reference's name
        """Return the model with this ID. Cancellation has no side effects.

        Raises:
            InvalidRequestError: `id` is not a string.
            ModelNotFoundError: No model has it.
            WebLLMError: WebLLM's list could not be read.
        """
        string("model", id)
        for model in await self.models():
            if model.id == id:
                return model
        raise ModelNotFoundError(f"there is no model {shown(id)}")

    def register(self, record: ModelRecord | Mapping[str, Any]) -> None:
        """Make a custom record known, see `resources.Models.register`.

        Raises:
            InvalidRequestError: It is not a model record, or another model has its ID.
        """
        self._pool.register(record)

    def unregister(self, model: str) -> None:
        """Forget a custom record, see `resources.Models.unregister`.

        Raises:
            InvalidRequestError: It is the default model.
        """
        self._pool.unregister(model)

    async def download(
        self, model: Model, on_progress: Callable[[DownloadProgress], object] | None
    ) -> CachedModel:
        """Download a model without loading it, see `resources.Models.download`.

        Cancelled, the download stops, and what has arrived is kept.
        """
        return await model_files.download(self._pool, model, on_progress)

    async def verify(
        self,
        model: Model,
        on_progress: Callable[[DownloadProgress], object] | None,
        *,
        repair: bool,
    ) -> Verification:
        """Check the stored files of a model, see `resources.Models.verify`.

        Cancelled, the work stops, and can be begun again.
        """
        return await model_files.verify(self._pool, model, on_progress, repair=repair)

    async def cached_models(self) -> tuple[CachedModel, ...]:
        """Return the models of which files are stored, see `resources.Models.cached`.

        Cancellation has no side effects.
        """
        return await model_files.cached(self._pool)

    async def delete_model(self, model: str) -> ModelDeleted:
        """Delete the files of a model, see `resources.Models.delete`.

        Cancelled, they may be deleted nevertheless.
        """
        return await model_files.delete(self._pool, model)

    async def delete_all_models(self) -> tuple[ModelDeleted, ...]:
        """Delete the files of all models, see `resources.Models.delete_all`.

        Cancelled, they may be deleted nevertheless.
        """
        return await model_files.delete_all(self._pool)

    async def storage(self) -> StorageInfo:
        """Return the storage of this site. Cancellation has no side effects."""
        return await model_files.storage(self._pool)

    async def persist(self) -> bool:
        """Ask the browser to keep the files of this site; return whether it does.

        Cancellation has no side effects.
        """
        return await model_files.persist(self._pool)

    async def sessions(self) -> tuple[Session, ...]:
        """Return the resumable answers that the browser stores for this site.

        Cancellation has no side effects.

        Raises:
            WebLLMError: The storage could not be read.
        """
        return codec.read_sessions(await self._pool.query({"kind": "sessions"}))

    async def resume(self, session_id: str) -> ChatStream:
        """Resume an interrupted answer; its model is loaded first unless it is loaded already.

        Returns once the first chunk, the stored text, has arrived. For an answer that is not
        resumable the stream ends after that chunk, and no model is loaded: `finish_reason` is
        `stop` if the answer is complete, and `length` if no model can continue it; its
        `usage.prompt_tokens` is 0, as the prompt is not known.

        On cancellation the load or the request stops, and the engine is free for the next one.

        Raises:
            SessionNotFoundError: No stored answer has this ID.
            ModelNotFoundError: It was written by a custom record that this client does not have.
            InvalidRequestError: It is still being written, in this tab or in another.
            WebLLMError: The model could not be loaded, or the storage could not be read.
        """
        session = await self._session(session_id)
        if session.resumable:
            try:
                return await self._resumed(session, self._pool)
            except NotResumableError:
                # Most likely another tab completed it after it was listed.
                session = await self._session(session_id)
        return await self._resumed(session, await self._kept(session))

    async def delete_session(self, session_id: str) -> None:
        """Delete a resumable answer from the browser's storage.

        On cancellation it may be deleted nevertheless.

        Raises:
            SessionNotFoundError: No stored answer has this ID.
            WebLLMError: The storage could not be changed.
        """
        session = await self._session(session_id)
        await self._pool.query({"kind": "sessions.delete", "session_id": session.id})

    async def _resumed(self, session: Session, runner: Runner) -> ChatStream:
        call = ChatCall(
            bodies=({"session_id": session.id},),
            model=session.model,
            stream=True,
            include_usage=False,
            # Only free text is resumable; a request with tools constrains it.
            reads_tools=False,
            splits_reasoning=True,
        )
        stream = ChatStream(runner, call, kind="resume")
        try:
            await stream.begin()
        except ModelNotFoundError as error:
            raise ModelNotFoundError(
                f"there is no model {shown(session.model)}, which wrote the answer"
                f" {shown(session.id)}",
                advice="If it is a custom record, pass it to the client: `records=[…]`.",
            ) from error
        return stream

    async def _kept(self, session: Session) -> KeptAnswer:
        if not session.model:
            raise EngineError(
                f"the answer {shown(session.id)} cannot be read: {session.reason}",
                advice="Try again if another tab is writing it; otherwise delete it.",
            )
        found = await self._pool.query({"kind": "sessions.text", "session_id": session.id})
        return KeptAnswer(session, found)

    async def _session(self, session_id: str) -> Session:
        string("session_id", session_id)
        for session in await self.sessions():
            if session.id == session_id:
                return session
        raise SessionNotFoundError(f"no answer with the ID {shown(session_id)} is stored")

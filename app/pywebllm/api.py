"""OpenAI's endpoints over a pool of engines: bodies as in the reference in, values out.

The façades and the server inside the page are thin over this: checks, defaults and the choice
of the model happen here and below, in the same way for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import codec
from .answers.kept import KeptAnswer
from .chat.call import ChatCall, read_call
from .chat.stream import ChatStream
from .completions.call import read_text_call
from .completions.stream import CompletionStream
from .embeddings import embed, read_embedding_call
from .engine.pool import Pool
from .engine.streams import Runner
from .errors import (
    EngineError,
    InvalidRequestError,
    ModelNotFoundError,
    NotResumableError,
    SessionNotFoundError,
)
from .events import Event
from .model_list import list_models
from .types import CreateEmbeddingResponse, ModelInfo, Session
from .values import ModelLoss

__all__ = ["Api"]


class Api:
    """The endpoints; a body is a mapping with the names of the OpenAI API reference.

    None in a body means "not given". `extra_body` counts as part of it, as in the official SDK.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def lost(self) -> Event[ModelLoss]:
        """Reports each loaded model that was lost unexpectedly; the next request loads it again."""
        return self._pool.lost

    async def chat(self, body: Mapping[str, object]) -> ChatStream:
        """Return a chat's answer as a stream, once its request has been made.

        The model is loaded first if it must be. `stream.read()` gives the whole answer.

        Cancelled, the load or the request stops, and the engine is free for the next one.

        Raises:
            InvalidRequestError: A parameter cannot be honoured; `param` says which.
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

    async def completion(self, body: Mapping[str, object]) -> CompletionStream:
        """Return how a text goes on as a stream, once its request has been made.

        The model is loaded first if it must be. `stream.read()` gives the whole text.

        Cancelled, the load or the request stops, and the engine is free for the next one.

        Raises:
            InvalidRequestError: A parameter cannot be honoured; `param` says which.
            WebLLMError: The model could not be loaded.
        """
        stream = CompletionStream(self._pool, read_text_call(body))
        await stream.open()
        return stream

    async def embedding(
        self, body: Mapping[str, object]
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
        """Return one vector for each input; the model is loaded first if it must be.

        Cancelled, the load or the request stops, and the engine is free for the next one.

        Raises:
            InvalidRequestError: A parameter cannot be honoured; `param` says which.
            WebLLMError: The model could not be loaded, makes no embeddings, or failed.
        """
        return await embed(self._pool, read_embedding_call(body))

    async def models(self) -> tuple[ModelInfo, ...]:
        """Return all models that a request can name.

        The built-in one comes first, then records of one's own, then WebLLM's list. Cancelled,
        it leaves nothing behind.

        Raises:
            WebLLMError: WebLLM could not be asked for its list.
        """
        return list_models(
            codec.read_models(await self._pool.query({"kind": "models"})),
            records=self._pool.records,
            loaded=self._pool.loaded,
        )

    async def model(self, id: str) -> ModelInfo:  # noqa: A002, the reference's name
        """Return the model of this id. Cancelled, it leaves nothing behind.

        Raises:
            ModelNotFoundError: There is none.
            WebLLMError: WebLLM could not be asked for its list.
        """
        for model in await self.models():
            if model.id == id:
                return model
        raise ModelNotFoundError(f"there is no model {id!r}")

    async def sessions(self) -> tuple[Session, ...]:
        """Return the resumable answers that this site keeps in the browser.

        Cancelled, it leaves nothing behind.

        Raises:
            WebLLMError: WebLLM could not be asked for them.
        """
        return codec.read_sessions(await self._pool.query({"kind": "sessions"}))

    async def resume(self, session_id: str) -> ChatStream:
        """Go on with an answer that was cut off; its model is loaded first if it must be.

        Returns when the first chunk is there, the text that is kept. The stream ends after that,
        and no model is needed, where the answer is not resumable: `finish_reason` is `stop` for
        one that was finished, `length` for one that no model can go on with; of its prompt
        nothing is known.

        Cancelled, the load or the request stops, and the engine is free for the next one.

        Raises:
            SessionNotFoundError: None of this id is kept.
            ModelNotFoundError: A record of one's own wrote it, and this client does not know it.
            InvalidRequestError: It is still being written, here or in another tab.
            WebLLMError: The model could not be loaded, or what is kept cannot be read.
        """
        session = await self._session(session_id)
        if session.resumable:
            try:
                return await self._resumed(session, self._pool)
            except NotResumableError:
                # Most likely another tab has finished it since it was listed.
                session = await self._session(session_id)
        return await self._resumed(session, await self._kept(session))

    async def delete_session(self, session_id: str) -> None:
        """Delete a resumable answer and all that is kept of it.

        Cancelled, it may be deleted all the same.

        Raises:
            SessionNotFoundError: None of this id is kept.
            WebLLMError: It could not be deleted.
        """
        session = await self._session(session_id)
        await self._pool.query({"kind": "sessions.delete", "session_id": session.id})

    async def _resumed(self, session: Session, runner: Runner) -> ChatStream:
        call = ChatCall(
            bodies=({"session_id": session.id},),
            model=session.model,
            stream=True,
            include_usage=False,
            # Only free text can be resumed, and tools bind it.
            reads_tools=False,
            splits_reasoning=True,
        )
        stream = ChatStream(runner, call, kind="resume")
        try:
            await stream.begin()
        except ModelNotFoundError as error:
            raise ModelNotFoundError(
                f"there is no model {session.model!r}, which wrote the answer {session.id!r}",
                advice="If it is a record of your own, make the client with it: `records=[…]`.",
            ) from error
        return stream

    async def _kept(self, session: Session) -> KeptAnswer:
        if not session.model:
            raise EngineError(
                f"the answer {session.id!r} cannot be read: {session.reason}",
                advice="Try again if another tab writes it, else delete it.",
            )
        found = await self._pool.query({"kind": "sessions.text", "session_id": session.id})
        return KeptAnswer(session, found)

    async def _session(self, session_id: str) -> Session:
        if not isinstance(session_id, str):
            raise InvalidRequestError(
                f"a session's id is a text, got {session_id!r}", param="session_id"
            )
        for session in await self.sessions():
            if session.id == session_id:
                return session
        raise SessionNotFoundError(f"no answer {session_id!r} is kept")

"""`client.sessions`: answers that outlive the tab they were written in."""

from __future__ import annotations

from pywebllm.api import Api
from pywebllm.chat.stream import ChatStream
from pywebllm.types import Session

from .timeouts import started

__all__ = ["Sessions"]


class Sessions:
    """Chats that were asked for with `extra_body={"resumable": True}`; not in the reference.

    The browser keeps them in this site's own storage. Text only, one answer, no grammar. Where
    there is no storage, as in some private windows and sandboxed frames, or none is free, such a
    chat is refused with an `InvalidRequestError`. Once its beginning is kept it is written to its
    end, also when the disk fills up meanwhile: what is kept can be gone on with from there. With
    `{"strict_persistence": True}` it fails then.
    """

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self._api = api
        self._timeout = timeout

    async def list(self) -> tuple[Session, ...]:
        """Return the answers that are kept, finished ones too. Cancelled, nothing is left behind.

        Raises:
            WebLLMError: The storage could not be read.
        """
        return await self._api.sessions()

    async def resume(self, session_id: str) -> ChatStream:
        """Go on with an answer that was cut off; its model is loaded if need be.

        The first chunk is the text that was written before, those after it are new; each is
        waited for no longer than the client's timeout. This call waits for the first. A finished
        answer ends after its text.

        Cancelled, or when the stream is left, the model stops; the session can be resumed again.

        Raises:
            SessionNotFoundError: No answer of this id is kept.
            InvalidRequestError: It is still being written, in this tab or in another.
            RequestTimeoutError: The first chunk did not come within the client's timeout.
            WebLLMError: The model could not be loaded, or not go on.
        """
        return await started(self._api.resume(session_id), timeout=self._timeout)

    async def delete(self, session_id: str) -> None:
        """Forget an answer. Cancelled, it is deleted all the same, a moment later, or not at all.

        Raises:
            SessionNotFoundError: No answer of this id is kept.
            WebLLMError: The storage could not be changed.
        """
        await self._api.delete_session(session_id)

"""`client.sessions`: resumable answers, which the browser stores."""

from __future__ import annotations

from pywebllm.api import Api
from pywebllm.chat.stream import ChatStream
from pywebllm.types import Session

from .timeouts import started

__all__ = ["Sessions"]


class Sessions:
    """The answers of chats with `extra_body={"resumable": True}`; not in the OpenAI reference.

    The browser keeps them in this site's storage, also after the tab was closed. A resumable
    answer is text, with one choice and without tools or `response_format`. If the site has no
    storage, as in some private windows and sandboxed frames, or no free space, the request is
    refused with an `InvalidRequestError`. Once the beginning is stored, generation continues even
    if the disk fills up, and the answer can be resumed from the text that was stored; with
    `{"strict_persistence": True}` it fails instead.
    """

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self._api = api
        self._timeout = timeout

    async def list(self) -> tuple[Session, ...]:
        """List the stored answers, including complete ones. Cancellation has no side effects.

        Raises:
            WebLLMError: The storage could not be read.
        """
        return await self._api.sessions()

    async def resume(self, session_id: str) -> ChatStream:
        """Resume an interrupted answer; its model is loaded first unless it is loaded already.

        The first chunk is the stored text, the following ones are new; this method waits for the
        first. The client's timeout applies to each chunk. The stream of a complete answer ends
        after its text.

        If it is cancelled or the stream is left, the model stops; the session can be resumed
        again.

        Raises:
            SessionNotFoundError: No stored answer has this ID.
            InvalidRequestError: It is still being written, in this tab or in another.
            RequestTimeoutError: The first chunk did not arrive within the client's timeout.
            WebLLMError: The model could not be loaded, or failed.
        """
        return await started(self._api.resume(session_id), timeout=self._timeout)

    async def delete(self, session_id: str) -> None:
        """Delete a stored answer. On cancellation it may be deleted nevertheless, shortly after.

        Raises:
            SessionNotFoundError: No stored answer has this ID.
            WebLLMError: The storage could not be changed.
        """
        await self._api.delete_session(session_id)

"""The events of a response, converted from the chunks of a chat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pywebllm.chat.stream import ChatStream
from pywebllm.errors import AbortedError, WebLLMError
from pywebllm.types import ChatCompletionChunk

from .items import Event
from .request import ResponseRequest
from .writer import ResponseWriter

__all__ = ["ResponseEvents"]


class ResponseEvents:
    """The events of a response.

    An error before the first chunk is raised. A later one is reported by the event
    `response.failed`, and then raised.

    Args:
        stream: The chat's answer.
        request: The request for the response.
        on_end: Called with the response when it is complete.
    """

    def __init__(
        self,
        stream: ChatStream,
        request: ResponseRequest,
        *,
        on_end: Callable[[Event], None] | None = None,
    ) -> None:
        self._stream = stream
        self._on_end = on_end
        self._writer = ResponseWriter(request)
        self._waiting: deque[Event] = deque()
        self._error: WebLLMError | None = None
        self._started = False
        self._ended = False

    async def read(self) -> Event:
        """Read to the end and return the response. On cancellation the answer stops.

        Raises:
            WebLLMError: The answer failed.
        """
        try:
            while not self._ended:
                await self._receive()
                self._waiting.clear()
        finally:
            self.close()
        if self._error is not None:
            raise self._error
        return self._writer.response

    async def __anext__(self) -> Event:
        """Return the next event.

        Raises:
            StopAsyncIteration: The response has ended.
            WebLLMError: The answer failed.
        """
        while not self._waiting and not self._ended:
            await self._receive()
        if self._waiting:
            return self._waiting.popleft()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def close(self) -> None:
        """Stop the answer at once. Closing a response that has ended does nothing."""
        self._ended = True
        self._stream.close()

    async def _receive(self) -> None:
        try:
            chunk = await self._stream.__anext__()
        except StopAsyncIteration:
            self._finish()
        except WebLLMError as error:
            self._fail(error)
        else:
            self._take(chunk)

    def _take(self, chunk: ChatCompletionChunk) -> None:
        if not self._started:
            self._started = True
            self._waiting.extend(self._writer.start(chunk.model))
        self._waiting.extend(self._writer.write(chunk))

    def _finish(self) -> None:
        if self._ended:
            return  # closed by another task while this one waited
        final = self._stream.final
        if final is None:
            self._fail(AbortedError("the answer was stopped before its end"))
            return
        self._ended = True
        self._waiting.extend(self._writer.end(final))
        if self._on_end is not None:
            self._on_end(self._writer.response)

    def _fail(self, error: WebLLMError) -> None:
        if not self._started:
            raise error
        self._ended, self._error = True, error
        self._waiting.extend(self._writer.fail(error))

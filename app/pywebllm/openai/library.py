"""The classes that the transport needs from the library of a request, `httpx2` or `httpx`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from pywebllm.answers.timer import ReadTimer
from pywebllm.waiting import Wait

from .reply import Reply
from .sse import EventBody

__all__ = ["Library", "library_of"]


class Library:
    """One of the two libraries.

    Args:
        name: Its module, `httpx2` or `httpx`.
    """

    def __init__(self, name: str) -> None:
        self._module = import_module(name)
        # The libraries require the stream of a response to be an instance of their own class.
        module = self._module
        self._stream_type = type("EventStream", (_EventStream, module.AsyncByteStream), {})
        self._waiting_type = type("WaitingStream", (_WaitingStream, module.SyncByteStream), {})

    def response(
        self, reply: Reply, request: Any, *, seconds: float | None, wait: Wait | None = None
    ) -> Any:
        """Return the reply as a response; reading a piece of its body times out after `seconds`.

        With `wait` the body is read synchronously.
        """
        if isinstance(reply.body, bytes):
            # A stream, even so: only when one is closed a response knows how long it took.
            stream = self._module.ByteStream(reply.body)
        else:
            stream = self._stream_type(reply.body, library=self, request=request, seconds=seconds)
            if wait is not None:
                stream = self._waiting_type(stream, wait)
        headers = dict(reply.headers)
        return self._module.Response(reply.status, headers=headers, request=request, stream=stream)

    def read_timeout(self, request: Any, seconds: float | None) -> Exception:
        """Return the library's error for a read that took longer than `seconds`."""
        message = f"the model sent nothing for {seconds} seconds"
        error: Exception = self._module.ReadTimeout(message, request=request)
        return error


def library_of(request: object) -> Library:
    """Return the library that defines the request's class or its base class."""
    return _library(type(request).__mro__[-2].__module__.partition(".")[0])


@cache
def _library(name: str) -> Library:
    return Library(name)


class _EventStream(AsyncIterator[bytes]):
    """The stream of a response; it can be read once, a second iteration continues the first."""

    def __init__(
        self, body: EventBody, *, library: Library, request: Any, seconds: float | None
    ) -> None:
        self._body = body
        self._library = library
        self._request = request
        self._seconds = seconds
        self._timer = ReadTimer(seconds, body.close)

    async def __anext__(self) -> bytes:
        self._timer.start()
        try:
            return await anext(self._body)
        except StopAsyncIteration:
            if self._timer.expired:
                raise self._library.read_timeout(self._request, self._seconds) from None
            raise
        finally:
            self._timer.stop()

    async def aclose(self) -> None:
        """Stop the engine at once; not waiting lets it work while a generator is finalized."""
        self.stop()

    def stop(self) -> None:
        """Stop the engine at once."""
        self._body.close()
        self._timer.cancel()


class _WaitingStream(Iterator[bytes]):
    """The same stream, read synchronously."""

    def __init__(self, stream: _EventStream, wait: Wait) -> None:
        self._stream = stream
        self._wait = wait

    def __next__(self) -> bytes:
        found = self._wait(_next(self._stream))
        if found is None:
            raise StopIteration
        return found

    def close(self) -> None:
        """Stop the engine at once."""
        self._stream.stop()


async def _next(stream: _EventStream) -> bytes | None:
    try:
        return await anext(stream)
    except StopAsyncIteration:
        return None

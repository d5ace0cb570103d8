"""A transport for clients of `httpx2` and `httpx` whose server is the model in the page.

It uses the classes of the library that made the request, and imports neither library itself.
`server` handles the requests.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from pywebllm import browser
from pywebllm.client import AsyncWebLLM, check_client
from pywebllm.waiting import Wait

from .library import Library, library_of
from .reply import Reply
from .responses import ResponseStore
from .server import Server
from .sse import EventBody

if TYPE_CHECKING:
    # For type checkers it is a transport of both; one that is not installed is `Any` to them.
    from httpx import AsyncBaseTransport as _AsyncHttpx
    from httpx import BaseTransport as _Httpx
    from httpx2 import AsyncBaseTransport as _AsyncHttpx2
    from httpx2 import BaseTransport as _Httpx2
else:

    class _AsyncHttpx: ...

    class _AsyncHttpx2: ...

    class _Httpx: ...

    class _Httpx2: ...


__all__ = ["PAGE_URL", "Transport", "is_page_client", "transport"]

# A label: the transport ignores the host, and no network resolves `.invalid` (RFC 2606).
PAGE_URL = "http://pywebllm.invalid/v1"


def transport(
    client: AsyncWebLLM | None = None,
    *,
    wait: Wait = browser.run_sync,
    share: bool = False,
    keep_alive: float | str = "5m",
) -> Transport:
    """Return a transport for the clients of `httpx2` and `httpx`.

        client = openai.AsyncOpenAI(
            api_key="local",
            base_url="http://pywebllm.invalid/v1",
            http_client=httpx2.AsyncClient(transport=transport()),
        )

    The host, the key and the path before `/v1` are ignored: no data leaves the page. The host
    above cannot exist (RFC 2606), so a client without this transport reaches nothing either.

    Args:
        client: The client that answers; it stays open when the transport is closed. None: a
            client with the built-in model, which is closed with the transport.
        wait: Runs an awaitable to its end, for clients without `await`: `httpx2.Client` and
            `httpx.Client`. The default needs JSPI, as `WebLLM` does.
        share: As for `AsyncWebLLM`.
        keep_alive: As for `AsyncWebLLM`.

    Raises:
        TypeError: `client` is not an `AsyncWebLLM`, or is given together with `share`.
    """
    if client is not None and share:
        raise TypeError("pass `share` to the client, not to the transport")
    own = client is None
    answering = AsyncWebLLM(share=share, keep_alive=keep_alive) if client is None else client
    return Transport(answering, owns_client=own, wait=wait)


def is_page_client(http_client: object) -> bool:
    """Return whether all requests of a client of `httpx2` or `httpx` are answered by `Transport`.

    Its mounts count as well: they are transports for some addresses, such as a proxy.
    """
    # Neither library has public names for them. A mount of None is the client's own transport.
    mounts = getattr(http_client, "_mounts", {}).values()
    found = [getattr(http_client, "_transport", None), *(it for it in mounts if it is not None)]
    return all(isinstance(it, Transport) for it in found)


class Transport(_AsyncHttpx2, _AsyncHttpx, _Httpx2, _Httpx):
    """Answers requests from the model in the page: see `transport`.

    Closing or dropping a response stops the engine. The official SDK's streams are reference
    cycles: `async with` or `close()` stops the engine at once, a `break` alone at the next garbage
    collection, which the next request triggers before it is queued.

    The request's read timeout, in seconds, limits each wait: for the start of the answer,
    including loading the model, and then for each piece of it.

    Args:
        client: The client that answers; None: a new client with the built-in model.
        owns_client: True to close the client with the transport.
        wait: As for `transport`.

    Attributes:
        owns_client: True if the client is closed with the transport.

    Raises:
        TypeError: `client` is not an `AsyncWebLLM`.
    """

    def __init__(
        self,
        client: AsyncWebLLM | None = None,
        *,
        owns_client: bool = False,
        wait: Wait = browser.run_sync,
    ) -> None:
        check_client(client)
        self._wait = wait
        self._stored = ResponseStore()
        self.owns_client = client is None or owns_client
        self._client = AsyncWebLLM() if client is None else client
        self._bodies: WeakSet[EventBody] = WeakSet()  # of streamed responses in use

    @property
    def client(self) -> AsyncWebLLM:
        """The client that answers, for example to `load` its model in advance."""
        return self._client

    async def handle_async_request(self, request: Any) -> Any:
        """Answer a request of `httpx2` or `httpx` with a response of the same library.

        On cancellation the engine stops.

        Raises:
            httpx2.ReadTimeout, httpx.ReadTimeout: The answer did not begin in time; the engine
                was stopped.
        """
        return await self._respond(request, await request.aread())

    def handle_request(self, request: Any) -> Any:
        """Answer a request of a client without `await`; the page stays responsive meanwhile.

        Raises:
            SupportError: This Python code cannot wait: see `WebLLM`.
            httpx2.ReadTimeout, httpx.ReadTimeout: As for `handle_async_request`.
        """
        return self._wait(self._respond(request, request.read(), wait=self._wait))

    def close(self) -> None:
        """Close the client if the transport owns it and it was used."""
        if self.owns_client and self._client.was_used:
            self._wait(self._client.close())

    async def aclose(self) -> None:
        """Close the client if the transport owns it. A later request opens it again.

        On cancellation it is closed nevertheless, shortly after.
        """
        if self.owns_client:
            await self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def _respond(self, request: Any, body: bytes, *, wait: Wait | None = None) -> Any:
        library = library_of(request)
        seconds = _limit(request.extensions.get("timeout", {}).get("read"))
        reply = await self._reply(library, request, body, seconds)
        if isinstance(reply.body, EventBody):
            self._bodies.add(reply.body)
        return library.response(reply, request, seconds=seconds, wait=wait)

    async def _reply(
        self, library: Library, request: Any, body: bytes, seconds: float | None
    ) -> Reply:
        await self._stop_dropped()
        server = Server(self._client.api, self._stored)
        try:
            async with asyncio.timeout(seconds) as waiting:
                query = bytes(request.url.query).decode()
                return await server.answer(request.method, request.url.path, body, query=query)
        except TimeoutError as error:
            if not waiting.expired():
                raise
            raise library.read_timeout(request, seconds) from error

    async def _stop_dropped(self) -> None:
        # A stream left by `break` would delay this request until its last token.
        if not any(body.is_open for body in self._bodies):
            return
        # The event loop closes a dropped generator in a task: one iteration starts it, one runs it.
        for _ in range(2):
            await asyncio.sleep(0)
        gc.collect()


def _limit(seconds: float | None) -> float | None:
    # An event loop cannot add a larger number to its clock, and browsers fire a timer with an
    # infinite delay at once.
    return None if seconds is None or seconds > sys.float_info.max else float(seconds)

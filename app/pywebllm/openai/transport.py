"""A transport for `httpx2` and `httpx` whose server is the model in the page.

It speaks with whichever library made the request, so it imports neither by itself. What is
asked and answered is the server's part.
"""

from __future__ import annotations

import asyncio
import gc
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from pywebllm.client import AsyncWebLLM

from .library import Library, library_of
from .reply import Reply
from .server import Server
from .sse import EventBody

if TYPE_CHECKING:
    # For type checkers it is a transport of both; of one that is not installed they know nothing,
    # and take it for anything.
    from httpx import AsyncBaseTransport as _Httpx
    from httpx2 import AsyncBaseTransport as _Httpx2
else:

    class _Httpx: ...

    class _Httpx2: ...


__all__ = ["Transport", "transport"]


def transport(client: AsyncWebLLM | None = None) -> Transport:
    """Return a transport for `httpx2.AsyncClient` or `httpx.AsyncClient`.

        client = openai.AsyncOpenAI(
            api_key="local",
            base_url="http://webllm.local/v1",
            http_client=httpx2.AsyncClient(transport=transport()),
        )

    The host, the key and what the path has before `/v1` do not matter: nothing leaves the page.

    Args:
        client: What answers; it stays open when the transport is closed. None: a client with
            the built-in model, which is closed with the transport.
    """
    return Transport(client)


class Transport(_Httpx2, _Httpx):
    """Answers requests from the model in the page: see `transport`.

    Closing a response, or dropping it, stops the engine. The official SDK's streams hold
    themselves: `async with` or `close()` stops the engine at once, a `break` alone when garbage is
    collected, which the next request sees to before it waits for its turn.

    The request's read timeout bounds each wait: for the answer to begin, loading included, and
    then for each piece of it.

    Args:
        client: What answers; None: a client of the transport's own, with the built-in model.
        owns_client: Close the client with the transport.

    Attributes:
        owns_client: True when the client is closed with the transport.
    """

    def __init__(self, client: AsyncWebLLM | None = None, *, owns_client: bool = False) -> None:
        self.owns_client = client is None or owns_client
        self._client = AsyncWebLLM() if client is None else client
        self._bodies: WeakSet[EventBody] = WeakSet()  # of the streamed responses that are in use

    @property
    def client(self) -> AsyncWebLLM:
        """What answers: for example, `await transport.client.load(on_progress=print)`."""
        return self._client

    async def handle_async_request(self, request: Any) -> Any:
        """Answer a request of `httpx2` or `httpx` by a response of the same library.

        Cancelled, it stops the engine.

        Raises:
            httpx2.ReadTimeout, httpx.ReadTimeout: The answer did not begin in time; the engine
                has been stopped.
        """
        library = library_of(request)
        seconds = request.extensions.get("timeout", {}).get("read")
        reply = await self._reply(library, request, seconds)
        if isinstance(reply.body, EventBody):
            self._bodies.add(reply.body)
        return library.response(reply, request, seconds=seconds)

    async def aclose(self) -> None:
        """Close the client, if it is the transport's own. A request after this opens it again.

        Cancelled, it is closed all the same, a moment later.
        """
        if self.owns_client:
            await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def _reply(self, library: Library, request: Any, seconds: float | None) -> Reply:
        body = await request.aread()
        await self._stop_dropped()
        server = Server(self._client.api)
        try:
            async with asyncio.timeout(seconds) as waiting:
                return await server.answer(request.method, request.url.path, body)
        except TimeoutError as error:
            if not waiting.expired():
                raise
            raise library.read_timeout(request, seconds) from error

    async def _stop_dropped(self) -> None:
        # A stream that was left by `break` would hold up this request to its own last token.
        if not any(body.is_open for body in self._bodies):
            return
        # The event loop closes the generator that was left: one turn begins a task, one runs it.
        for _ in range(2):
            await asyncio.sleep(0)
        gc.collect()

"""The official SDK's client, connected to the model in the page. Importing this needs the SDK."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from typing import Any, Literal, Self

try:
    import openai
except ImportError as error:
    if error.name != "openai":
        raise  # it is installed, but not what it needs
    raise ImportError(
        "The package `openai` is not installed. Run `pip install openai`, or in Pyodide"
        ' `await micropip.install("openai")`.'
    ) from error

from pywebllm import browser
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import InvalidRequestError, ModelNotFoundError
from pywebllm.records import id_of
from pywebllm.values import Backend
from pywebllm.waiting import Wait

from .reaching import explain_obstacle, known_gaps, wait_for_the_answer
from .transport import PAGE_URL, Transport, is_page_client

__all__ = [
    "HTTP_CLIENTS",
    "AsyncOpenAI",
    "ConnectedOpenAI",
    "OpenAI",
    "UnreachableError",
    "connect_page",
    "connect_server",
]

# The SDK's own classes, derived from those of the HTTP library that it uses.
HTTP_CLIENTS = (openai.DefaultHttpxClient, openai.DefaultAsyncHttpxClient)

_log = logging.getLogger("pywebllm")

# The SDK requires a key even if the server does not. `ConnectedOpenAI` does not send this one.
_NO_KEY = "no-key"


class AsyncOpenAI(openai.AsyncOpenAI):
    """`openai.AsyncOpenAI` whose requests are answered by the model in the page.

        async with AsyncOpenAI() as client:
            reply = await client.responses.create(model=BUILTIN_MODEL, input="Hello")

    Args:
        client: The client that answers; it stays open when this one is closed. None: a client
            with the built-in model, which is closed with this one.
        options: Those of `openai.AsyncOpenAI`, for example `max_retries` or `timeout` (seconds).
            An `http_client`, also one of `with_options`, must have the transport of the page:
            `httpx2.AsyncClient(transport=pywebllm.openai.transport())`.

    Raises:
        InvalidRequestError: `http_client` has another transport, which would send prompts to the
            network.
        TypeError: Both `client` and `http_client` are given.
    """

    def __init__(self, client: AsyncWebLLM | None = None, **options: Any) -> None:
        if options.get("http_client") is None:
            options["http_client"] = _http_client(client)
        elif client is not None:
            raise TypeError("pass either `client` or `http_client`, not both")
        # `with_options` and `copy` come here as well.
        _check_http_client(options["http_client"])
        super().__init__(**{"api_key": _NO_KEY, "base_url": PAGE_URL, **options})


class OpenAI(openai.OpenAI):
    """`openai.OpenAI`, the SDK's client without `await`, answered by the model in the page.

        with OpenAI() as client:
            reply = client.responses.create(model=BUILTIN_MODEL, input="Hello")

    Where it works is described at `WebLLM`; elsewhere its requests raise `SupportError`.

    Args:
        client: As for `AsyncOpenAI`.
        wait: Runs an awaitable to its end and returns its result.
        options: Those of `openai.OpenAI`, as for `AsyncOpenAI`.

    Raises:
        InvalidRequestError: `http_client` has another transport, which would send prompts to the
            network.
        TypeError: Both `client` and `http_client` are given.
    """

    def __init__(
        self, client: AsyncWebLLM | None = None, *, wait: Wait = browser.run_sync, **options: Any
    ) -> None:
        if options.get("http_client") is None:
            page = Transport(client, wait=wait)
            options["http_client"] = openai.DefaultHttpxClient(transport=page)
        elif client is not None:
            raise TypeError("pass either `client` or `http_client`, not both")
        _check_http_client(options["http_client"])
        super().__init__(**{"api_key": _NO_KEY, "base_url": PAGE_URL, **options})


class UnreachableError(openai.APIConnectionError):
    """The server of `pywebllm.connect` was not reached; the message says what to do."""


class ConnectedOpenAI(openai.AsyncOpenAI):
    """`openai.AsyncOpenAI` with a known backend: see `pywebllm.connect`.

    Attributes:
        backend: What answers the requests, and why it was chosen.

    Raises:
        InvalidRequestError: The page answers, and the `http_client` of `with_options` or `copy`
            would send prompts to the network.
    """

    def __init__(self, *, backend: Backend, **options: Any) -> None:
        if backend.kind != "server":
            _check_http_client(options.get("http_client"))
        self.backend = backend
        super().__init__(**options)

    def copy(self, **options: Any) -> Self:
        """Return a client with other options, as `openai.AsyncOpenAI.copy` does."""
        extra = {"backend": self.backend, **options.pop("_extra_kwargs", {})}
        return super().copy(**options, _extra_kwargs=extra)

    with_options = copy

    async def request(self, *args: Any, **options: Any) -> Any:
        """Make a request, as `openai.AsyncOpenAI.request` does.

        Cancelled, the request is stopped.

        Raises:
            UnreachableError: The server was not reached; the message says why, as far as a page
                knows it.
            openai.APIError: As in the SDK.
        """
        try:
            return await super().request(*args, **options)
        except openai.APITimeoutError:
            raise
        except openai.APIConnectionError as error:
            if self.backend.kind != "server":
                raise
            obstacle, origin = await browser.obstacle_to(str(error.request.url))
            message = explain_obstacle(obstacle, url=str(self.base_url), origin=origin)
            raise UnreachableError(message=message, request=error.request) from error

    async def _prepare_request(self, request: Any) -> None:
        # The SDK's hook for subclasses; it has no option to omit the header for a whole client.
        await super()._prepare_request(request)
        if self.backend.kind == "server" and sys.platform == "emscripten":
            wait_for_the_answer(request.extensions.get("timeout", {}))
        if request.headers.get("Authorization") == f"Bearer {_NO_KEY}":
            del request.headers["Authorization"]


def connect_page(
    page: AsyncWebLLM,
    *,
    owns_client: bool,
    kind: Literal["page", "browser"] = "page",
    reason: str = "this browser can run the model",
    **options: Any,
) -> ConnectedOpenAI:
    """Return a client for the model in the page, or for the browser's own."""
    backend = Backend(kind=kind, base_url=PAGE_URL, model=id_of(page.default), reason=reason)
    http_client = _http_client(page, owns_client=owns_client)
    own = {"base_url": PAGE_URL, "api_key": _NO_KEY, "http_client": http_client}
    return ConnectedOpenAI(backend=backend, **{**options, **own})


async def connect_server(
    model: str | None, *, reason: str, base_url: str, api_key: str | None, **options: Any
) -> ConnectedOpenAI:
    """Return a client for a server.

    On cancellation nothing is left open.

    Args:
        model: The model's ID; None: the first that the server lists.
        reason: Why the server was chosen, for `Backend`.
        base_url: The server's base URL.
        api_key: The server's key; None if it needs none.
        options: Those of `openai.AsyncOpenAI`.

    Raises:
        ModelNotFoundError: The server lists no model.
        openai.APIError: The server did not answer.
    """
    client = ConnectedOpenAI(
        backend=Backend(kind="server", base_url=base_url, model=model or "", reason=reason),
        base_url=base_url,
        api_key=api_key or _NO_KEY,
        **options,
    )
    if model is None:
        try:
            client.backend = replace(client.backend, model=await _first_model(client))
        except BaseException:
            # An HTTP client of the caller's own serves their next attempt.
            if options.get("http_client") is None:
                await client.close()
            raise
    return client


def _check_http_client(http_client: object) -> None:
    if not is_page_client(http_client):
        raise InvalidRequestError(
            "http_client must have the transport of the page, got a client that sends requests to"
            " the network",
            advice="Leave it out and pass `timeout` or `max_retries` to the SDK's client itself, or"
            " build it with `transport=pywebllm.openai.transport()`.",
            param="http_client",
        )


async def _first_model(client: openai.AsyncOpenAI) -> str:
    async for model in client.models.list():
        if warning := known_gaps(model.owned_by):
            _log.warning(warning)
        return model.id
    raise ModelNotFoundError(
        f"the server at {client.base_url} lists no model", advice="Pass `server_model`."
    )


def _http_client(
    page: AsyncWebLLM | None, *, owns_client: bool = False
) -> openai.DefaultAsyncHttpxClient:
    # The SDK's own class, so that it comes from the HTTP library that this SDK uses.
    return openai.DefaultAsyncHttpxClient(transport=Transport(page, owns_client=owns_client))

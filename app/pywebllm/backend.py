"""`connect`: the model in the page where there is WebGPU, else the browser's own, else a server.

In all cases the result is a client of the official SDK, so the code that uses it is the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from . import browser
from .client import AsyncWebLLM, check_client
from .errors import FeatureSupportError, SupportError
from .records import Model, ModelRecord, id_of
from .request.checks import one_of
from .values import Support

if TYPE_CHECKING:
    from .openai.sdk import ConnectedOpenAI

__all__ = ["connect"]

_PREFER = one_of("page", "browser", "server")
_BROWSER_MODEL = "browser"
# Words of the Prompt API. A download of gigabytes begins only where that model is preferred.
_THERE = frozenset({"available", "downloading"})
_DOWNLOADED = _THERE | {"downloadable"}

_log = logging.getLogger("pywebllm")


async def connect(
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    server_model: str | None = None,
    model: Model = None,
    client: AsyncWebLLM | None = None,
    assets_url: str | None = None,
    share: bool = False,
    keep_alive: float | str = "5m",
    prefer: Literal["page", "browser", "server"] = "page",
    check: Callable[[], Awaitable[Support]] | None = None,
    **options: Any,
) -> ConnectedOpenAI:
    """Return a client of the official SDK for a model in the page, the browser's own, or a server.

        client = await connect(base_url="https://example.org/v1", api_key="…")
        reply = await client.chat.completions.create(model=client.backend.model, messages=[…])

    The model in the page is chosen if this browser can run it, otherwise the browser's own model
    (`LanguageModel`, the Prompt API of Chrome and Edge) if it is there, otherwise the server. What
    the browser's own model cannot do is refused: see the guide.
    `client.backend` says which one was chosen and why; the choice is also logged. No model is
    loaded before the first request. A browser may ask the visitor for permission before the page
    reaches a server on their own machine or in their own network, as Chromium does
    (https://github.com/WICG/local-network-access).

    Args:
        base_url: An OpenAI-compatible server: vLLM, Ollama, llama.cpp, … It must allow requests
            from this page's origin (CORS). None: there is no server.
        api_key: The server's API key. None: the server needs none, and no key is sent.
        server_model: The server's name of the model. None: the first model that the server
            lists, which is requested immediately.
        model: The model in the page, as for `AsyncWebLLM`; None for the built-in one.
        client: The client that answers in the page, instead of `model`, `assets_url` and `share`;
            it stays open when the SDK's client is closed.
        assets_url: As for `AsyncWebLLM`.
        share: As for `AsyncWebLLM`.
        keep_alive: As for `AsyncWebLLM`.
        prefer: `page`; `browser` to choose the browser's own model where there is one, which may
            have to be downloaded first; or `server` to choose the server whenever `base_url` is
            given.
        check: Returns whether the browser can run a model. None: the client's `check_support`.
        options: Those of `openai.AsyncOpenAI`, for example `max_retries` or `timeout`;
            `http_client` applies to the server only.

    Cancelled, nothing is left open.

    Raises:
        InvalidRequestError: `prefer` is none of these, or `model` is not a model.
        SupportError: Neither the page nor the browser has a model, and there is no `base_url`.
        WebLLMError: Support could not be checked: for example, `assets_url` is wrong. This says
            nothing about the browser, so nothing is sent to a server.
        ModelNotFoundError: The server lists no model.
        ImportError: The package `openai` is not installed.
        TypeError: `client` is not an `AsyncWebLLM`, or is given together with `model`,
            `assets_url` or `share`.
        openai.APIError: The server did not answer the request for its models; where it was not
            reached, the message says why, as far as a page knows it.
    """
    _PREFER("prefer", prefer)
    check_client(client)
    # Imported here because the SDK is an optional dependency.
    from .openai import sdk  # noqa: PLC0415

    if client is not None and (model is not None or assets_url is not None or share):
        raise TypeError("pass `client`, or `model`, `assets_url` and `share`, not both")
    connect_server = partial(sdk.connect_server, server_model, api_key=api_key, **options)
    if prefer == "server" and base_url is not None:
        return _logged(await connect_server(base_url=base_url, reason="a server is preferred"))
    if prefer == "browser" and await _has_browser_model(assets_url, _DOWNLOADED):
        return _logged(_browser(assets_url, "the browser's own model is preferred", options))
    page = client or AsyncWebLLM(model, assets_url=assets_url, share=share, keep_alive=keep_alive)
    obstacle = await _obstacle(page, check or page.check_support)
    if obstacle is None:
        return _logged(sdk.connect_page(page, owns_client=client is None, **options))
    if prefer == "page" and await _has_browser_model(assets_url, _THERE):
        return _logged(_browser(assets_url, obstacle.problem, options))
    if base_url is None:
        raise obstacle
    return _logged(await connect_server(base_url=base_url, reason=obstacle.problem))


async def _has_browser_model(assets_url: str | None, states: frozenset[str]) -> bool:
    """Return whether the browser has a model of its own for this page, in one of these states."""
    try:
        state = await browser.browser_model_state(assets_url=assets_url)
    except SupportError:
        state = "missing"
    _log.info("the browser's own model: %s", state)
    return state in states


def _browser(assets_url: str | None, reason: str, options: Mapping[str, Any]) -> ConnectedOpenAI:
    from .openai import sdk  # noqa: PLC0415, as in `connect`

    bridge = partial(browser.open_browser_model, assets_url=assets_url)
    llm = AsyncWebLLM(_BROWSER_MODEL, bridge=bridge)
    return sdk.connect_page(llm, owns_client=True, kind="browser", reason=reason, **options)


async def _obstacle(
    page: AsyncWebLLM, check: Callable[[], Awaitable[Support]]
) -> SupportError | None:
    """Return why the page cannot run its model; None if nothing is known to prevent it."""
    try:
        support = await check()
    except SupportError as error:
        return error
    model = page.default
    if isinstance(model, ModelRecord) and model.gguf is not None:
        wllama = support.engines["wllama"]
        return None if wllama.ok else SupportError(wllama.problem, advice=wllama.advice)
    if not support.ok:
        return SupportError(support.problem, advice=support.advice)
    lacking = sorted(_features(page) - support.features)
    if lacking:
        name = id_of(page.default)
        return FeatureSupportError(f"the GPU lacks {', '.join(lacking)}, which {name} needs")
    return None


def _features(page: AsyncWebLLM) -> frozenset[str]:
    model = page.default
    declared = model.required_features if isinstance(model, ModelRecord) else None
    # Not all models for 16-bit floats declare the feature, but their ids imply it: q4f16_1.
    implied = ("shader-f16",) if re.search(r"q\d+f16", id_of(model)) else ()
    return frozenset((*(declared or ()), *implied))


def _logged(client: ConnectedOpenAI) -> ConnectedOpenAI:
    backend = client.backend
    _log.info("answers come from the %s, %s: %s", backend.kind, backend.base_url, backend.reason)
    return client

"""The way out of one machine: the model in the page where there is WebGPU, else a server.

Either way the result is a client of the official SDK, so the code that uses it is the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from .client import AsyncWebLLM
from .errors import FeatureSupportError, SupportError
from .records import Model, ModelRecord, id_of
from .request.checks import one_of
from .values import Support

if TYPE_CHECKING:
    from .openai.sdk import ConnectedOpenAI

__all__ = ["connect"]

_PREFER = one_of("page", "server")

_log = logging.getLogger("pywebllm")


async def connect(
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    server_model: str | None = None,
    model: Model = None,
    client: AsyncWebLLM | None = None,
    assets_url: str | None = None,
    prefer: Literal["page", "server"] = "page",
    check: Callable[[], Awaitable[Support]] | None = None,
    **options: Any,
) -> ConnectedOpenAI:
    """Return a client of the official SDK for the page's own model, or for a server.

        client = await connect(base_url="https://example.org/v1", api_key="…")
        reply = await client.chat.completions.create(model=client.backend.model, messages=[…])

    The page's model is chosen where this browser can run it, else the server. `client.backend`
    says which it is and why, and the log says so too. Nothing is loaded before the first request.
    A browser may ask the visitor before the page may reach a server on their own machine or in
    their own network, as Chromium does (https://github.com/WICG/local-network-access).

    Args:
        base_url: An OpenAI-compatible server: vLLM, Ollama, llama.cpp, … It must allow requests
            from this page's origin (CORS).
        api_key: The server's key. None: it asks for none, and is sent none.
        server_model: The server's name for the model. None: the first of its list, for which
            it is asked at once.
        model: The page's model, as for `AsyncWebLLM`: None for the built-in one.
        client: What answers in the page, in place of `model` and `assets_url`; it stays open
            when the SDK's client is closed.
        assets_url: As for `AsyncWebLLM`.
        prefer: `server` chooses the server wherever there is a `base_url`.
        check: Tells whether the browser can run a model. None: the client's `check_support`.
        options: Those of `openai.AsyncOpenAI`, for example `max_retries` or `timeout`;
            `http_client` is for the server only.

    Cancelled, nothing is left open.

    Raises:
        InvalidRequestError: `prefer` is neither, or `model` names no model.
        SupportError: The page cannot run the model, and there is no `base_url`.
        WebLLMError: The page could not be asked: for example, its `assets_url` is wrong. That
            says nothing of the browser, so no server is sent anything.
        ModelNotFoundError: The server lists no model.
        ImportError: The package `openai` is not installed.
        openai.APIError: The server was asked for its models, and did not answer.
    """
    _PREFER("prefer", prefer)
    # Here, for the SDK is an extra.
    from .openai import sdk  # noqa: PLC0415

    if client is not None and (model is not None or assets_url is not None):
        raise TypeError("give `client`, or `model` and `assets_url`, not both")
    reason = "a server was preferred"
    if prefer == "page" or base_url is None:
        page = client or AsyncWebLLM(model, assets_url=assets_url)
        obstacle = await _obstacle(page, check or page.check_support)
        if obstacle is None:
            return _told(sdk.connect_page(page, owns_client=client is None, **options))
        if base_url is None:
            raise obstacle
        reason = obstacle.problem
    return _told(
        await sdk.connect_server(
            server_model, reason=reason, base_url=base_url, api_key=api_key, **options
        )
    )


async def _obstacle(
    page: AsyncWebLLM, check: Callable[[], Awaitable[Support]]
) -> SupportError | None:
    """Return why the page cannot run its model; None: nothing is known to be in its way."""
    try:
        support = await check()
    except SupportError as error:
        return error
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
    # Not all records of models for 16-bit floats say so, but their ids do: q4f16_1.
    implied = ("shader-f16",) if re.search(r"q\d+f16", id_of(model)) else ()
    return frozenset((*(declared or ()), *implied))


def _told(client: ConnectedOpenAI) -> ConnectedOpenAI:
    backend = client.backend
    _log.info("answers come from the %s, %s: %s", backend.kind, backend.base_url, backend.reason)
    return client

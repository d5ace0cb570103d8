"""The official `openai` SDK, and libraries built on it, with the model in the page.

    from pywebllm.openai import AsyncOpenAI

    client = AsyncOpenAI()

`transport` does the same for any `httpx2.AsyncClient` or `httpx.AsyncClient`. Neither these
libraries nor the SDK are imported before they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .transport import Transport, transport

if TYPE_CHECKING:
    from .sdk import AsyncOpenAI

__all__ = ["AsyncOpenAI", "Transport", "transport"]


def __getattr__(name: str) -> Any:
    if name != "AsyncOpenAI":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .sdk import AsyncOpenAI  # noqa: PLC0415

    return AsyncOpenAI

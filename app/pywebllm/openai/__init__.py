"""The official `openai` SDK, and libraries built on it, with the model in the page.

    from pywebllm.openai import AsyncOpenAI

    client = AsyncOpenAI()

`transport` does the same for any `httpx2.AsyncClient` or `httpx.AsyncClient`. Neither these
libraries nor the SDK are imported before they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

from .transport import Transport, transport

if TYPE_CHECKING:
    from .sdk import AsyncOpenAI

__all__ = ["AsyncOpenAI", "Transport", "transport"]


__getattr__ = lazy_attributes(__name__, {"AsyncOpenAI": ".sdk"})


def __dir__() -> list[str]:
    return sorted(__all__)

"""The official `openai` SDK, and libraries built on it, with the model in the page.

    from pywebllm.openai import AsyncOpenAI

    client = AsyncOpenAI()

`OpenAI` is the same without `await`. `transport` does it for any client of `httpx2` or `httpx`, and
`install` for libraries that take no client. Neither these libraries nor the SDK are imported before
they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

from .transport import Transport, transport

if TYPE_CHECKING:
    from .installing import Installation, install
    from .sdk import AsyncOpenAI, OpenAI

__all__ = ["AsyncOpenAI", "Installation", "OpenAI", "Transport", "install", "transport"]


__getattr__ = lazy_attributes(
    __name__,
    {
        "AsyncOpenAI": ".sdk",
        "Installation": ".installing",
        "OpenAI": ".sdk",
        "install": ".installing",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)

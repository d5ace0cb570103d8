"""Text completions: a request of the reference's "Completions" section, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

if TYPE_CHECKING:
    from .call import read_completion_call
    from .stream import CompletionStream

__all__ = ["CompletionStream", "read_completion_call"]

__getattr__ = lazy_attributes(
    __name__,
    {
        "CompletionStream": ".stream",
        "read_completion_call": ".call",
    },
)

"""Types that a request accepts in addition to plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from .chat import ChatCompletionMessage

__all__ = ["Message", "Tool"]

# As in the reference, or the message of an earlier answer.
Message: TypeAlias = Mapping[str, object] | ChatCompletionMessage

# As in the reference, or a Python function described by its signature and docstring.
Tool: TypeAlias = Mapping[str, object] | Callable[..., object]

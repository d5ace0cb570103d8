"""What a request takes beside plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from .chat import ChatCompletionMessage

__all__ = ["Message", "Tool"]

# As in the reference, or the message of an earlier answer as it came.
Message: TypeAlias = Mapping[str, object] | ChatCompletionMessage

# As in the reference, or a Python function: its signature and docstring describe it.
Tool: TypeAlias = Mapping[str, object] | Callable[..., object]

"""JSON that comes from outside: written by a model, typed by a visitor, or sent by a client.

Examples:
    >>> read_json('{"a": [1]}')
    {'a': [1]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

__all__ = ["NestingError", "read_json"]

# In Pyodide 314.0.7, values that are nested very deeply overflow the stack of WebAssembly, which
# ends Python; CPython raises a RecursionError.
_MOST_LEVELS = 500

_PARTS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


class NestingError(ValueError):
    """A text has lists and objects in each other, more than 500 levels deep."""


def read_json(text: str | bytes, *, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Return the value of a JSON text, as `json.loads` does.

    Raises:
        ValueError: It is not JSON; a `NestingError` if it is nested too deeply.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text))
    if text.count("[") + text.count("{") > _MOST_LEVELS and _is_too_deep(text):
        raise NestingError(f"it is nested more than {_MOST_LEVELS} levels deep")
    return json.loads(text, parse_constant=parse_constant)


def _is_too_deep(text: str) -> bool:
    level = 0
    for part in _PARTS.finditer(text):
        if part[0] in "[{":
            level += 1
            if level > _MOST_LEVELS:
                return True
        elif part[0] in "]}":
            level -= 1
    return False

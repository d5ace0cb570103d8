"""Where the messages of a chat come from in the request for a response, for errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["Origins"]

_PATH = re.compile(r"messages\[(\d+)\](?:\.tool_calls(?:\[(\d+)\])?)?(.*)", re.DOTALL)
# A key of a message or call, and that of the item it was read from.
_KEYS = (
    (re.compile(r"^\.function\b"), ""),
    (re.compile(r"^\.(tool_call_)?id$"), ".call_id"),
    (re.compile(r"^\.reasoning$"), ".content"),
)


class Origins:
    """Maps paths in the messages to paths in the request."""

    def __init__(self) -> None:
        # By the index of a message, and by that of a call in it.
        self._paths: dict[tuple[int, int | None], str] = {}

    def note(self, messages: Sequence[dict[str, Any]], path: str) -> None:
        """Record that what is at `path` was just added to the end of the messages."""
        if not messages:
            return
        last = len(messages) - 1
        self._paths.setdefault((last, None), path)
        for call in range(len(messages[last].get("tool_calls", ()))):
            self._paths.setdefault((last, call), path)

    def path(self, path: str) -> str:
        """Return the path in the request of what is at `path` in the messages."""
        found = _PATH.fullmatch(path)
        if found is None:
            return "input"
        message, call, rest = int(found[1]), found[2], found[3]
        whole = self._paths.get((message, None), "input")
        origin = whole if call is None else self._paths.get((message, int(call)), whole)
        if not origin.startswith("input["):
            return origin  # a string, or an item that this request does not have
        for pattern, key in _KEYS:
            rest = pattern.sub(key, rest)
        return origin + rest

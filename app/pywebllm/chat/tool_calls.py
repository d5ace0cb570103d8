"""Tool calls in generated text: parsed while it arrives, and formatted for the history.

A call is `<tool_call>`, a line break, `{"name": "…", "arguments": {…}}`, a line break and
`</tool_call>`, as Hermes and Qwen models are trained on. The structural tag of a request with
tools prevents anything else, so the reader accepts exactly these characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from pywebllm.request.checks import TOOL_NAME
from pywebllm.types import Function, FunctionDelta, ToolCallDelta

from .tags import WHITESPACE, without_partial_tag

__all__ = [
    "ARGUMENTS",
    "BEGIN",
    "END",
    "OPEN_TAG",
    "ToolCallReader",
    "one_for_each_call",
    "tool_calls_text",
]

# A call is BEGIN, the name, ARGUMENTS, the arguments, END.
OPEN_TAG = "<tool_call>"
BEGIN = OPEN_TAG + '\n{"name": "'
ARGUMENTS = '", "arguments": '
END = "}\n</tool_call>"

_HEAD = re.compile(f"{re.escape(BEGIN)}({TOOL_NAME}){re.escape(ARGUMENTS)}(?={{)")
_NAMED = re.compile(f'{re.escape(BEGIN)}({TOOL_NAME})"')
_BEGUN_NAME = re.compile(f"{re.escape(BEGIN)}(?:{TOOL_NAME})?")


class ToolCallReader:
    """Splits text that arrives in pieces into content and tool calls.

    The first delta of a call has its whole name and the ID that `new_id` returns; further deltas
    have its arguments, in pieces, exactly as the model wrote them. Text around the calls is
    content, unless it is only white space. Text that begins like a call but is not one is content
    as well; a call that ends before its name is complete is dropped. How the text is split into
    pieces makes no difference to the accumulated result.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._state: Literal["text", "arguments", "end"] = "text"
        self._held = ""
        # White space since the start or the last call; None after any other text.
        self._blank: str | None = ""
        self._object = _Object()
        self._count = 0
        self._content: list[str] = []
        self._calls: list[ToolCallDelta] = []

    @property
    def has_calls(self) -> bool:
        """True once a call has begun."""
        return self._count > 0

    def feed(self, text: str) -> tuple[str, tuple[ToolCallDelta, ...]]:
        """Return the content and the call deltas that this piece adds; each may be empty."""
        self._held += text
        while self._held and self._step():
            pass
        return self._found()

    def end(self, *, truncated: bool) -> tuple[str, tuple[ToolCallDelta, ...]]:
        """Return what the text held back adds; a call that ends after its name is a call.

        `truncated` says that more text would have followed: then even a part of `<tool_call>` is
        the beginning of a call. Otherwise the model ended there, for example with `<`.
        """
        held, self._held = self._held, ""
        if self._state != "text":
            return self._found()
        named = _NAMED.match(held)
        if named is not None:
            self._begin_call(named[1])
        elif not self._is_begun_call(held, truncated=truncated):
            self._add_text(held)
            self._content.append(self._blank or "")
        return self._found()

    def _is_begun_call(self, held: str, *, truncated: bool) -> bool:
        if held.startswith(OPEN_TAG) or (held and truncated):
            return True
        # Only another call directly follows a call.
        return self.has_calls and self._blank is not None

    def _found(self) -> tuple[str, tuple[ToolCallDelta, ...]]:
        found = "".join(self._content), tuple(self._calls)
        self._content.clear()
        self._calls.clear()
        return found

    def _step(self) -> bool:
        """Parse the next token; return False if that needs the next piece."""
        if self._state == "text":
            return self._read_text()
        if self._state == "arguments":
            return self._read_arguments()
        return self._read_end()

    def _read_text(self) -> bool:
        before, mark, _ = self._held.partition(OPEN_TAG)
        if not mark:
            before = without_partial_tag(self._held, OPEN_TAG)
        self._add_text(before)
        self._held = self._held[len(before) :]
        if not mark:
            return False
        head = _HEAD.match(self._held)
        if head is not None:
            self._begin_call(head[1])
            self._held = self._held[head.end() :]
            return True
        if _may_become_head(self._held):
            return False
        self._add_text(OPEN_TAG)
        self._held = self._held.removeprefix(OPEN_TAG)
        return True

    def _read_arguments(self) -> bool:
        taken = self._object.take(self._held)
        self._held = self._held[len(taken) :]
        self._calls.append(
            ToolCallDelta(index=self._count - 1, function=FunctionDelta(arguments=taken))
        )
        if self._object.is_complete:
            self._state = "end"
        return True

    def _read_end(self) -> bool:
        if END.startswith(self._held) and self._held != END:
            return False
        # The model can only write something else under a grammar that the caller supplied.
        self._held = self._held.removeprefix(END)
        self._state = "text"
        return True

    def _add_text(self, text: str) -> None:
        if self._blank is None:
            self._content.append(text)
            return
        self._blank += text
        if self._blank.strip(WHITESPACE):
            self._content.append(self._blank)
            self._blank = None

    def _begin_call(self, name: str) -> None:
        self._calls.append(
            ToolCallDelta(
                index=self._count,
                id=self._new_id(),
                type="function",
                function=FunctionDelta(name=name, arguments=""),
            )
        )
        self._count += 1
        self._blank = ""
        self._object = _Object()
        self._state = "arguments"


class _Object:
    """Finds the end of a JSON object that arrives in pieces."""

    def __init__(self) -> None:
        self.is_complete = False
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def take(self, text: str) -> str:
        """Return the prefix of the text that belongs to the object."""
        for position, character in enumerate(text):
            self._read(character)
            if self._depth == 0:
                self.is_complete = True
                return text[: position + 1]
        return text

    def _read(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif self._in_string:
            self._escaped = character == "\\"
            self._in_string = character != '"'
        elif character == '"':
            self._in_string = True
        else:
            self._depth += {"{": 1, "}": -1}.get(character, 0)


def one_for_each_call(deltas: Iterable[ToolCallDelta]) -> tuple[ToolCallDelta, ...]:
    """Return the same deltas with one for each call, as OpenAI sends them in a chunk.

    Libraries take each entry of a chunk for a call of its own.
    """
    merged: dict[int, ToolCallDelta] = {}
    for delta in deltas:
        first = merged.get(delta.index)
        merged[delta.index] = delta if first is None else _joined(first, delta)
    return tuple(merged.values())


def _joined(first: ToolCallDelta, second: ToolCallDelta) -> ToolCallDelta:
    arguments = (first.function.arguments or "") + (second.function.arguments or "")
    return replace(first, function=replace(first.function, arguments=arguments))


def tool_calls_text(calls: Iterable[Function]) -> str:
    """Return the text of these calls as a model writes them, one per line."""
    return "\n".join(
        f"{BEGIN}{call.name}{ARGUMENTS}{call.arguments or '{}'}{END}" for call in calls
    )


def _may_become_head(text: str) -> bool:
    if BEGIN.startswith(text):
        return True
    begun = _BEGUN_NAME.match(text)
    if begun is None:
        return False
    rest = text[begun.end() :]
    return not rest or (begun.end() > len(BEGIN) and (ARGUMENTS + "{").startswith(rest))

"""The reasoning of a model, which it writes first, inside `<think>`, separate from its answer.

The usual form, which models are trained on, is `<think>`, a line break, the reasoning, a line
break, `</think>`, a blank line, the answer. `with_reasoning` writes it, so that the KV cache of a
conversation can be reused.
"""

from __future__ import annotations

from typing import Literal

from .tags import WHITESPACE, without_partial_tag

__all__ = ["ReasoningSplitter", "with_reasoning"]

_OPEN = "<think>"
_CLOSE = "</think>"


class ReasoningSplitter:
    """Splits text that arrives in pieces into reasoning and content.

    Only text that begins with `<think>`, after white space at most, has reasoning, which may be
    empty. Blank lines at both ends of the reasoning and before the content are dropped; text
    without such a block is unchanged. How the text is split into pieces makes no difference.
    """

    def __init__(self) -> None:
        self._state: Literal["start", "open", "inside", "closed", "content"] = "start"
        self._held = ""

    def feed(self, text: str) -> tuple[str | None, str]:
        """Return the reasoning and the content that this piece adds.

        The reasoning is None if the piece adds none, and an empty string where the block begins.
        """
        self._held += text
        reasoning: str | None = None
        content = ""
        if self._state == "start" and self._begins():
            reasoning = ""
        if self._state == "open":
            self._drop_blank_lines(then="inside")
        if self._state == "inside":
            reasoning = self._take_reasoning() or reasoning
        if self._state == "closed":
            self._drop_blank_lines(then="content")
        if self._state == "content":
            content, self._held = self._held, ""
        return reasoning, content

    def end(self, *, truncated: bool) -> tuple[str | None, str]:
        """Return the text held back; reasoning without a closing tag stays reasoning.

        `truncated` says that more text would have followed, so that the beginning of a tag is not
        part of the text. Otherwise the model ended there, for example with `<`.
        """
        held, self._held = self._held, ""
        if self._state == "start":
            return None, "" if truncated else held
        if self._state == "inside":
            thought = without_partial_tag(held, _CLOSE) if truncated else held
            return _without_blank_end(thought) or None, ""
        return None, ""

    def _begins(self) -> bool:
        """Look for the opening tag; return True if it is complete."""
        begun = self._held.lstrip(WHITESPACE)
        if begun.startswith(_OPEN):
            self._held = begun.removeprefix(_OPEN)
            self._state = "open"
            return True
        if not _OPEN.startswith(begun):
            self._state = "content"
        return False

    def _drop_blank_lines(self, *, then: Literal["inside", "content"]) -> None:
        begun = self._held.lstrip(WHITESPACE)
        if not begun:
            return
        # The first line keeps its indentation.
        blank = self._held[: len(self._held) - len(begun)]
        self._held = self._held[blank.rfind("\n") + 1 :]
        self._state = then

    def _take_reasoning(self) -> str:
        reasoning, close, rest = self._held.partition(_CLOSE)
        if close:
            self._held = rest
            self._state = "closed"
            return _without_blank_end(reasoning)
        kept = len(_without_blank_end(without_partial_tag(self._held, _CLOSE)))
        reasoning, self._held = self._held[:kept], self._held[kept:]
        return reasoning


def with_reasoning(reasoning: str | None, content: str) -> str:
    """Return the text that the splitter split into this reasoning and content.

    `reasoning` is empty for an empty block, which `enable_thinking=False` inserts, and None for
    no block. The text is the same, byte for byte, if the block was closed, had one line break at
    both ends of the reasoning and was followed by one blank line.
    """
    if reasoning is None:
        return content
    return f"{_OPEN}\n{reasoning}\n{_CLOSE}\n\n{content}"


def _without_blank_end(text: str) -> str:
    ended = text.rstrip(WHITESPACE)
    line_end = text.find("\n", len(ended))
    return text if line_end < 0 else text[:line_end]

"""Docstrings of synchronous methods, made from those of their asynchronous twins.

A synchronous method has its own summary line; `documented_as` adds the rest of the twin's
docstring, with the wording of synchronous code:

    Cancelled, the load stops.               (removed: a call that waits cannot be cancelled)
    async with await llm.sessions.resume(id) → with llm.sessions.resume(id)
    (await llm.models.list()).data           → llm.models.list().data
    an async iterator                        → an iterator
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TypeVar

__all__ = ["documented_as", "without_await"]

F = TypeVar("F", bound=Callable[..., object])

# The second pattern: a whole sentence of a paragraph that is about something else as well.
_CANCELLATION_PARAGRAPH = re.compile(r"(?:(?:If|When) c|C)ancelled\b")
_CANCELLATION_SENTENCE = re.compile(
    r"(?:(?<=[.!?])\s+|\A)(?:(?:If|When) c|C)ancelled,.*?[.!?](?=\s|\Z)", re.DOTALL
)
_WORDS = (
    (re.compile(r"\ban async\b"), "a"),
    (re.compile(r"\ba (?=iterator\b)"), "an "),
    (re.compile(r"\(await ([^()]*(?:\([^()]*\))?)\)"), r"\1"),
    (re.compile(r"\b(?:async|await) "), ""),
    (re.compile(r"\bAsync(?=WebLLM\b|OpenAI\b)"), ""),
)


def documented_as(twin: Callable[..., object]) -> Callable[[F], F]:
    """Add the docstring of `twin`, an asynchronous method, to that of a synchronous one."""

    def document(function: F) -> F:
        if function.__doc__ is not None and twin.__doc__ is not None:  # as they are under -OO
            body = inspect.cleandoc(twin.__doc__).partition("\n\n")[2]
            function.__doc__ = f"{function.__doc__.strip()}\n\n{without_await(body)}".rstrip()
        return function

    return document


def without_await(text: str) -> str:
    """Return a part of a docstring, without indentation, in the wording of synchronous code."""
    paragraphs = [
        _CANCELLATION_SENTENCE.sub("", paragraph)
        for paragraph in text.split("\n\n")
        if not _CANCELLATION_PARAGRAPH.match(paragraph)
    ]
    found = "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())
    for pattern, replacement in _WORDS:
        found = pattern.sub(replacement, found)
    return found

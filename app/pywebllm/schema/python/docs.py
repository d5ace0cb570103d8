"""Docstrings: the first paragraph, and the description of each parameter or attribute.

The styles of Google, NumPy and Sphinx are read.

Examples:
    >>> def weather(city):
    ...     '''Get the weather.
    ...
    ...     Args:
    ...         city: Where.
    ...     '''
    >>> read_docs(weather)
    Docs(summary='Get the weather.', parameters={'city': 'Where.'})
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Docs", "read_docs"]

_NAMES = "args|arguments|parameters|params|keyword args|keyword arguments|attributes"
_GOOGLE = re.compile(rf"({_NAMES}):", re.IGNORECASE)
_HEADING = re.compile(
    rf"({_NAMES}|returns?|raises|yields?|examples?|notes?|warns?|warnings?|see also|references):",
    re.IGNORECASE,
)
_NUMPY = re.compile(r"(other parameters|parameters|attributes)", re.IGNORECASE)
# A type in parentheses may have some itself: it ends before the first ":" that follows a ")".
_GOOGLE_ITEM = re.compile(r"\*{0,2}(\w+)\s*(?:\(.*?\)\s*(?=:))?:(?:\s+(.*)|$)")
_NUMPY_ITEM = re.compile(r"\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?")
_SPHINX_ITEM = re.compile(
    r":(?:param|parameter|arg|argument|key|keyword|ivar|var)\s+(?:[^:]*\s)?(\w+)\s*:\s*(.*)"
)


@dataclass(frozen=True, slots=True)
class Docs:
    """The descriptions in a docstring."""

    summary: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_docs(owner: Any) -> Docs:
    """Read the docstring of a function or class, but not one that a class inherits."""
    text = inspect.getdoc(owner) or ""
    if isinstance(owner, type) or hasattr(owner, "__origin__"):
        text = _own(getattr(owner, "__origin__", owner))
    if not text:
        return Docs()
    lines = text.splitlines()
    found: dict[str, str] = {}
    for name, description in (*_sections(lines), *_sphinx(lines)):
        found.setdefault(name, description)
    return Docs(_summary(lines), found)


def _own(class_: type) -> str:
    text = class_.__dict__.get("__doc__") or ""
    # Dataclasses and named tuples without a docstring get their signature for one.
    return "" if text.startswith(f"{class_.__name__}(") else inspect.cleandoc(text)


def _summary(lines: list[str]) -> str:
    first: list[str] = []
    for line in lines:
        if not line.strip() or line.startswith(":") or _HEADING.fullmatch(line.strip()):
            break
        if _is_rule(line):
            return " ".join(first[:-1])  # the line above is the heading of a section
        first.append(line.strip())
    return " ".join(first)


def _sections(lines: list[str]) -> Iterator[tuple[str, str]]:
    for at, line in enumerate(lines):
        if _GOOGLE.fullmatch(line.strip()):
            yield from _items(_deeper(lines[at + 1 :], _indent(line)), _GOOGLE_ITEM)
        elif _NUMPY.fullmatch(line.strip()) and set("".join(lines[at + 1 : at + 2]).strip()) == {
            "-"
        }:
            for names, description in _items(_numpy_body(lines[at + 2 :]), _NUMPY_ITEM):
                yield from ((name.strip(), description) for name in names.split(","))


def _deeper(lines: list[str], indent: int) -> list[str]:
    """Take the lines of a section: those indented more than its title."""
    body = []
    for line in lines:
        if line.strip() and _indent(line) <= indent:
            break
        body.append(line)
    return body


def _numpy_body(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines[1:]):
        if _is_rule(line):
            return lines[:at]
    return lines


def _items(lines: list[str], pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Read lines with a name, each with the lines indented more that continue it."""
    filled = [line for line in lines if line.strip()]
    if not filled:
        return
    margin = _indent(filled[0])
    name, parts = "", list[str]()
    for line in filled:
        found = pattern.fullmatch(line.strip()) if _indent(line) == margin else None
        if found is None:
            parts.append(line.strip())
            continue
        if name and parts:
            yield name, " ".join(parts)
        name, *rest = found.groups()
        parts = [part.strip() for part in rest if part]
    if name and parts:
        yield name, " ".join(parts)


def _sphinx(lines: list[str]) -> Iterator[tuple[str, str]]:
    for at, line in enumerate(lines):
        found = _SPHINX_ITEM.fullmatch(line.strip())
        if found is None:
            continue
        more = [each.strip() for each in _deeper(lines[at + 1 :], _indent(line)) if each.strip()]
        description = " ".join([found[2], *more]).strip()
        if description:
            yield found[1], description


def _is_rule(line: str) -> bool:
    return set(line.strip()) == {"-"}


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())

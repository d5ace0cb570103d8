"""A small language for sentences with variety.

    (good|better)     one of the alternatives; nests; an alternative may be empty
    {slot}            a word or phrase that the speaker supplies
    [likes]           a verb, written as for "she", that agrees with the latest subject
    < in {year}>      left out unless the speaker has all its slots

`parse` turns text into a `Template` once; `expand` says it, with a `Speaker` for slots and verbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Protocol

__all__ = ["Speaker", "Template", "TemplateError", "expand", "literal", "parse", "parse_once"]


class TemplateError(ValueError):
    """A template that cannot be read; the message quotes it."""


class Speaker(Protocol):
    """Who says a template: supplies what slots and verbs become."""

    def slot(self, name: str) -> str:
        """Return the words for a slot."""

    def verb(self, verb: str) -> str:
        """Return a verb, given as for "she", as it agrees with the latest subject."""

    def has(self, name: str) -> bool:
        """Return whether the slot has words."""


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str


@dataclass(frozen=True, slots=True)
class _Verb:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    alternatives: tuple[tuple[_Node, ...], ...]


@dataclass(frozen=True, slots=True)
class _Optional:
    parts: tuple[_Node, ...]
    slots: frozenset[str]


_Node = str | _Slot | _Verb | _Choice | _Optional


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A parsed template: its text, its parts and the slots that it cannot do without."""

    text: str
    parts: tuple[_Node, ...]
    slots: frozenset[str]


@cache
def parse(text: str) -> Template:
    """Return the template written as `text`, and remember it: for text from the lexicon.

    Raises TemplateError when a bracket is not closed or not opened.
    """
    return parse_once(text)


def literal(text: str) -> Template:
    """Return a template that says `text` as it is, brackets included."""
    return Template(text=text, parts=(text,), slots=frozenset())


def parse_once(text: str) -> Template:
    """Return what `parse` does, without remembering it: for text made at random."""
    parts, end = _sequence(text, 0, closers="")
    if end != len(text):
        raise TemplateError(f"{text[end]!r} closes nothing, in the template {text!r}")
    return Template(text=text, parts=parts, slots=_needed(parts))


def expand(template: Template, *, speaker: Speaker, random: Random) -> str:
    """Return one wording of `template`."""
    pieces: list[str] = []
    _say(template.parts, pieces, speaker, random)
    return "".join(pieces)


def _say(parts: tuple[_Node, ...], pieces: list[str], speaker: Speaker, random: Random) -> None:
    for part in parts:
        match part:
            case str():
                pieces.append(part)
            case _Slot():
                pieces.append(speaker.slot(part.name))
            case _Verb():
                verb: list[str] = []
                _say(part.parts, verb, speaker, random)
                pieces.append(speaker.verb("".join(verb)))
            case _Choice():
                _say(random.choice(part.alternatives), pieces, speaker, random)
            case _Optional():
                if all(speaker.has(name) for name in part.slots):
                    _say(part.parts, pieces, speaker, random)


def _needed(parts: tuple[_Node, ...]) -> frozenset[str]:
    slots: set[str] = set()
    for part in parts:
        match part:
            case _Slot():
                slots.add(part.name)
            case _Verb():
                slots |= _needed(part.parts)
            case _Choice():
                for alternative in part.alternatives:
                    slots |= _needed(alternative)
            case _:
                pass
    return frozenset(slots)


def _sequence(text: str, start: int, *, closers: str) -> tuple[tuple[_Node, ...], int]:
    parts: list[_Node] = []
    position = start
    kept = start
    while position < len(text) and text[position] not in closers:
        opener = text[position]
        if opener in ")}]>":
            break
        if opener not in "({[<":
            position += 1
            continue
        if kept < position:
            parts.append(text[kept:position])
        part, position = _bracket(text, position)
        parts.append(part)
        kept = position
    if kept < position:
        parts.append(text[kept:position])
    return tuple(parts), position


def _bracket(text: str, start: int) -> tuple[_Node, int]:
    opener = text[start]
    if opener == "(":
        return _choice(text, start)
    closer = {"{": "}", "[": "]", "<": ">"}[opener]
    if opener == "{":
        end = text.find(closer, start)
        if end < 0:
            raise TemplateError(f"a slot is not closed in the template {text!r}")
        return _Slot(text[start + 1 : end]), end + 1
    parts, end = _sequence(text, start + 1, closers=closer)
    if end == len(text) or text[end] != closer:
        raise TemplateError(f"{opener!r} is not closed in the template {text!r}")
    if opener == "[":
        return _Verb(parts), end + 1
    return _Optional(parts, _needed(parts)), end + 1


def _choice(text: str, start: int) -> tuple[_Node, int]:
    alternatives: list[tuple[_Node, ...]] = []
    position = start
    while True:
        parts, position = _sequence(text, position + 1, closers="|)")
        alternatives.append(parts)
        if position == len(text) or text[position] not in "|)":
            raise TemplateError(f"'(' is not closed in the template {text!r}")
        if text[position] == ")":
            return _Choice(tuple(alternatives)), position + 1

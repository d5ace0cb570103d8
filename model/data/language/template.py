"""Templates: a small notation for sentences that can be worded in several ways.

    (good|better)     one of the alternatives; may be nested; an alternative may be empty
    {slot}            a word or phrase that the speaker supplies
    [likes]           a verb, in the form for "she", that agrees with the latest subject
    < in {year}>      left out unless the speaker has all slots in it

`parse` reads a template, `expand` returns one wording of it; a `Speaker` supplies slots and verbs.

    "{S} [plays] (chess|go)< with {friend}>"  →  "She plays go", "They play chess with Ada", …
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Protocol

__all__ = ["Speaker", "Template", "TemplateError", "expand", "literal", "parse", "parse_uncached"]


class TemplateError(ValueError):
    """A template has a syntax error; the message quotes the template."""


class Speaker(Protocol):
    """Supplies the words for the slots and verbs of a template."""

    def slot(self, name: str) -> str:
        """Return the words for a slot."""

    def verb(self, verb: str) -> str:
        """Return a verb, given in the form for "she", in agreement with the latest subject."""

    def has(self, name: str) -> bool:
        """Return whether there are words for the slot."""


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
    """A parsed template: its source text, its parts and the slots that it requires.

    Slots inside `<...>` are optional and not among `slots`.
    """

    text: str
    parts: tuple[_Node, ...]
    slots: frozenset[str]


@cache
def parse(text: str) -> Template:
    """Return the template with this source text, from a cache: for text from the lexicon.

    Raises:
        TemplateError: A bracket is not closed or not opened.
    """
    return parse_uncached(text)


def literal(text: str) -> Template:
    """Return a template whose only wording is `text` itself, brackets included."""
    return Template(text=text, parts=(text,), slots=frozenset())


def parse_uncached(text: str) -> Template:
    """Return the template with this source text: for text made at random, rarely seen twice.

    Raises:
        TemplateError: A bracket is not closed or not opened.
    """
    parts, end = _parse_sequence(text, 0, closers="")
    if end != len(text):
        raise TemplateError(f"{text[end]!r} closes no bracket in the template {text!r}")
    return Template(text=text, parts=parts, slots=_required_slots(parts))


def expand(template: Template, *, speaker: Speaker, random: Random) -> str:
    """Return one wording of `template`, its alternatives chosen by `random`."""
    pieces: list[str] = []
    _expand(template.parts, pieces, speaker, random)
    return "".join(pieces)


def _expand(parts: tuple[_Node, ...], pieces: list[str], speaker: Speaker, random: Random) -> None:
    for part in parts:
        match part:
            case str():
                pieces.append(part)
            case _Slot():
                pieces.append(speaker.slot(part.name))
            case _Verb():
                verb: list[str] = []
                _expand(part.parts, verb, speaker, random)
                pieces.append(speaker.verb("".join(verb)))
            case _Choice():
                _expand(random.choice(part.alternatives), pieces, speaker, random)
            case _Optional():
                if all(speaker.has(name) for name in part.slots):
                    _expand(part.parts, pieces, speaker, random)


def _required_slots(parts: tuple[_Node, ...]) -> frozenset[str]:
    slots: set[str] = set()
    for part in parts:
        match part:
            case _Slot():
                slots.add(part.name)
            case _Verb():
                slots |= _required_slots(part.parts)
            case _Choice():
                for alternative in part.alternatives:
                    slots |= _required_slots(alternative)
            case _:
                pass
    return frozenset(slots)


def _parse_sequence(text: str, start: int, *, closers: str) -> tuple[tuple[_Node, ...], int]:
    parts: list[_Node] = []
    position = start
    literal_start = start
    while position < len(text) and text[position] not in closers:
        opener = text[position]
        if opener in ")}]>":
            break
        if opener not in "({[<":
            position += 1
            continue
        if literal_start < position:
            parts.append(text[literal_start:position])
        part, position = _parse_bracket(text, position)
        parts.append(part)
        literal_start = position
    if literal_start < position:
        parts.append(text[literal_start:position])
    return tuple(parts), position


def _parse_bracket(text: str, start: int) -> tuple[_Node, int]:
    opener = text[start]
    if opener == "(":
        return _parse_choice(text, start)
    closer = {"{": "}", "[": "]", "<": ">"}[opener]
    if opener == "{":
        end = text.find(closer, start)
        if end < 0:
            raise TemplateError(f"'{{' is not closed in the template {text!r}")
        return _Slot(text[start + 1 : end]), end + 1
    parts, end = _parse_sequence(text, start + 1, closers=closer)
    if end == len(text) or text[end] != closer:
        raise TemplateError(f"{opener!r} is not closed in the template {text!r}")
    if opener == "[":
        return _Verb(parts), end + 1
    return _Optional(parts, _required_slots(parts)), end + 1


def _parse_choice(text: str, start: int) -> tuple[_Node, int]:
    alternatives: list[tuple[_Node, ...]] = []
    position = start
    while True:
        parts, position = _parse_sequence(text, position + 1, closers="|)")
        alternatives.append(parts)
        if position == len(text) or text[position] not in "|)":
            raise TemplateError(f"'(' is not closed in the template {text!r}")
        if text[position] == ")":
            return _Choice(tuple(alternatives)), position + 1

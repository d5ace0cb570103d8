"""Reads the word lists and sentences of `lexicon/` into typed, ready-parsed form.

The files are plain text: `== section` heads a section, `#` starts a comment line. Tags before
a sentence (`@child @warm`) say for whom it is written: tags of one group are alternatives, tags
of different groups must all fit, `@!brief` excludes. Files named `folder/name` lie in a folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model.data.language.template import Template, parse

__all__ = [
    "Line",
    "NoteForm",
    "entries",
    "lines",
    "note_forms",
    "pool",
    "sections",
    "templates",
]

_FOLDER = Path(__file__).parents[1] / "lexicon"

_GROUPS = (
    frozenset({"child", "teen", "adult", "old", "young", "grown"}),
    frozenset({"job", "school", "study", "retired", "state", "odd"}),
    frozenset(
        {"warm", "playful", "formal", "dry", "poetic", "brief", "enthusiastic", "dramatic"}
        | {"neutral"}
    ),
    frozenset({"one", "many"}),
    frozenset({"singular", "plural"}),
)
_TAGS = frozenset().union(*_GROUPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence with its conditions; `toned` says that it is written for a certain tone."""

    template: Template
    wanted: tuple[frozenset[str], ...]
    unwanted: frozenset[str]
    toned: bool

    def fits(self, tags: frozenset[str]) -> bool:
        """Return whether this line may be said of a person with these tags."""
        return self.unwanted.isdisjoint(tags) and all(
            not group.isdisjoint(tags) for group in self.wanted
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteForm:
    """One kind of free note: ways to write it in the form, sentences that use it.

    `fields` names the fields it may stand in, none for the notes. Two notes of one `topic` could
    contradict each other; a block that names none has its last line for a topic, so that it is
    alone with it. What has a `weight` is drawn that often, and more than once for a person.
    """

    inputs: tuple[Template, ...]
    outputs: tuple[Template, ...]
    stage: str
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    topic: str
    weight: int = 1


@cache
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """Return the lines of each section of the file `name`.txt; "" heads what comes before."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in _content(name):
        if line.startswith("== "):
            current = line[3:]
            found.setdefault(current, [])
        elif line:
            found.setdefault(current, []).append(line)
    return {section: tuple(kept) for section, kept in found.items()}


@cache
def entries(file: str, section: str) -> tuple[str, ...]:
    """Return what semicolons part in one section."""
    return tuple(entry.strip() for line in sections(file)[section] for entry in line.split(";"))


@cache
def pool(name: str) -> tuple[Template, ...]:
    """Return the entries of a section of words.txt, for the slot of that name."""
    return tuple(map(parse, entries("words", name)))


@cache
def lines(file: str, section: str) -> tuple[Line, ...]:
    """Return the tagged sentences of one section."""
    return tuple(_line(text) for text in sections(file)[section])


@cache
def templates(file: str, section: str) -> tuple[Template, ...]:
    """Return the sentences of one section that has no tags."""
    return tuple(parse(text) for text in sections(file)[section])


@cache
def note_forms(file: str = "notes") -> tuple[NoteForm, ...]:
    """Return the blocks of notes.txt, or of another file in the same form."""
    blocks = "\n".join(_content(file)).strip().split("\n\n")
    return tuple(_note_form(block.splitlines()) for block in blocks if block.strip())


def _content(name: str) -> Iterator[str]:
    for line in (_FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield line.strip()


def _line(text: str) -> Line:
    tags: list[str] = []
    while text.startswith("@"):
        tag, _, text = text[1:].partition(" ")
        tags.append(tag)
    unknown = {tag.removeprefix("!") for tag in tags} - _TAGS
    if unknown:
        raise ValueError(f"unknown tags {sorted(unknown)} before {text!r}")
    wanted = frozenset(tag for tag in tags if not tag.startswith("!"))
    return Line(
        template=parse(text),
        wanted=tuple(group & wanted for group in _GROUPS if group & wanted),
        unwanted=frozenset(tag[1:] for tag in tags if tag.startswith("!")),
        toned=bool(wanted & _GROUPS[2]),
    )


def _note_form(block: list[str]) -> NoteForm:
    def starting(label: str) -> list[str]:
        return [line[len(label) :].strip() for line in block if line.startswith(label)]

    return NoteForm(
        inputs=tuple(map(parse, starting("in:"))),
        outputs=tuple(map(parse, starting("out:"))),
        stage=next(iter(starting("@")), ""),
        keys=tuple(key.strip() for line in starting("key:") for key in line.split(";")),
        fields=tuple(name.strip() for line in starting("field:") for name in line.split(";")),
        topic=next(iter(starting("topic:")), block[-1]),
        weight=int(next(iter(starting("weight:")), "1")),
    )

"""Reads the word lists and sentences in `model/data/lexicon/` and parses their templates.

The files are plain text: `== name` starts a section, `#` a comment line. Files are named without
".txt", those in a folder as in "sentences/life".

Tags before a sentence say which people it suits: tags of one group are alternatives, tags of
different groups must all match, `@!brief` excludes. For example

    @child @teen @warm @!school {S} [shares] every snack

suits children and teenagers, only in a warm tone, and nobody who goes to school.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model.data.language.template import Template, parse

__all__ = [
    "TONES",
    "Line",
    "NoteForm",
    "entries",
    "lines",
    "note_forms",
    "sections",
    "slot_words",
    "templates",
]

_FOLDER = Path(__file__).parents[1] / "lexicon"

# `Person.tags` says which of them somebody has.
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
TONES = _GROUPS[2]
_TAGS = frozenset().union(*_GROUPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence and the tags that decide whom it suits.

    A person must have a tag of every set in `required`, and none of `excluded`. `toned` is True
    if the sentence is written for certain tones.
    """

    template: Template
    required: tuple[frozenset[str], ...]
    excluded: frozenset[str]
    toned: bool

    def fits(self, tags: frozenset[str]) -> bool:
        """Return whether this sentence suits a person with these tags."""
        return self.excluded.isdisjoint(tags) and all(
            not group.isdisjoint(tags) for group in self.required
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteForm:
    """One kind of note: alternative wordings for the form, and sentences that use it.

    Attributes:
        inputs: What a visitor may type.
        outputs: Sentences of a persona that state it.
        stage: "young" or "grown" if it suits only such people, else "".
        keys: Words that every output contains.
        fields: Names of the custom fields that it is typed into; empty for the field "notes".
        topic: Two notes with one topic could contradict each other. A block that names no topic
            gets its last line for one, which it shares with no other block.
        weight: How often it is drawn, relative to others. With a weight other than 1, a person
            may have several notes of this kind.
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
    """Return the lines of a file by section; the key "" holds those before the first section."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in _content(name):
        if line.startswith("== "):
            current = line[3:]
            found.setdefault(current, [])
        elif line:
            found.setdefault(current, []).append(line)
    return {section: tuple(content) for section, content in found.items()}


@cache
def entries(file: str, section: str) -> tuple[str, ...]:
    """Return the entries of one section, which are separated by semicolons."""
    return tuple(entry.strip() for line in sections(file)[section] for entry in line.split(";"))


@cache
def slot_words(name: str) -> tuple[Template, ...]:
    """Return the words for the slot `name`: the entries of that section of words.txt."""
    return tuple(map(parse, entries("words", name)))


@cache
def lines(file: str, section: str) -> tuple[Line, ...]:
    """Return the tagged sentences of one section."""
    return tuple(_line(text) for text in sections(file)[section])


@cache
def templates(file: str, section: str) -> tuple[Template, ...]:
    """Return the sentences of one section, in a file without tags."""
    return tuple(parse(text) for text in sections(file)[section])


@cache
def note_forms(file: str = "notes") -> tuple[NoteForm, ...]:
    """Return the blocks of notes.txt, or of another file in the same format."""
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
        raise ValueError(f"unknown tags {sorted(unknown)} before the sentence {text!r}")
    required = frozenset(tag for tag in tags if not tag.startswith("!"))
    return Line(
        template=parse(text),
        required=tuple(group & required for group in _GROUPS if group & required),
        excluded=frozenset(tag[1:] for tag in tags if tag.startswith("!")),
        toned=bool(required & TONES),
    )


def _note_form(block: list[str]) -> NoteForm:
    def values(label: str) -> list[str]:
        return [line[len(label) :].strip() for line in block if line.startswith(label)]

    return NoteForm(
        inputs=tuple(map(parse, values("in:"))),
        outputs=tuple(map(parse, values("out:"))),
        stage=next(iter(values("@")), ""),
        keys=tuple(key.strip() for line in values("key:") for key in line.split(";")),
        fields=tuple(name.strip() for line in values("field:") for name in line.split(";")),
        topic=next(iter(values("topic:")), block[-1]),
        weight=int(next(iter(values("weight:")), "1")),
    )

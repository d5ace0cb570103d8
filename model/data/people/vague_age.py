"""Ages that visitors give as a range of years: "in her forties", "late twenties"."""

from __future__ import annotations

from random import Random

from model.data.language.template import literal, parse
from model.data.people.notes import Note

__all__ = ["draw_vague_age", "vague_age_of", "years_in", "years_of"]

_DECADES = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
    "nineties": 90,
}
# The first and the last year of each part of a decade.
_PARTS = {"": (0, 9), "early ": (0, 3), "mid-": (4, 6), "late ": (7, 9)}
_INPUTS = ("in {their} {decade}", "in {their} {decade}", "{decade}")
_OUTPUTS = ("{S} [is] in {their} {decade}", "{name} is in {their} {decade}")


def draw_vague_age(years: int, random: Random) -> Note:
    """Return the age as a note in the field "age".

    Raises:
        ValueError: `years` is below 20 or above 99.
    """
    if not 20 <= years <= 99:
        raise ValueError(f"years must be from 20 to 99, got {years}")
    decade = next(word for word, first in _DECADES.items() if first == years // 10 * 10)
    parts = [part for part, (low, high) in _PARTS.items() if low <= years % 10 <= high]
    return Note(
        input=parse(random.choice(_INPUTS)),
        output=parse(random.choice(_OUTPUTS)),
        values={"decade": literal(random.choice(parts) + decade)},
        keys=(),
        field="age",
    )


def vague_age_of(notes: tuple[Note, ...]) -> Note | None:
    """Return the note that states the age, or None."""
    return next((note for note in notes if note.field == "age"), None)


def years_of(note: Note) -> tuple[int, int]:
    """Return the lowest and the highest age that the note allows."""
    years = years_in(note.values["decade"].text)
    assert years is not None, "the note was drawn here"
    return years


def years_in(text: str) -> tuple[int, int] | None:
    """Return the lowest and the highest age of a range such as "late twenties", or None."""
    decade = next((word for word in _DECADES if text.endswith(word)), None)
    part = None if decade is None else _PARTS.get(text.removesuffix(decade))
    if decade is None or part is None:
        return None
    return _DECADES[decade] + part[0], _DECADES[decade] + part[1]

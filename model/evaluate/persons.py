"""Contradictions: a wrong age, name or pronoun of the person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from model.evaluate.case import Ask
from model.evaluate.words import (
    first_names,
    normalized,
    numbers_in,
    ordinary_words,
    pronouns_in,
    sentences,
    with_digits,
)

__all__ = ["other_ages", "other_names", "other_pronouns"]

# How the age of a person is stated, in lower case and with digits.
_AGES = (
    re.compile(r"\b(\d{1,3})[- ]years?[- ]old"),
    re.compile(r"\b(?:aged|age of|turned|just turned) (\d{1,3})\b(?![-:%])"),
    re.compile(r"^at (\d{1,3}),"),
    re.compile(r"^[^,.]{1,40}, (\d{1,3}),"),
    re.compile(r"^[^,.()]{1,40} \((\d{1,3})\)"),
    re.compile(r"^[^,.]{1,40} is (?:only |just |now )?(\d{1,3})(?=[.,;!]| and | years\b|$)"),
)
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
# "Anna likes": every sentence starts with a capital letter, so a verb must follow there.
_VERB = re.compile(r"(?:is|was|has|[a-z]+s)\b")
# "They say he cannot swim": people in general.
_THEY = re.compile(r"(?:They|Their)\b(?! (?:say|call)\b)")
_SIMILARITY = 0.75
_SHORTEST = 4  # letters


def other_ages(text: str, ask: Ask) -> list[str]:
    """Return the stated ages that are not the age of the person.

    If the age is unknown, any single age is correct, but not two different ones.
    """
    stated = {
        int(found)
        for sentence in sentences(with_digits(text))
        for pattern in _AGES
        for found in pattern.findall(sentence)
    }
    if ask.years is None:
        mentioned = stated - numbers_in(ask.inputs)
        return sorted(map(str, mentioned)) if len(mentioned) > 1 else []
    return sorted(map(str, stated - {ask.years} - numbers_in(ask.inputs)))


def other_pronouns(text: str, ask: Ask) -> list[str]:
    """Return the pronouns that cannot be those of the person.

    Keywords are ignored, because the user has typed them. "They" may also refer to things, so next
    to another pronoun it counts only at the start of a sentence. If the pronoun is not determined,
    the text may use any single one.
    """
    own = _without_keywords(text, ask)
    used = pronouns_in(own) - {"they"}
    if ask.pronouns == "they":
        return sorted(used)
    known = {ask.pronouns} - {""}
    wrong = sorted(used - known) if known else sorted(used) if len(used) > 1 else []
    starts = any(_THEY.match(sentence) for sentence in sentences(own))
    return [*wrong, "they"] if (used or known) and starts else wrong


def other_names(text: str, ask: Ask) -> list[str]:
    """Return other names in place of the name of the person, and misspelled ones.

    If no name was given, the text may use any.
    """
    if not ask.name:
        return []
    given = {part for value in (*ask.inputs, ask.name) for part in _parts(value)}
    return sorted(
        {
            word
            for word, followed in _capitals(text)
            if not _parts(word) <= given and _is_other_name(word, followed=followed, name=ask.name)
        }
    )


def _capitals(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the capitalized words, and whether each is in the position of a name."""
    for sentence in sentences(text):
        for match in _WORD.finditer(sentence):
            word = re.sub(r"['\u2019]s?$", "", match[0])
            if word[:1].isupper():
                after = sentence[match.end() :].lstrip()
                yield word, match.start() > 0 or bool(_VERB.match(after))


def _is_other_name(word: str, *, followed: bool, name: str) -> bool:
    if word.casefold() in ordinary_words():
        return False
    if word in first_names():
        return followed
    return any(
        len(part) >= _SHORTEST
        and part != word.casefold()
        and SequenceMatcher(None, part, word.casefold()).ratio() >= _SIMILARITY
        for part in name.casefold().split()
    )


def _parts(text: str) -> set[str]:
    return set(normalized(text).split()) | {
        re.sub(r"['\u2019]", "", one) for one in text.casefold().split()
    }


def _without_keywords(text: str, ask: Ask) -> str:
    for keyword in sorted((word for words in ask.keywords.values() for word in words), key=len):
        text = re.sub(rf"(?<!\w){re.escape(keyword)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text

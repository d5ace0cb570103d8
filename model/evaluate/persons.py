"""Contradictions: is another age, another name or another pronoun told of the person?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from model.evaluate.case import Ask
from model.evaluate.words import (
    first_names,
    folded,
    numbers_in,
    ordinary_words,
    pronouns_in,
    sentences,
    with_digits,
)

__all__ = ["other_ages", "other_names", "other_pronouns"]

# How an age is told of somebody, in a text in lower case and with digits.
_AGES = (
    re.compile(r"\b(\d{1,3})[- ]years?[- ]old"),
    re.compile(r"\b(?:aged|age of|turned|just turned) (\d{1,3})\b(?![-:%])"),
    re.compile(r"^at (\d{1,3}),"),
    re.compile(r"^[^,.]{1,40}, (\d{1,3}),"),
    re.compile(r"^[^,.()]{1,40} \((\d{1,3})\)"),
    re.compile(r"^[^,.]{1,40} is (?:only |just |now )?(\d{1,3})(?=[.,;!]| and | years\b|$)"),
)
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
# "Anna likes": a capital letter begins every sentence, so there a verb has to follow.
_VERB = re.compile(r"(?:is|was|has|[a-z]+s)\b")
# "They say he cannot swim": people in general.
_THEY = re.compile(r"(?:They|Their)\b(?! (?:say|call)\b)")
_ALIKE = 0.75
_SHORTEST = 4


def other_ages(text: str, ask: Ask) -> list[str]:
    """Return the ages that are told of the person and are not theirs.

    Where none is known, every age is right, but no two of them.
    """
    told = {
        int(found)
        for sentence in sentences(with_digits(text))
        for pattern in _AGES
        for found in pattern.findall(sentence)
    }
    if ask.years is None:
        mentioned = told - numbers_in(ask.told)
        return sorted(map(str, mentioned)) if len(mentioned) > 1 else []
    return sorted(map(str, told - {ask.years} - numbers_in(ask.told)))


def other_pronouns(text: str, ask: Ask) -> list[str]:
    """Return the pronouns that cannot be the person's.

    What visitors typed does not count. "They" may also be things, so beside another pronoun it
    counts only where it begins a sentence. Where nothing determines the pronoun, the text may
    choose one, but no two.
    """
    own = _without_told(text, ask)
    used = pronouns_in(own) - {"they"}
    if ask.pronouns == "they":
        return sorted(used)
    known = {ask.pronouns} - {""}
    wrong = sorted(used - known) if known else sorted(used) if len(used) > 1 else []
    begins = any(_THEY.match(sentence) for sentence in sentences(own))
    return [*wrong, "they"] if (used or known) and begins else wrong


def other_names(text: str, ask: Ask) -> list[str]:
    """Return the names of others that stand where the person's should, and misspelt ones.

    Where no name was given, the text may choose one.
    """
    if not ask.name:
        return []
    given = {part for told in (*ask.told, ask.name) for part in _parts(told)}
    return sorted(
        {
            word
            for word, followed in _capitals(text)
            if not _parts(word) <= given and _is_other_name(word, followed=followed, name=ask.name)
        }
    )


def _capitals(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the words with a capital letter, and whether each stands as a name does."""
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
        and SequenceMatcher(None, part, word.casefold()).ratio() >= _ALIKE
        for part in name.casefold().split()
    )


def _parts(text: str) -> set[str]:
    return set(folded(text).split()) | {
        re.sub(r"['\u2019]", "", one) for one in text.casefold().split()
    }


def _without_told(text: str, ask: Ask) -> str:
    for told in sorted((word for words in ask.keywords.values() for word in words), key=len):
        text = re.sub(rf"(?<!\w){re.escape(told)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text

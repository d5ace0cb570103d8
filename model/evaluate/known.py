"""What is known of a person in a conversation: what visitors told, and what the model made up.

The keywords of a case come from an example, in which somebody made up whatever the form leaves
open. The model that is judged has made up something else, and a right answer keeps to that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from model.evaluate.case import Ask
from model.evaluate.typed import persona_in
from model.evaluate.words import ordinary_words, pronouns_in, says

__all__ = ["as_known"]

# What a persona has whether it is told or not.
_MADE_UP = ("name", "age", "occupation", "interests")


def as_known(ask: Ask, earlier: Sequence[str]) -> Ask:
    """Return the turn with what the model itself made up in `earlier` answers.

    Of name, age, occupation and interests only what visitors told stays; the rest is what the
    latest JSON persona says. Of prose no more than a name can be found, so the others are dropped.
    """
    if not earlier:
        return ask
    own = next((found for text in reversed(earlier) if (found := persona_in(text))), None)
    told = "\n".join(ask.told)
    keywords = {
        fact: _ways(fact, ways, told, own, earlier) if fact in _MADE_UP else ways
        for fact, ways in ask.keywords.items()
    }
    is_named = says(told, ask.name) if ask.name else False
    is_aged = ask.years is not None and says(told, str(ask.years))
    return replace(
        ask,
        keywords={fact: ways for fact, ways in keywords.items() if ways},
        name=ask.name if is_named else str((own or {}).get("name", "")),
        years=ask.years if is_aged else (own or {}).get("age"),
        pronouns=ask.pronouns if is_named or pronouns_in(told) else "",
    )


def _ways(
    fact: str,
    ways: Sequence[str],
    told: str,
    own: Mapping[str, Any] | None,
    earlier: Sequence[str],
) -> list[str]:
    kept = [way for way in ways if says(told, way)]
    if len(kept) == len(ways):
        return kept
    if own is not None:
        value = own.get(fact)
        made_up = [str(one) for one in (value if isinstance(value, list) else [value])]
        return kept or made_up
    return kept or (_names(earlier) if fact == "name" else [])


def _names(earlier: Sequence[str]) -> list[str]:
    """Return one entry: any of the capitalised words that are no ordinary ones; or none."""
    words = {word for text in earlier for word in re.findall(r"\b[A-Z][\w'-]+", text)}
    names = sorted(word for word in words if word.casefold() not in ordinary_words())
    return ["|".join(names)] if names else []

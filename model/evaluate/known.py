"""The known facts about a person in a conversation: from the user, and invented by the model.

The keywords of a case come from an example answer, which invents what the form leaves open. The
model under evaluation has invented other facts, and a correct answer is consistent with those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from model.evaluate.case import Ask
from model.evaluate.typed import persona_in
from model.evaluate.words import contains, ordinary_words, pronouns_in

__all__ = ["as_known"]

# The facts that a persona has even if they are not given.
_INVENTED = ("name", "age", "occupation", "interests")


def as_known(ask: Ask, earlier: Sequence[str]) -> Ask:
    """Return the turn with the facts that the model has invented in `earlier` answers.

    Name, age, occupation and interests remain if the user has given them; otherwise they are those
    of the latest JSON persona. Only names can be found in prose, so the others are removed.
    """
    if not earlier:
        return ask
    own = next((found for text in reversed(earlier) if (found := persona_in(text))), None)
    inputs = "\n".join(ask.inputs)
    keywords = {
        fact: _known_alternatives(fact, alternatives, inputs, own, earlier)
        if fact in _INVENTED
        else alternatives
        for fact, alternatives in ask.keywords.items()
    }
    is_named = contains(inputs, ask.name) if ask.name else False
    is_aged = ask.years is not None and contains(inputs, str(ask.years))
    return replace(
        ask,
        keywords={fact: alternatives for fact, alternatives in keywords.items() if alternatives},
        name=ask.name if is_named else str((own or {}).get("name", "")),
        years=ask.years if is_aged else (own or {}).get("age"),
        pronouns=ask.pronouns if is_named or pronouns_in(inputs) else "",
    )


def _known_alternatives(
    fact: str,
    alternatives: Sequence[str],
    inputs: str,
    own: Mapping[str, Any] | None,
    earlier: Sequence[str],
) -> list[str]:
    given = [phrase for phrase in alternatives if contains(inputs, phrase)]
    if len(given) == len(alternatives):
        return given
    if own is not None:
        value = own.get(fact)
        invented = [str(one) for one in (value if isinstance(value, list) else [value])]
        return given or invented
    return given or (_names(earlier) if fact == "name" else [])


def _names(earlier: Sequence[str]) -> list[str]:
    """Return one entry with all capitalized words that are not in the lexicon, or none."""
    words = {word for text in earlier for word in re.findall(r"\b[A-Z][\w'-]+", text)}
    names = sorted(word for word in words if word.casefold() not in ordinary_words())
    return ["|".join(names)] if names else []

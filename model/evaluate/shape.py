"""Does a text go in circles? And how alike are texts that should differ?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from model.evaluate.words import folded, sentences

__all__ = ["likeness", "repeats"]

_RUN = 6  # words


def repeats(text: str, told: Sequence[str] = ()) -> list[str]:
    """Return what is said again: sentences, runs of six words, a word three times in a row.

    What visitors typed may come again.
    """
    given = f" {folded(' '.join(told))} "
    again = [one for one, times in Counter(map(folded, sentences(text))).items() if times > 1]
    words = folded(text).split()
    runs = Counter(" ".join(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1))
    again += [run for run, times in runs.items() if times > 1 and not _is_given(run, given)]
    return again + re.findall(r"\b(\w{3,}) \1 \1\b", " ".join(words))


def _is_given(run: str, given: str) -> bool:
    # "A" or "the" may stand before what was typed, and "and" after it.
    _, _, rest = run.partition(" ")
    start, _, _ = run.rpartition(" ")
    return any(f" {part} " in given for part in (run, rest, start))


def likeness(texts: Sequence[str]) -> float:
    """Return the mean share of three-word runs that two of the texts have in common, 0 to 1."""
    pairs = [_alike(_triples(one), _triples(other)) for one, other in combinations(texts, 2)]
    return sum(pairs) / len(pairs) if pairs else 0.0


def _triples(text: str) -> set[tuple[str, ...]]:
    words = folded(text).split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _alike(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / max(len(one | other), 1)

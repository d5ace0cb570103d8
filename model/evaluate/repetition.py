"""Repetition within a text, and the similarity of texts that should differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from model.evaluate.words import normalized, sentences

__all__ = ["repeats", "similarity"]

_RUN = 6  # words


def repeats(text: str, inputs: Sequence[str] = ()) -> list[str]:
    """Return the repetitions: sentences, runs of six words, a word three times in a row.

    The inputs of the user may be repeated.
    """
    given = f" {normalized(' '.join(inputs))} "
    again = [one for one, times in Counter(map(normalized, sentences(text))).items() if times > 1]
    words = normalized(text).split()
    runs = Counter(" ".join(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1))
    again += [run for run, times in runs.items() if times > 1 and not _is_given(run, given)]
    return again + re.findall(r"\b(\w{3,}) \1 \1\b", " ".join(words))


def _is_given(run: str, given: str) -> bool:
    # "A" or "the" may precede a typed phrase, and "and" may follow it.
    _, _, rest = run.partition(" ")
    start, _, _ = run.rpartition(" ")
    return any(f" {part} " in given for part in (run, rest, start))


def similarity(texts: Sequence[str]) -> float:
    """Return the mean share of three-word runs that two of the texts share, 0 to 1."""
    pairs = [_overlap(_triples(one), _triples(other)) for one, other in combinations(texts, 2)]
    return sum(pairs) / len(pairs) if pairs else 0.0


def _triples(text: str) -> set[tuple[str, ...]]:
    words = normalized(text).split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _overlap(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / max(len(one | other), 1)

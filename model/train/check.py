"""Judges texts automatically: is everything given in them, do they end, do they run in circles?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Verdict", "judge", "summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with one text; all empty or false when nothing is."""

    missing: Mapping[str, tuple[str, ...]]
    endless: bool
    repeating: bool

    @property
    def good(self) -> bool:
        """Return whether the text passed everything."""
        return not (self.missing or self.endless or self.repeating)


def judge(text: str, *, ended: bool, keywords: Mapping[str, tuple[str, ...]]) -> Verdict:
    """Return the verdict on a text; `keywords` are the words each field asks for."""
    folded = _folded(text)
    missing = {
        field: lost
        for field, words in keywords.items()
        if (lost := tuple(word for word in words if _folded(word) not in folded))
    }
    return Verdict(missing=missing, endless=not ended, repeating=_repeats(folded))


def summary(verdicts: list[Verdict], asked: Counter[str]) -> list[str]:
    """Return lines that say how many texts passed; `asked` counts the texts that got each field."""
    total = len(verdicts)

    def share(count: int, of: int = total) -> str:
        return f"{count}/{of} ({100 * count / max(of, 1):.1f} %)"

    lost = Counter(field for verdict in verdicts for field in verdict.missing)
    return [
        f"passed everything   {share(sum(verdict.good for verdict in verdicts))}",
        f"ended by themselves {share(sum(not verdict.endless for verdict in verdicts))}",
        f"without repetition  {share(sum(not verdict.repeating for verdict in verdicts))}",
        *(
            f"used {field:<14} {share(count - lost[field], count)}"
            for field, count in sorted(asked.items())
        ),
    ]


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s'-]", " ", text.lower()).split())


def _repeats(folded: str) -> bool:
    words = folded.split()
    runs = Counter(tuple(words[start : start + 6]) for start in range(len(words) - 5))
    return (
        any(count > 1 for count in runs.values())
        or re.search(r"\b(\w{3,}) \1 \1\b", folded) is not None
    )

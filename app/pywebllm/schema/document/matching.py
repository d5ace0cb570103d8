r"""Whether a string certainly matches a pattern, or certainly does not.

Examples:
    >>> matches("^a", "ab"), matches("^a", "b"), matches(r"^\w$", "\u00e9")
    (True, False, None)
"""

from __future__ import annotations

from functools import lru_cache

from pywebllm.schema.regex.automaton import Automaton
from pywebllm.schema.regex.reading import RegexError, language_of

__all__ = ["matches"]


def matches(pattern: str, text: str) -> bool | None:
    """Return whether a string matches; None when dialects disagree or the pattern is refused."""
    sets = _sets(pattern)
    if sets is None:
        return None
    narrow, wide = sets
    if narrow.accepts(text):
        return True
    return None if wide.accepts(text) else False


@lru_cache(maxsize=256)
def _sets(pattern: str) -> tuple[Automaton, Automaton] | None:
    try:
        return language_of(pattern), language_of(pattern, wide=True)
    except RegexError:
        return None

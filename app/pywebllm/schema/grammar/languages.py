"""The set of strings that a typed string stands for, as an automaton.

Examples:
    >>> found = language(String(patterns=("^[ab]+$",), excluded=("a",)))
    >>> [text for text in ("a", "b", "ab", "c") if found.accepts(text)]
    ['b', 'ab']
"""

from __future__ import annotations

from functools import lru_cache

from pywebllm.schema.regex.automaton import Automaton, of_lengths
from pywebllm.schema.regex.determinizing import of_strings
from pywebllm.schema.regex.eliminating import is_plain
from pywebllm.schema.regex.reading import RegexError, language_of
from pywebllm.schema.typed.formats import FORMATS
from pywebllm.schema.typed.values import String

__all__ = ["counted", "language"]

# Each is a rule; the engine looks at the tokens that may follow once for each set of characters.
_MOST_COUNTED = 1500


@lru_cache(maxsize=64)
def language(string: String) -> Automaton:
    """Make the automaton of the strings that fit, of any length.

    Raises:
        RegexError: A pattern is not supported, or there are too many states.
    """
    found = of_lengths(0, None)
    for pattern in (*string.patterns, *(FORMATS[name] for name in string.formats)):
        found = found.intersected(language_of(pattern), most=_MOST_COUNTED)
    for pattern in string.excluded_patterns:
        found &= ~language_of(pattern, wide=True)
    if string.excluded:
        found &= ~of_strings(string.excluded)
    return found


def counted(string: String) -> Automaton | None:
    """Make the automaton of the strings that fit, of the right length.

    Returns:
        None when it has too many states for the engine.
    """
    try:
        lengths = of_lengths(string.min_length, string.max_length)
        found = language(string).intersected(lengths, most=_MOST_COUNTED)
    except RegexError:
        return None
    return found if is_plain(found) else None

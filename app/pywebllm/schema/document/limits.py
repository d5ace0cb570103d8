"""How large a schema may be, which is checked before it is read.

To read a schema takes time and stack in proportion to its values, its depth and its patterns. The
bounds are above those of OpenAI's structured outputs, and a schema within them is read at once.

Examples:
    >>> check_size({"const": [[[]]]}, Place())
    >>> try:
    ...     check_size({"const": 10**5000}, Place())
    ... except ValueError as error:
    ...     print(error)
    $: an integer has more than 1,000 digits. Write it as a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from pywebllm.echo import shown
from pywebllm.schema.typed.place import Place

__all__ = ["check_size"]

_MOST_LEVELS = 200
_MOST_VALUES = 20_000
_MOST_CHARACTERS = 300_000
_MOST_IN_PATTERNS = 10_000
_MOST_DIGITS = 1000
_LARGEST = 10**_MOST_DIGITS - 1

_Item = tuple[object, object]


def check_size(schema: object, place: Place) -> None:
    """Check all values of a schema document.

    Raises:
        InvalidRequestError: It is too large or nested too deeply, or contains what JSON cannot.
    """
    characters = in_patterns = 0
    for key, value in _everything(schema, place):
        _check_type(value, place)
        length = len(value) if isinstance(value, str) else 0
        characters += length + (len(key) if isinstance(key, str) else 0)
        in_patterns += length if key == "pattern" else 0
    if characters > _MOST_CHARACTERS:
        raise place.error(
            f"the schema has more than {_MOST_CHARACTERS:,} characters",
            advice="Shorten its descriptions and its values.",
        )
    if in_patterns > _MOST_IN_PATTERNS:
        raise place.error(
            f"the patterns have more than {_MOST_IN_PATTERNS:,} characters",
            advice="Write shorter ones, or check the answer in Python.",
        )


def _everything(schema: object, place: Place) -> Iterator[_Item]:
    """Yield all values with their keys, level by level: recursion would need as much stack."""
    count = 0
    level: list[_Item] = [("", schema)]
    for _ in range(_MOST_LEVELS):
        yield from level
        count += len(level)
        # One value may be in many places, so a level can be much larger than the schema.
        inner = (item for _, value in level for item in _items(value))
        level = list(islice(inner, _MOST_VALUES - count + 1))
        if not level:
            return
        if count + len(level) > _MOST_VALUES:
            raise place.error(
                f"the schema has more than {_MOST_VALUES:,} values",
                advice="Split it, or shorten its lists.",
            )
    raise place.error("the schema is nested too deeply", advice="Make it flatter.")


def _items(value: object) -> Iterable[_Item]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()


def _check_type(value: object, place: Place) -> None:
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise place.error(
                f"an integer has more than {_MOST_DIGITS:,} digits", advice="Write it as a string."
            )
    elif not (value is None or isinstance(value, str | float | list | tuple | Mapping)):
        raise place.error(
            f"a schema contains what JSON can, got {shown(value)}",
            advice="Use strings, numbers, booleans, None, lists and mappings.",
        )

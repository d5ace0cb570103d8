"""The keywords of strings: length, `pattern`, `format`, and what is excluded.

Examples:
    >>> string = read_string({"minLength": 1, "pattern": "^[a-z]+$"}, Place())
    >>> string == String(min_length=1, patterns=("^[a-z]+$",))
    True
"""

from __future__ import annotations

from typing import Any

from pywebllm.schema.typed.formats import INTEGER_FORMATS, REFUSED_FORMATS
from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import String

from .checks import Several
from .keywords import Schema

__all__ = ["read_string"]


def read_string(keywords: Schema, place: Place) -> String:
    """Read the keywords that limit strings.

    Raises:
        InvalidRequestError: The lengths contradict each other, or a format is refused.
    """
    least: Any = keywords.get("minLength", 0)
    most: Any = keywords.get("maxLength")
    if most is not None and most < least:
        raise place.error(
            f"'minLength' must be at most 'maxLength', {most}, got {least}",
            advice="Lower minLength, or raise maxLength.",
        )
    excluded: Any = keywords.get("not", {})
    formats = [name for name in _all(keywords.get("format")) if name not in INTEGER_FORMATS]
    refused = next((name for name in formats if name in REFUSED_FORMATS), None)
    if refused is not None:
        raise place.error(
            f"'format': {refused!r} cannot be expressed in a grammar", advice="Leave it out."
        )
    return String(
        min_length=least,
        max_length=most,
        patterns=_all(keywords.get("pattern")),
        formats=tuple(formats),
        excluded_patterns=tuple(excluded.get("pattern", ())),
        excluded=tuple(excluded.get("enum", ())),
        place=place,
    )


def _all(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, Several) else (value,)

"""The keywords of strings: length, `pattern` and `format`.

Examples:
    >>> read_string({"minLength": 1, "pattern": "^[a-z]+$"}, Place())
    String(min_length=1, max_length=None, pattern='^[a-z]+$', format=None)
"""

from __future__ import annotations

from typing import Any

from pywebllm.echo import shown
from pywebllm.schema.typed.formats import FORMATS, FREE_FORMATS
from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import String

from .keywords import Schema

__all__ = ["read_string"]


def read_string(keywords: Schema, place: Place) -> String:
    """Read the keywords that limit strings.

    Raises:
        InvalidRequestError: The lengths contradict each other, or `format` is not supported.
    """
    least: Any = keywords.get("minLength", 0)
    most: Any = keywords.get("maxLength")
    if most is not None and most < least:
        raise place.error(
            f"'minLength' must be at most 'maxLength', {most}, got {least}",
            advice="Lower minLength, or raise maxLength.",
        )
    pattern: Any = keywords.get("pattern")
    format_: Any = keywords.get("format")
    if format_ is not None and format_ not in FREE_FORMATS:
        _check_format(format_, pattern, place)
    return String(min_length=least, max_length=most, pattern=pattern, format=format_, place=place)


def _check_format(format_: str, pattern: str | None, place: Place) -> None:
    if pattern is not None:
        raise place.error("'pattern' and 'format' do not go together", advice="Keep one of them.")
    if format_ not in FORMATS:
        raise place.error(
            f"'format': {shown(format_)} is not supported",
            advice=f"Use one of {', '.join(FORMATS)}, or a pattern.",
        )

"""The texts of the page, all in one place: one JSON file for each language in this folder.

`site_files/page.py` fills the same texts into index.html when the site is built.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import cast

__all__ = ["has_text", "number", "text", "text_of_count", "use_language"]

_LANGUAGE = "en"


def use_language(language: str) -> None:
    """Take the texts of this language from now on.

    Raises:
        LookupError: There is no such file.
    """
    global _LANGUAGE  # noqa: PLW0603 - one page has one language
    if not files(__name__).joinpath(f"{language}.json").is_file():
        raise LookupError(f"there are no texts in the language {language!r}")
    _LANGUAGE = language


def text(key: str, **values: object) -> str:
    """Return a text with its `{names}` replaced by `values`.

    Args:
        key: A view and a name in the JSON file, for example `setup.checking`.
        values: What the text names.

    Raises:
        KeyError: There is no such text, or it names a value that is not given.
    """
    section, name = key.split(".", 1)
    return _texts(_LANGUAGE)[section][name].format(**values)


def has_text(key: str) -> bool:
    """Return whether the page has a text with this key."""
    section, name = key.split(".", 1)
    return name in _texts(_LANGUAGE).get(section, {})


def text_of_count(key: str, count: int, **values: object) -> str:
    """Return the text for one or for many things: `KEY.one` or `KEY.other`, with `{count}`."""
    return text(f"{key}.one" if count == 1 else f"{key}.other", count=count, **values)


def number(value: float, spec: str) -> str:
    """Return a number as the language writes it: `1,234.5` is `1.234,5` in German.

    Args:
        value: The number.
        spec: As for `format`, for example `,.1f`.
    """
    written = format(value, spec)
    point = text("size.point")
    return written if point == "." else written.translate(str.maketrans(".,", ",."))


@functools.cache
def _texts(language: str) -> dict[str, dict[str, str]]:
    file = files(__name__).joinpath(f"{language}.json")
    return cast(dict[str, dict[str, str]], json.loads(file.read_text(encoding="utf-8")))

"""The page in each of its languages, made from `static/index.html`, `static/views/` and the texts.

A comment `view: NAME` becomes the file `static/views/NAME.html`, `early` what `early.py` returns,
`pyscript` links to PyScript's modules, and `{{section.name}}` a text from
`app/page/texts/LANGUAGE.json`. English is `index.html`; another
language, `index.LANGUAGE.html`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, cast

from .archive import checksum
from .early import early_requests

__all__ = ["page_sources", "render_page", "write_pages"]

Texts: TypeAlias = Mapping[str, Mapping[str, str]]

_TEXTS = "app/page/texts"
_MAIN = "en"

# What PyScript 0.7.31 imports while it starts: the plugins that the page turns off, too.
_PYSCRIPT = re.compile(
    r"core\.js|(core|deprecations-manager|donkey|error|py-editor|py-game|py-terminal)-[\w-]{8}\.js"
)


def page_sources(root: Path) -> list[Path]:
    """Return the files of the repository at `root` that the pages are made from, sorted."""
    views = (root / "static/views").glob("*.html")
    return sorted([root / "static/index.html", *views, *(root / _TEXTS).glob("*.json")])


def write_pages(root: Path, folder: Path, archive: Path) -> None:
    """Write the pages of the repository at `root` into `folder`, one for each language.

    `archive` has the Python files that they run.
    """
    languages = _languages(root)
    version = checksum(archive.read_bytes())
    for language in languages:
        page = render_page(root, language, languages).replace("{{version}}", version)
        (folder / _file_name(language)).write_text(page, encoding="utf-8")


def render_page(root: Path, language: str, languages: Mapping[str, Texts] | None = None) -> str:
    """Return the page in a language, without the version of its archive.

    Raises:
        KeyError: The page names a text that the language does not have.
    """
    languages = languages or _languages(root)
    texts = languages[language]
    page = (root / "static/index.html").read_text(encoding="utf-8")
    page = re.sub(r"<!-- view: (\w+) -->", lambda found: _view(root, found[1]), page)
    page = page.replace("<!-- languages -->", _links(language, languages))
    page = page.replace("<!-- pyscript -->", "\n".join(_pyscript_links(root)))
    page = page.replace("<!-- early -->", _data("early-requests", early_requests(root)))
    page = re.sub(r"<!-- texts: (\w+) -->", lambda found: _texts_of(texts, found[1]), page)
    page = page.replace("{{lang}}", language)
    return re.sub(r"\{\{(\w+)\.([\w.-]+)\}\}", lambda found: _text(texts, *found.groups()), page)


def _pyscript_links(root: Path) -> list[str]:
    files = (root / "node_modules/@pyscript/core/dist").glob("*.js")
    names = sorted(file.name for file in files if _PYSCRIPT.fullmatch(file.name))
    link = '<link rel="modulepreload" fetchpriority="low" href="vendor/pyscript/{}">'
    return [link.format(name) for name in names]


def _languages(root: Path) -> dict[str, Texts]:
    files = sorted((root / _TEXTS).glob("*.json"))
    return {file.stem: cast(Texts, json.loads(file.read_text(encoding="utf-8"))) for file in files}


def _file_name(language: str) -> str:
    return "index.html" if language == _MAIN else f"index.{language}.html"


def _view(root: Path, name: str) -> str:
    return (root / f"static/views/{name}.html").read_text(encoding="utf-8").rstrip()


def _links(current: str, languages: Mapping[str, Texts]) -> str:
    # A page in one language offers no choice.
    if len(languages) == 1:
        return ""
    links = [
        _link(name, texts["page"]["language"], is_current=name == current)
        for name, texts in languages.items()
    ]
    label = "{{page.languages}}"
    return f'<nav class="languages" aria-label="{label}">{" ".join(links)}</nav>'


def _link(language: str, words: str, *, is_current: bool) -> str:
    current = ' aria-current="true"' if is_current else ""
    file = _file_name(language)
    return f'<a href="{file}" hreflang="{language}" lang="{language}"{current}>{words}</a>'


def _texts_of(texts: Texts, section: str) -> str:
    return _data(f"{section}-texts", texts[section])


def _data(name: str, value: object) -> str:
    # In a script element "<" alone could end it.
    data = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{data}</script>'


def _text(texts: Texts, section: str, name: str) -> str:
    text = texts[section][name]
    return text if name.endswith(".html") else html.escape(text)

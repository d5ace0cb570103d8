"""All visible texts of the page are in `app/page/texts`, in each language the same ones."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import page.texts
import pytest
import pywebllm
import pywebllm.errors
from page.chat.settings import read_form
from page.models import amounts
from page.problems import problem_of
from pywebllm import support

ROOT = Path(__file__).parents[3]
TEXTS = ROOT / "app/page/texts"
PYTHON = sorted((ROOT / "app/page").rglob("*.py"))
HTML = [ROOT / "static/index.html", *sorted((ROOT / "static/views").glob("*.html"))]
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))

# What a visitor reads or is read aloud, besides the text between tags.
SPOKEN = ("aria-label", "alt", "placeholder", "title", "label", "value", "content")
# A sentence, or a part of one: two words of letters in a row.
WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")

# Literals of the page's Python with words that no visitor reads as words of the page.
NOT_SHOWN = {
    "elements.py": "index.html has no element",  # an error of the program
    "texts/__init__.py": "there are no texts in the language",  # another
    "persona/view.py": "Make it ",  # asked of the model, in the language that it knows
    "chat/requests.py": "Answer with JSON",  # another
    "chat/tools/calculator.py": "",  # errors that the model reads
    "python/files.py": "[*]: HTTP status",  # a reason, as servers say it
    "python/link.py": "the link is damaged",  # a reason, as libraries say them
    "python/program/runner.py": "input",  # an error of the visitor's program
}


def texts(language: str) -> dict[str, str]:
    """Return the texts of a language by `section.key`."""
    found = json.loads((TEXTS / f"{language}.json").read_text("utf-8"))
    return {
        f"{section}.{key}": text for section, all_ in found.items() for key, text in all_.items()
    }


ENGLISH = texts("en")
LANGUAGES = sorted(file.stem for file in TEXTS.glob("*.json"))


class Page(HTMLParser):
    """What a visitor of an HTML file reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        values = dict(attrs)
        # Values of a form that are sent, and settings of the browser, are not read.
        spoken = [] if tag in ("option", "meta", "link") else SPOKEN
        self.found += [values[name] or "" for name in spoken if name in values]

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "code" not in self._inside:
            self.found.append(data)


def literals(tree: ast.AST) -> Iterator[str]:
    """Yield the string literals of a module; what is filled in is `*`. Not its docstrings."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docs | parts
        ):
            yield node.value


def python_literals() -> Iterator[tuple[Path, str]]:
    for path in PYTHON:
        tree = ast.parse(path.read_text("utf-8"))
        logged = {
            id(argument)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "_logger"
            for argument in node.args
        }
        for node in ast.walk(tree):
            for name, child in ast.iter_fields(node):
                if name == "args" and isinstance(child, list):
                    node.args = [it for it in child if id(it) not in logged]  # type: ignore[attr-defined]
        yield from ((path, literal) for literal in literals(tree))


def is_hidden(path: Path, literal: str) -> bool:
    """Return True if no visitor reads it as words of the page."""
    beginning = NOT_SHOWN.get(path.relative_to(ROOT / "app/page").as_posix())
    return beginning is not None and re.match(beginning, literal) is not None


def used_keys() -> tuple[set[str], list[str]]:
    """Return the keys that are named whole, and patterns of those that are put together."""
    named: set[str] = set()
    patterns: list[str] = []
    for path in HTML:
        # Without a dot it is none of the texts: the language, a version.
        named |= set(re.findall(r"\{\{(\w+\.[\w.-]+)\}\}", path.read_text("utf-8")))
    sections = {key.partition(".")[0] for key in ENGLISH} - {"start"}
    for _, literal in python_literals():
        # The rest of a key that is put together: "code.copy" in f"chat.{name}".
        if re.fullmatch(r"[\w-]+(\.[\w-]+)+", literal):
            named |= {f"{section}.{literal}" for section in sections} & ENGLISH.keys()
        if not re.fullmatch(rf"({'|'.join(sections)})\.[\w.*-]+", literal):
            continue
        if "*" in literal:
            patterns.append(re.escape(literal).replace(r"\*", r"[\w-]+"))
        else:
            named.add(literal)
    return named, patterns


def counted(key: str) -> tuple[str, str]:
    """Return the keys for one and for many."""
    return f"{key}.one", f"{key}.other"


def test_every_text_that_is_named_exists() -> None:
    named, patterns = used_keys()
    missing = [
        key for key in named if key not in ENGLISH and not all(it in ENGLISH for it in counted(key))
    ]
    # A file name or an attribute may look like a key: a key is of a section, and not a module.
    assert missing == []
    assert [it for it in patterns if not any(re.fullmatch(it, key) for key in ENGLISH)] == []
    assert len(named) > 100


def test_every_text_is_used() -> None:
    named, patterns = used_keys()
    scripts = "".join(path.read_text("utf-8") for path in SCRIPTS)
    # These are named in pages that `site_files` makes.
    named |= {"page.language", "page.languages", "page.privacy", "page.licenses"}
    unused = []
    for key in ENGLISH:
        base = re.sub(r"\.(one|other)$", "", key)
        short = key.removeprefix("start.").removesuffix(".advice")
        if key.startswith("start.") and f'"{short}"' in scripts:
            continue
        if not ({key, base} & named or any(re.fullmatch(it, key) for it in patterns)):
            unused.append(key)
    assert unused == []


@pytest.mark.parametrize("path", HTML, ids=lambda path: path.name)
def test_html_has_no_text_of_its_own(path: Path) -> None:
    found = Page(re.sub(r"\{\{[\w.-]+\}\}", "", path.read_text("utf-8"))).found
    own = [text.strip() for text in found if re.search(r"[A-Za-z]{2}", text)]
    # The project's name and the name of its file are the same in all languages.
    allowed = ("pywebllm", r"pywebllm-[\w.-]+\.whl,?")
    assert [text for text in own if not any(re.fullmatch(it, text) for it in allowed)] == []


def test_python_has_no_text_of_its_own() -> None:
    own = [
        f"{path.relative_to(ROOT)}: {literal}"
        for path, literal in python_literals()
        if WORDS.search(literal) and not is_hidden(path, literal)
    ]
    assert own == []


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_python_sets_no_single_word_as_text(path: Path) -> None:
    shown = re.findall(
        r'(?:textContent|ariaLabel|placeholder|title) = f?"([^"]*[A-Za-z]{2}[^"]*)"'
        r'|set_text\([^,]+, f?"([^"]*[A-Za-z]{2}[^"]*)"',
        re.sub(r"{[^}]*}", "", path.read_text("utf-8")),
    )
    assert shown == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_show_no_text(path: Path) -> None:
    contents = re.findall(r"(?<![\w-])content: ([^;]+);", path.read_text("utf-8"))
    assert set(contents) <= {'""', "none"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_texts_with_the_same_names_in_them(language: str) -> None:
    found = texts(language)
    assert found.keys() == ENGLISH.keys()
    assert not [key for key, text in found.items() if not text.strip()]
    assert {key: names(text) for key, text in found.items()} == {
        key: names(text) for key, text in ENGLISH.items()
    }
    assert {key: tags(text) for key, text in found.items()} == {
        key: tags(text) for key, text in ENGLISH.items()
    }


def test_there_is_a_second_language_with_words_of_its_own() -> None:
    assert {"en", "de"} <= set(LANGUAGES)
    german = texts("de")
    # Names such as "Python" and examples that the model reads stay.
    same = [key for key, text in ENGLISH.items() if german[key] == text and WORDS.search(text)]
    examples = {"persona.name.example", "persona.occupation.example", "persona.interests.example"}
    examples |= {"persona.notes.example", "persona.rewrite.example", "chat.start.persona"}
    # So do names of what the browser keeps.
    assert {key for key in same if not key.startswith("privacy.place.")} <= examples


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def tags(text: str) -> list[str]:
    return re.findall(r"</?\w+>", text)


@pytest.mark.parametrize(
    "bad",
    [
        "<p>Hello there</p>",
        '<button aria-label="Close it"></button>',
        '<input placeholder="Your name">',
        "<p>{{persona.name}} and more</p>",
    ],
)
def test_text_in_html_is_found(bad: str) -> None:
    found = Page(re.sub(r"\{\{[\w.-]+\}\}", "", bad)).found
    assert any(re.search(r"[A-Za-z]{2}", text) for text in found)


def test_text_in_python_is_found() -> None:
    tree = ast.parse('def show():\n    """Say it so."""\n    set_text(e, f"Press the {key}")')
    assert [it for it in literals(tree) if WORDS.search(it)] == ["Press the *"]


def test_every_error_and_every_shortfall_of_the_library_has_texts() -> None:
    errors = {name for name in pywebllm.errors.__all__ if name.endswith("Error")} - {"WebLLMError"}
    for name in errors:
        assert f"problem.{name}" in ENGLISH, name
        assert f"problem.{name}.advice" in ENGLISH, name
    named = {key.removeprefix("problem.") for key in ENGLISH if key.startswith("problem.")}
    assert {it.removesuffix(".advice") for it in named} - errors == {"detail", "unknown"}
    codes = {key.split(".")[1] for key in ENGLISH if key.startswith("support.")}
    assert codes - {"unknown"} == set(support._MESSAGES)
    for code in codes:
        assert f"support.{code}" in ENGLISH
        assert f"support.{code}.advice" in ENGLISH


def test_error_is_said_in_the_language_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page.texts, "_LANGUAGE", "de")

    class NewError(pywebllm.DownloadError):
        """An error that has no text of its own."""

    found = problem_of(NewError("the server is gone", advice="Wait."))
    assert found.what == "Eine Datei konnte nicht heruntergeladen werden."
    assert found.detail == "the server is gone. Wait."


def test_numbers_are_written_as_the_language_of_the_page_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert page.texts.number(1234.5, ",.1f") == "1,234.5"
    monkeypatch.setattr(page.texts, "_LANGUAGE", "de")
    assert page.texts.number(1234.5, ",.1f") == "1.234,5"
    assert amounts.size(9_400_000) == "9,4 MB"
    assert read_form({"temperature": "0,7"}).temperature == 0.7

"""Messages, docstrings and documentation use the field's words; CONTRIBUTING.md names them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from site_files.page import render_page

ROOT = Path(__file__).parents[2]

# What must not be written, and what to write instead.
WORDS = {
    r"\bmend(s|ed|ing)?\b": "fix, work around, patch",
    r"\b(is|be|as|not|no) a text\b(?! (completion|part))": "a string",
    r"\b(are|as|be|or) texts\b": "strings",
    r"\bwhole numbers?\b": "an integer",
    r"\b(is|are) (a|an|one|True|some)\b[^.:]*, got\b": "must be …, got …",
    r"\b(tell|tells|told|telling)\b": "report, notify, return, say in words",
    r"\b(hear|hears|heard)\b": "is called with, receives",
    r"\bnews\b": "event",
    r"\b(go|goes|going|gone|went) on with\b": "resume, continue",
    r"\bof one's own\b": "custom, your own",
    r"\banew\b": "again",
    r"\bfor ever\b": "indefinitely",
    r"\bbehind\b": "after",
    r"\bit is none\b": "is not a …",
    r"\blikeliest\b": "most likely",
    r"\bmisfits?\b": "mismatch",
    r"\bcut off\b": "truncated",
    r"\bhonour|\binitialis|\bbehaviour\b|\bcolour|\blicence\b": "the American spelling",
}

# The prompt of the built-in model is what it was trained on, word for word.
NOT_OURS = {
    "app/pywebllm/persona/prompt.py": re.compile(r"You write personas|exactly these fields")
}

PYTHON = [*sorted((ROOT / "app").rglob("*.py")), ROOT / "serve.py"]
JAVASCRIPT = [ROOT / "webllm_bridge.js", *sorted((ROOT / "bridge").rglob("*.js"))]
SCRIPTS = [*JAVASCRIPT, *sorted((ROOT / "static").glob("*.js"))]
PROSE = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


class PageText(HTMLParser):
    """The text of a page that a visitor reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.found.append((self.getpos()[0], data))


def python_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield all string literals, docstrings and comments of a module with their lines."""
    source = path.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(source)))
    joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in joined for part in node.values}
    yield from ((node.lineno, _literal(node)) for node in joined)
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value
    for number, line in enumerate(source.splitlines(), 1):
        if (comment := re.search(r"(?:^|\s)#\s(.*)", line)) is not None:
            yield number, comment[1]


def _literal(node: ast.JoinedStr) -> str:
    # What is filled in stands as a placeholder, so that "got {value}" is one sentence.
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
    )


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file; a JSON key, an import or an address is not prose."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not re.match(r"\s*(import|export|from)\b", line):
            yield number, line


def faults(path: Path, texts: Iterator[tuple[int, str]]) -> list[str]:
    """Return what is wrong in the texts, as `file:line: what, write …`."""
    name = path.relative_to(ROOT).as_posix()
    exempt = NOT_OURS.get(name)
    return [
        f"{name}:{number}: {match[0]!r}, write: {instead}"
        for number, text in texts
        if exempt is None or not exempt.search(text)
        for pattern, instead in WORDS.items()
        if (match := re.search(pattern, " ".join(text.split()), re.IGNORECASE)) is not None
    ]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PYTHON, ids=_name)
def test_python_messages_and_docstrings_use_the_fields_words(path: Path) -> None:
    assert faults(path, python_texts(path)) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_javascript_messages_and_comments_use_the_fields_words(path: Path) -> None:
    assert faults(path, lines(path)) == []


@pytest.mark.parametrize("path", PROSE, ids=_name)
def test_documentation_uses_the_fields_words(path: Path) -> None:
    assert faults(path, lines(path)) == []


def test_the_page_uses_the_fields_words() -> None:
    text = PageText(render_page(ROOT, "en"))
    assert len(text.found) > 30
    assert faults(ROOT / "static/index.html", iter(text.found)) == []


def test_texts_of_the_page_use_the_fields_words() -> None:
    path = ROOT / "app/page/texts/en.json"
    assert faults(path, lines(path)) == []


@pytest.mark.parametrize(
    "bad",
    [
        'raise ValueError("Mend it.")',
        'refuse(path, f"is a list, got {value!r}")',
        'def load():\n    """Tell how far it is."""',
        "x = 1  # told once",
    ],
)
def test_a_word_that_must_not_be_used_is_found(bad: str, tmp_path: Path) -> None:
    module = ROOT / "app" / "bad.py"
    path = tmp_path / "bad.py"
    path.write_text(bad, encoding="utf-8")
    assert len(faults(module, python_texts(path))) == 1

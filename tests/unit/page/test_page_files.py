"""index.html, its stylesheet, its scripts and the page's Python agree with each other."""

from __future__ import annotations

import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

from page.setup.view import State
from pywebllm.persona.prompt import FIELDS

from site_files.page import render_page

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "static"


class Elements(HTMLParser):
    """All start tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def values(self, name: str) -> list[str]:
        """Return the values of an attribute, in the page's order."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]


def index() -> Elements:
    return Elements(render_page(ROOT, "en"))


def test_every_element_the_page_looks_up_is_there_once() -> None:
    ids = index().values("id")
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "app/page").rglob("*.py"))
    asked = re.findall(r'_?element\("([\w-]+)"\)', sources)
    asked += re.findall(r'element\("([\w-]+)"\)', (STATIC / "start.js").read_text("utf-8"))
    assert len(asked) > 15
    assert set(asked) <= set(ids)
    assert len(ids) == len(set(ids))


def test_form_has_a_labeled_control_for_each_known_field() -> None:
    tags = index().tags
    begin = tags.index(next(tag for tag in tags if tag[1].get("id") == "form"))
    end = tags.index(next(tag for tag in tags[begin:] if tag[0] == "section"))
    tags = tags[begin:end]
    names = {
        attributes["name"] for tag, attributes in tags if tag in {"input", "select", "textarea"}
    }
    labeled = {attributes["for"] for tag, attributes in tags if tag == "label"}
    assert names == set(FIELDS) == labeled


def test_stylesheet_covers_every_state() -> None:
    style = "".join(path.read_text("utf-8") for path in (STATIC / "css").glob("*.css"))
    styled = set(re.findall(r'data-state="(\w+)"', style))
    assert styled == {"starting", *get_args(State)}


def test_page_preloads_what_pyscript_imports_while_it_starts() -> None:
    links = [
        attributes["href"]
        for _, attributes in index().tags
        if attributes.get("rel") == "modulepreload"
    ]
    names = [Path(link).name for link in links if link.startswith("vendor/pyscript/")]
    plugins = ["deprecations-manager", "donkey", "error", "py-editor", "py-game", "py-terminal"]
    parts = ["core", *plugins]
    assert sorted(re.sub(r"-[\w-]{8}\.js$", "", name) for name in names) == sorted(
        ["core.js", *parts]
    )
    dist = ROOT / "node_modules/@pyscript/core/dist"
    assert all((dist / name).is_file() for name in names)
    core = next(dist.glob("core-*.js")).read_text("utf-8")
    assert all(name in core for name in names if name.startswith(tuple(plugins)))


def test_policy_allows_this_origin_only() -> None:
    (policy,) = (
        attributes["content"]
        for _, attributes in index().tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self' 'wasm-unsafe-eval'"
    others = {
        source
        for name, sources in directives.items()
        if name not in ("script-src", "img-src")
        for source in sources.split()
    }
    assert others == {"'self'", "'none'"}
    # Pictures that the page itself makes; none can be fetched.
    assert directives["img-src"] == "'self' blob:"


def test_page_has_no_inline_code_or_style() -> None:
    tags = index().tags
    scripts = [attributes for tag, attributes in tags if tag == "script"]
    data = [script for script in scripts if script.get("type") == "application/json"]
    assert {script["id"] for script in data} == {"start-texts", "early-requests"}
    assert all("src" in script for script in scripts if script not in data)
    assert not [tag for tag, attributes in tags if tag == "style" or "style" in attributes]
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


def test_links_are_relative() -> None:
    manifest = json.loads((STATIC / "site.webmanifest").read_text("utf-8"))
    links = [*index().values("href"), *index().values("src"), manifest["start_url"]]
    links += [icon["src"] for icon in manifest["icons"]]
    assert links
    assert not [link for link in links if re.match(r"[a-z]+:|/", link)]


def test_page_names_the_wheel_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = re.findall(r"pywebllm-[\w.]+-py3-none-any\.whl", render_page(ROOT, "en"))
    assert set(named) == {f"pywebllm-{project['version']}-py3-none-any.whl"}


def test_interpreter_is_the_site_s_own() -> None:
    config = json.loads((STATIC / "pyscript.json").read_text("utf-8"))
    assert config["interpreter"] == "./start/python.js"
    source = (STATIC / "start/python.js").read_text("utf-8")
    assert "vendor/pyodide/pyodide.mjs" in source
    assert "://" not in source
    assert "packages" not in config, "packages would be asked of an index"

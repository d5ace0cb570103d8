"""The tables of hosts in the documentation, against the examples, the packages and the tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.browser.test_pyodide_versions import PLACES
from tests.pages import PAGES

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PACKAGE = json.loads((ROOT / "package.json").read_text("utf-8"))
PINNED = PACKAGE["dependencies"] | PACKAGE["devDependencies"]
TESTS = "".join(
    (ROOT / f"tests/browser/{name}.py").read_text("utf-8")
    for name in ("test_examples", "test_notebooks", "notebook_sites")
)


def rows(first: str) -> list[list[str]]:
    """Return the rows of the table whose first header is this one."""
    table = PAGES["guides/hosts.md"].partition(f"\n| {first} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def version(alias: str) -> str:
    return str(PINNED[alias]).removeprefix("npm:pyodide@")


def test_each_host_has_an_example_and_each_example_a_host() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert {row[4] for row in rows("host")} == folders
    listed = re.findall(r"^\| \[`([\w-]+)`\]\(\1\)", (EXAMPLES / "README.md").read_text(), re.M)
    assert set(listed) == folders


def test_examples_said_to_be_tested_are_named_by_a_test() -> None:
    whole = {row[4] for row in rows("host") if row[5] == "whole"}
    assert whole == {row[4] for row in rows("host")} - {"stlite", "panel"}
    assert {name for name in whole if f'"{name}"' not in TESTS} == set()


def test_versions_of_hosts_are_those_of_the_examples() -> None:
    for host, written, _, _, folder, _ in rows("host"):
        text = "".join(path.read_text("utf-8") for path in EXAMPLES.glob(f"{folder}/*.*"))
        if "Panel" in host:
            continue  # the app names no version
        assert written in text, f"{host} {written}"


def test_examples_load_the_pinned_versions() -> None:
    files = [path for path in EXAMPLES.rglob("*") if path.suffix in (".html", ".js")]
    text = "".join(path.read_text("utf-8") for path in files)
    assert set(re.findall(r"pyodide/v([\d.]+\d)", text)) == {PINNED["pyodide"]}
    assert set(re.findall(r"@pyscript/core@([\d.]+\d)", text)) == {PINNED["@pyscript/core"]}


def test_versions_of_pyodide_are_those_that_are_tested() -> None:
    found = {row[0]: row[2] for row in rows("Pyodide")}
    tested: dict[str, set[str]] = {}
    for alias, place in PLACES.values():
        kind = place if place == "page" else f"{place} worker"
        tested.setdefault(version(alias), set()).add(kind)
    tested[PINNED["pyodide"]].add("page")  # where most tests run
    assert {name: set(places.split(", ")) for name, places in found.items()} == tested


def test_sdk_of_each_pyodide_is_what_its_lock_file_names() -> None:
    for number, *_, sdk in rows("Pyodide"):
        (alias,) = (it for it in ("pyodide", *_aliases()) if version(it) == number)
        lock = json.loads((ROOT / "node_modules" / alias / "pyodide-lock.json").read_text())
        assert lock["packages"]["openai"]["version"] == sdk


def _aliases() -> set[str]:
    return {alias for alias, _ in PLACES.values()} - {"pyodide"}

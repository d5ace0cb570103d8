"""The tables of docs/libraries.md say what is tested."""

from __future__ import annotations

import re

from tests.libraries.programs import PROGRAMS
from tests.libraries.sets import IN_PAGE, PURE, REQUIREMENTS, pins
from tests.libraries.stand_ins import STAND_INS
from tests.pages import PAGES

ON_CPYTHON = "libraries/requirements.txt"


def rows(beginning: str) -> list[list[str]]:
    """Return the rows of the table whose head begins so."""
    text = PAGES["libraries.md"].partition(f"| {beginning} |")[2].partition("\n\n")[0]
    _, _, *lines = text.splitlines()
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def program_of(library: str) -> str:
    """Return the program of a library: its name, less the part of it that is installed."""
    return re.sub(r"-(sdk|slim|ext)$|(?<=framework)-openai$", "", library).replace("-", "_")


def test_each_library_has_a_row_with_its_version_and_where_it_runs() -> None:
    pinned = pins(ON_CPYTHON) | pins(REQUIREMENTS["newest"][0]) | pins(REQUIREMENTS["newest"][1])
    found = {
        program_of(library): [version, in_page == "yes", on_lock == "yes"]
        for library, version, _, in_page, on_lock in rows("library | version")
    }
    names = {program_of(library): library for library, *_ in rows("library | version")}
    assert found == {
        name: [
            pinned[names[name]],
            name in IN_PAGE["newest"],
            name in IN_PAGE["lock file"] or name not in IN_PAGE["newest"],
        ]
        for name in PROGRAMS
    }


def test_packages_that_the_tests_stand_in_for_are_named() -> None:
    found = {package: how for package, _, how in rows("package | needed by")}
    assert found == {
        **dict.fromkeys(STAND_INS, "a stand-in"),
        **dict.fromkeys(pins(PURE), "without its extension module"),
    }


def test_sdk_of_the_lock_file_is_the_same_in_the_page_and_on_cpython() -> None:
    in_page = pins(REQUIREMENTS["lock file"][-1])
    on_cpython = pins("libraries/lock-requirements.txt")
    for name in ("openai", "httpx"):
        assert in_page[name] == on_cpython[name]


def test_libraries_have_one_version_in_the_page_and_on_cpython() -> None:
    in_page = pins(REQUIREMENTS["newest"][0]) | pins(REQUIREMENTS["newest"][1])
    on_cpython = pins(ON_CPYTHON)
    both = in_page.keys() & on_cpython.keys()
    assert {"langchain-openai", "openai", "pydantic"} <= both
    assert {name: in_page[name] for name in both} == {name: on_cpython[name] for name in both}

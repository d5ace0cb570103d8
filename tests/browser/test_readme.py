"""The README's code runs unchanged, in a bare page with the wheel."""

from __future__ import annotations

import re

import pytest

from model.browser.python import PagePython
from model.browser.site import ROOT
from tests.browser.examples import run_program
from tests.readme import README, examples


@pytest.mark.parametrize("heading", examples())
def test_example_of_readme_prints_what_it_says(sdk_python: PagePython, heading: str) -> None:
    step = examples()[heading]
    (printed,) = run_program(sdk_python.page, [step])
    assert step.agrees(printed), printed
    assert ("Ada" in printed) == ("Ada" in step.code)


def test_readme_names_files_that_exist() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []

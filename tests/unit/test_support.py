"""The words for what is missing in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from pywebllm.support import explain

BRIDGE = Path(__file__).parents[2] / "webllm_bridge.js"
CODES = ["insecure-context", "limits", "no-adapter", "no-webgpu"]


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_one_of_the_bridge(code: str) -> None:
    assert f'"{code}"' in BRIDGE.read_text()


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_explained_in_words_of_its_own(code: str) -> None:
    problem, advice = explain(code)
    assert code not in problem
    assert problem.endswith(".")
    assert advice.endswith(".")


def test_an_unknown_code_is_told_with_general_advice() -> None:
    problem, advice = explain("new-code")
    assert "new-code" in problem
    assert "Chrome" in advice

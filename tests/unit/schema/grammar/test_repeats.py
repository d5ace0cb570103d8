"""Repeats with an upper bound."""

from __future__ import annotations

import json
import re

import pytest
from pywebllm.schema import grammar_of

from tests.unit.schema.interpreter import Grammar


@pytest.mark.parametrize(("least", "most"), [(0, 48), (0, 49), (0, 500), (7, 100), (3, 2000)])
def test_long_repeats_are_written_in_blocks_and_keep_their_bounds(least: int, most: int) -> None:
    found = Grammar.read(grammar_of({"type": "string", "minLength": least, "maxLength": most}))
    lengths = {0, least - 1, least, least + 1, 63, 64, 255, 256, most - 1, most, most + 1}
    for length in lengths:
        if length >= 0:
            assert found.accepts(f'"{"é" * length}"') is (least <= length <= most), length
    text = grammar_of({"items": {"const": 1}, "minItems": least, "maxItems": most})
    items = Grammar.read(text)
    for length in (least, 50, most, most + 1):
        assert items.accepts(json.dumps([1] * length)) is (least <= length <= most), length
    # What xgrammar 0.1.27 is slow with.
    optional = [int(high) - int(low) for low, high in re.findall(r"\{(\d+),(\d+)\}", text)]
    assert max(optional) <= 48


def _lengths(least: int, most: int) -> set[int]:
    """Return all lengths up to 64, and of larger ones those near bounds and powers of two."""
    ends = (least, most, 128, 256)
    near = {end + more for end in ends for more in range(-4, 5)}
    return {length for length in {*range(65), *near} if 0 <= length <= most + 2}


@pytest.mark.parametrize(
    ("least", "most"), [(0, 7), (1, 8), (0, 9), (2, 24), (1, 35), (1, 48), (0, 49), (3, 300)]
)
def test_long_runs_of_a_class_keep_their_bounds_with_few_positions(least: int, most: int) -> None:
    text = grammar_of({"type": "string", "pattern": f"^[^,]{{{least},{most}}}$"})
    escaped = grammar_of({"type": "string", "pattern": f'^[^"\\\\\\x00-\\x1f]{{{least},{most}}}$'})
    for found in map(Grammar.read, (text, escaped)):
        for length in _lengths(least, most):
            assert found.accepts(f'"{"é" * length}"') is (least <= length <= most), length
    # For each of them xgrammar 0.1.27 looks at all tokens when it reads the grammar.
    counts = re.findall(r"\]\{(?:\d+,)?(\d+)\}", escaped)
    assert sum(map(int, counts)) <= least + 10
    assert len(re.findall("^(?:one|last).* ::= ", escaped, re.MULTILINE)) <= 7

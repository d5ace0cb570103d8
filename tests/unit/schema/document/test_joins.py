"""Two values of one keyword that both apply."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.schema.document.keywords import KEYWORDS


@pytest.mark.parametrize(
    ("name", "left", "right", "joined"),
    [
        ("minimum", 1, 2, 2),
        ("maxLength", 5, 3, 3),
        ("multipleOf", 4, 6, 12),
        ("type", "number", "integer", ["integer"]),
        ("type", "string", "null", []),
        ("enum", [1, 2, True], [True, 2.0, 1], [1, True]),
        ("required", ["a", "b"], ["b", "c"], ["a", "b", "c"]),
        ("uniqueItems", True, False, True),
        ("items", {"minimum": 1}, {"minimum": 1}, {"minimum": 1}),
        ("items", {"minimum": 1}, {"maximum": 1}, {"allOf": [{"minimum": 1}, {"maximum": 1}]}),
        ("multipleOf", 0.5, 0.75, 1.5),
        ("pattern", "^a", "b$", ("^a", "b$")),
        ("anyOf", [{"minimum": 1}], [{"maximum": 1}], ([{"minimum": 1}], [{"maximum": 1}])),
    ],
)
def test_two_values_of_a_keyword_become_one(
    name: str, left: Any, right: Any, joined: object
) -> None:
    join = KEYWORDS[name].join
    assert join is not None
    assert join(left, right) == joined

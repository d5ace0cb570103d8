"""JSON from outside."""

from __future__ import annotations

import json

import pytest
from pywebllm.json_text import NestingError, read_json


@pytest.mark.parametrize(
    "text",
    ['{"a": [1, "[", "{\\"{"]}', "[]", "3", "[" * 500 + "]" * 500, json.dumps(["[{"] * 1000)],
)
def test_value_is_that_of_json_loads(text: str) -> None:
    assert read_json(text) == json.loads(text)
    assert read_json(text.encode("utf-16")) == json.loads(text)


@pytest.mark.parametrize("text", ["[" * 501, '{"a":' * 501, '["]]", ' * 501, "[" * 501 + "]" * 501])
def test_deep_nesting_is_refused_before_it_is_read(text: str) -> None:
    with pytest.raises(NestingError, match="more than 500 levels"):
        read_json(text)


@pytest.mark.parametrize("text", ["", "{", "[1,]", '"a', "]" * 501])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(text)

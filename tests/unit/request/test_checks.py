"""Checks of single values: what they accept, and the messages for everything else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pytest
from pywebllm.chat.call import read_call
from pywebllm.chat.parameters import PARAMETERS as CHAT
from pywebllm.completions.call import PARAMETERS as COMPLETION
from pywebllm.completions.call import read_completion_call
from pywebllm.embeddings import PARAMETERS as EMBEDDING
from pywebllm.embeddings import read_embedding_call
from pywebllm.errors import InvalidRequestError
from pywebllm.request.checks import (
    Check,
    boolean,
    check_keys,
    integer,
    items,
    mapping,
    nonempty_string,
    number,
    one_of,
    plain,
    refuse,
    shown,
    string,
)

LARGEST = 2**53 - 1
USER = {"role": "user", "content": "Hi"}
# One value of each type, and those whose message could be long.
VALUES: list[Any] = [
    5,
    -1,
    0.5,
    math.inf,
    True,
    "",
    "x",
    b"x",
    [],
    [5],
    [None],
    {},
    {"x": 1},
    object,
    object(),
    10**5000,
    "x" * 10**6,
    [["x" * 10**6] * 100] * 100,
    {"x" * 10**6: 1},
]


def problem(check: Check, value: object) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        check("a.b", value)
    assert caught.value.param == "a.b"
    return caught.value.problem


def refusal(read: Any, body: Mapping[str, object]) -> InvalidRequestError | None:
    try:
        read(body)
    except InvalidRequestError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (boolean, 1, "a.b must be a boolean, got 1"),
        (string, 5, "a.b must be a string, got 5"),
        (nonempty_string, "", "a.b must be a non-empty string, got ''"),
        (mapping, [1], "a.b must be a mapping, got [1]"),
        (items, "x", "a.b must be a list, got 'x'"),
        (items, {"x": 1}, "a.b must be a list, got {'x': 1}"),
        (one_of("x"), "y", "a.b must be 'x', got 'y'"),
        (one_of("x", "y"), ["x"], "a.b must be 'x' or 'y', got ['x']"),
        (one_of("x", "y", "z"), 1, "a.b must be 'x', 'y' or 'z', got 1"),
        (number(0, 2), 3, "a.b must be a number from 0 to 2, got 3"),
        (number(0, 1, above=True), 0, "a.b must be a number greater than 0 and at most 1, got 0"),
        (number(0, above=True), math.inf, "a.b must be a finite number greater than 0, got inf"),
        (integer(1), 0, "a.b must be an integer from 1, got 0"),
        (integer(1), LARGEST + 1, f"a.b must be an integer from 1 to {LARGEST}, got {LARGEST + 1}"),
        (integer(0, 5, why="no more"), 6, "a.b must be an integer from 0 to 5, got 6: no more"),
        (integer(0, 5, why="no more"), True, "a.b must be an integer from 0 to 5, got True"),
    ],
    # The address of a function differs between processes.
    ids=lambda part: part.__qualname__ if callable(part) else repr(part),
)
def test_message_says_what_a_value_must_be(check: Check, value: object, message: str) -> None:
    assert problem(check, value) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"stop": 5}, "stop must be a string or a list of strings, got 5"),
        ({"stop": ["x", 5]}, "stop[1] must be a non-empty string, got 5"),
        ({"resumable": 5}, "resumable must be a boolean or a mapping, got 5"),
        ({"tool_choice": 5}, "tool_choice must be 'none', 'auto', 'required' or a mapping, got 5"),
        ({"modalities": ["audio"]}, "modalities must be ['text'], got ['audio']: "),
        ({"store": True}, "store must be False, got True: answers are not stored"),
        ({"audio": {}}, "audio is not supported: WebLLM generates text only"),
        (
            {"messages": [{"role": "user", "content": 5}]},
            "messages[0].content must be a string or a list of parts, got 5",
        ),
        (
            {"messages": [{"role": "system", "content": 5}, USER]},
            "messages[0].content must be a string or a list of text parts, got 5",
        ),
        (
            {"messages": [5]},
            "messages[0] must be a mapping or a message of an earlier answer, got 5",
        ),
        (
            {"response_format": {"type": "json_object", "schema": 5}},
            "response_format.schema must be a mapping or a string with a JSON object, got 5",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_message_for_a_chat_names_every_accepted_type(body: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_call({"messages": [USER], **body})
    assert caught.value.problem.startswith(message)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            5,
            "input must be a string, a list of strings, a list of token IDs or a list of such"
            " lists, got 5",
        ),
        ([None], "input[0] must be a string, a token ID or a list of token IDs, got None"),
        ([[1], 5], "input[1] must be a list of token IDs, got 5"),
        (["a", 5], "input[1] must be a non-empty string, got 5"),
        ([[1], []], "input[1] must be a non-empty list of token IDs, got []"),
    ],
    ids=repr,
)
def test_message_for_an_embedding_input_names_every_accepted_type(
    given: object, message: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_embedding_call({"input": given})
    assert caught.value.problem == message


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    ("read", "body", "table"),
    [
        (read_call, {"messages": [USER]}, CHAT),
        (read_completion_call, {"prompt": "a"}, COMPLETION),
        (read_embedding_call, {"input": "a"}, EMBEDDING),
    ],
    ids=["chat", "completion", "embedding"],
)
def test_message_for_any_value_of_any_parameter_is_short(
    read: Any, body: Mapping[str, object], table: Mapping[str, object], value: object
) -> None:
    errors = [error for name in table if (error := refusal(read, {**body, name: value}))]
    assert errors
    for error in errors:
        assert len(str(error)) < 700
        assert error.param is not None
        assert error.problem.startswith(error.param)
        assert len(error.param) <= 200


def test_value_in_a_message_is_shortened() -> None:
    assert shown("x" * 10**6).startswith("'xxx")
    assert len(shown("x" * 10**6)) <= 200
    assert len(shown([["x" * 10**6] * 100] * 100)) <= 200
    assert shown(10**5000) == "<int>"
    assert shown("short") == "'short'"


def test_path_in_a_message_is_shortened() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        refuse("x" * 10**6, "is wrong")
    assert caught.value.param == "x" * 199 + "…"
    assert len(caught.value.problem) < 220


def test_unknown_key_is_refused_with_the_most_similar_one() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_keys("a", {"contents": 1}, ("role", "content"))
    assert caught.value.problem == "a.contents is not a known key. Did you mean 'content'?"
    assert caught.value.param == "a.contents"


def test_mapping_drops_items_that_are_none() -> None:
    assert mapping("a", {"x": None, "y": 0}) == {"y": 0}


def test_dataclasses_and_tuples_become_plain_json_values() -> None:
    @dataclass
    class Point:
        x: int

    assert plain({1: (Point(2),)}, "a") == {"1": [{"x": 2}]}


class Size(int, Enum):
    SMALL = 1


class Named(str, Enum):  # noqa: UP042 - whose `str()` is not its value
    RED = "red"


def test_subclasses_of_strings_and_numbers_become_what_json_writes_for_them() -> None:
    """`str()` and f-strings write `Named.RED`, and grammars know the exact types only."""
    found = plain({Named.RED: [Named.RED, Size.SMALL, np.float64(1.5), True]}, "a")
    assert found == {"red": ["red", 1, 1.5, True]}
    assert json.dumps(found) == '{"red": ["red", 1, 1.5, true]}'
    (key, values), *_ = found.items()
    assert [type(it) for it in (key, *values)] == [str, str, int, float, bool]
    for check in (string, nonempty_string, one_of("red", "blue")):
        assert type(check("a", Named.RED)) is str


@pytest.mark.parametrize("value", ["ab", b"ab", bytearray(b"ab"), memoryview(b"ab"), {"a": 1}])
def test_text_bytes_and_mappings_are_no_lists(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="must be a list"):
        items("a", value)


@pytest.mark.parametrize("name", ["reasoning_effort", "model", "guided_json"])
def test_array_of_numpy_is_refused_as_any_other_value(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=name):
        read_call({"messages": [USER], name: np.zeros(2)})

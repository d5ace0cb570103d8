"""The body of a request from keyword arguments."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.request.body import one_answer_body, request_body


def test_parameter_that_is_none_is_not_in_the_body() -> None:
    assert request_body({"messages": [], "seed": None, "temperature": 0}, stream=None) == {
        "messages": [],
        "temperature": 0,
    }


def test_timeout_is_not_in_the_body() -> None:
    assert request_body({"timeout": 3.0, "user": "ada"}) == {"user": "ada"}


def test_additional_keyword_overrides_a_parameter() -> None:
    assert request_body({"tools": "a function"}, tools="its description") == {
        "tools": "its description"
    }


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": 1, "extra_body": {"n": 2}}, "n"),
        ({"stream": True}, "stream"),
        ({"extra_body": {"stream": False}}, "stream"),
        ({"extra_body": 3}, "extra_body"),
    ],
)
def test_parameter_that_a_method_does_not_take_is_refused(
    parameters: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequestError, match=param) as caught:
        one_answer_body(parameters, refused={"stream": "it is whole"})
    assert caught.value.param == param


def test_extra_body_is_merged_into_a_body_for_one_answer() -> None:
    given = {"n": None, "seed": 1, "extra_body": {"ignore_eos": True, "seed": 2, "stream": None}}
    body = one_answer_body(given, refused={"stream": "it is whole"})
    assert body == {"seed": 2, "ignore_eos": True}

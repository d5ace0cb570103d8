"""Keyword arguments become a body, and the timeout does not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.resources.body import one_answer_body, read_timeout, request_body


def test_what_was_not_given_is_not_in_the_body() -> None:
    assert request_body({"messages": [], "seed": None, "temperature": 0}, stream=None) == {
        "messages": [],
        "temperature": 0,
    }


def test_the_timeout_is_not_the_models_business() -> None:
    assert request_body({"timeout": 3.0, "user": "ada"}) == {"user": "ada"}


def test_what_a_method_adds_comes_on_top() -> None:
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
def test_what_a_method_does_not_take_is_refused_by_name(
    parameters: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequestError, match=param) as caught:
        one_answer_body(parameters, refused={"stream": "it is whole"})
    assert caught.value.param == param


def test_what_is_in_extra_body_is_in_the_body_and_none_is_not_given() -> None:
    given = {"n": None, "seed": 1, "extra_body": {"ignore_eos": True, "seed": 2, "stream": None}}
    body = one_answer_body(given, refused={"stream": "it is whole"})
    assert body == {"seed": 2, "ignore_eos": True}


def test_a_request_without_a_timeout_has_the_clients() -> None:
    assert read_timeout(None, 5.0) == 5.0
    assert read_timeout(None) is None
    assert read_timeout(2, 5.0) == 2.0


def test_an_infinite_timeout_waits_for_ever_though_the_client_has_one() -> None:
    assert read_timeout(math.inf, 5.0) is None


@pytest.mark.parametrize("seconds", [0, -1, math.nan, True, "3"])
def test_a_timeout_that_is_no_number_above_0_is_refused(seconds: Any) -> None:
    with pytest.raises(InvalidRequestError, match="a number of seconds above 0") as caught:
        read_timeout(seconds)
    assert caught.value.param == "timeout"

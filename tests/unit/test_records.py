"""What a caller asks for is checked when it is made."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.requests import ChatRequest, Message, ModelRecord

HELLO = (Message(role="user", content="Hello"),)


@pytest.mark.parametrize("temperature", [0, 0.0, 0.7, 1, 2, None])
def test_a_temperature_from_0_to_2_is_taken(temperature: float | None) -> None:
    assert ChatRequest(messages=HELLO, temperature=temperature).temperature == temperature


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan"), float("inf"), True, "1", [1]])
def test_another_temperature_is_refused(temperature: Any) -> None:
    with pytest.raises(InvalidRequestError, match="temperature is a number from 0 to 2, got"):
        ChatRequest(messages=HELLO, temperature=temperature)


@pytest.mark.parametrize("max_tokens", [0, -1, 1.5, True, "20"])
def test_a_length_below_1_or_no_integer_is_refused(max_tokens: Any) -> None:
    with pytest.raises(InvalidRequestError, match="max_tokens is an integer from 1, got"):
        ChatRequest(messages=HELLO, max_tokens=max_tokens)


@pytest.mark.parametrize("seed", [2**53, -(2**53), 1.0, False])
def test_a_seed_that_javascript_cannot_hold_is_refused(seed: Any) -> None:
    with pytest.raises(InvalidRequestError, match="seed is an integer from -9007199254740991"):
        ChatRequest(messages=HELLO, seed=seed)


@pytest.mark.parametrize("seed", [0, 2**53 - 1, -(2**53) + 1])
def test_a_seed_that_javascript_holds_exactly_is_taken(seed: int) -> None:
    assert ChatRequest(messages=HELLO, seed=seed).seed == seed


def test_a_request_without_messages_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="at least one message"):
        ChatRequest(messages=())


@pytest.mark.parametrize(("role", "content"), [("robot", "hi"), ("user", None), ("user", b"hi")])
def test_a_message_of_another_role_or_type_is_refused(role: Any, content: Any) -> None:
    with pytest.raises(InvalidRequestError, match="a message's"):
        Message(role=role, content=content)


@pytest.mark.parametrize("missing", ["model_id", "model", "model_lib"])
@pytest.mark.parametrize("value", ["", " ", None, 5])
def test_a_record_names_what_it_misses(missing: str, value: Any) -> None:
    texts: dict[str, Any] = {"model_id": "m", "model": "./m/", "model_lib": "./m.wasm"}
    with pytest.raises(InvalidRequestError, match=f"a model record needs {missing}"):
        ModelRecord(**(texts | {missing: value}))


@pytest.mark.parametrize("features", ["shader-f16", 5, (5,), {"shader-f16": True}])
def test_a_record_whose_features_are_no_tuple_of_names_is_refused(features: Any) -> None:
    with pytest.raises(InvalidRequestError, match="required_features is a list of names"):
        ModelRecord(model_id="m", model="m/", model_lib="m.wasm", required_features=features)


def test_requests_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        HELLO[0].content = "Bye"  # type: ignore[misc]

"""What names a model, and the parameters of sampling, are checked when they are given."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import InvalidRequestError
from pywebllm.records import ModelRecord, check_sampling, id_of

RECORD = ModelRecord(model_id="m", model="m/", model_lib="m.wasm")


@pytest.mark.parametrize("temperature", [0, 0.0, 0.7, 1, 2, None])
def test_a_temperature_from_0_to_2_is_taken(temperature: float | None) -> None:
    check_sampling(temperature=temperature, max_tokens=None)


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan"), float("inf"), True, "1", [1]])
def test_another_temperature_is_refused_by_its_name(temperature: Any) -> None:
    with pytest.raises(InvalidRequestError, match="a number from 0 to 2, got") as caught:
        check_sampling(temperature=temperature, max_tokens=None)
    assert caught.value.param == "temperature"


@pytest.mark.parametrize("max_tokens", [0, -1, 1.5, True, "20"])
def test_a_length_below_1_or_no_integer_is_refused_by_its_name(max_tokens: Any) -> None:
    with pytest.raises(InvalidRequestError, match="an integer from 1, got") as caught:
        check_sampling(temperature=None, max_tokens=max_tokens)
    assert caught.value.param == "max_tokens"


@pytest.mark.parametrize("seed", [2**53, -(2**53), 1.0, False])
def test_a_seed_that_javascript_cannot_hold_is_refused_by_its_name(seed: Any) -> None:
    with pytest.raises(InvalidRequestError, match="from -9007199254740991") as caught:
        check_sampling(temperature=None, max_tokens=None, seed=seed)
    assert caught.value.param == "seed"


@pytest.mark.parametrize("seed", [0, 2**53 - 1, -(2**53) + 1])
def test_a_seed_that_javascript_holds_exactly_is_taken(seed: int) -> None:
    check_sampling(temperature=None, max_tokens=None, seed=seed)


@pytest.mark.parametrize(
    ("model", "expected"), [(None, BUILTIN_MODEL), ("Llama", "Llama"), (RECORD, "m")]
)
def test_every_model_has_an_id(model: str | ModelRecord | None, expected: str) -> None:
    assert id_of(model) == expected


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


def test_a_record_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECORD.model_id = "n"  # type: ignore[misc]

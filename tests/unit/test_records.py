"""Checks of model records, and the ids of models."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import InvalidRequestError
from pywebllm.records import ModelRecord, id_of

RECORD = ModelRecord(model_id="m", model="m/", model_lib="m.wasm")


@pytest.mark.parametrize(
    ("model", "expected"), [(None, BUILTIN_MODEL), ("Llama", "Llama"), (RECORD, "m")]
)
def test_every_model_has_an_id(model: str | ModelRecord | None, expected: str) -> None:
    assert id_of(model) == expected


@pytest.mark.parametrize("missing", ["model_id", "model", "model_lib"])
@pytest.mark.parametrize("value", ["", " ", None, 5])
def test_record_without_a_required_string_is_rejected_with_its_name(
    missing: str, value: Any
) -> None:
    strings: dict[str, Any] = {"model_id": "m", "model": "./m/", "model_lib": "./m.wasm"}
    with pytest.raises(InvalidRequestError, match=f"{missing} of a model record must be"):
        ModelRecord(**(strings | {missing: value}))


@pytest.mark.parametrize("features", ["shader-f16", 5, (5,), {"shader-f16": True}])
def test_record_whose_features_are_not_a_tuple_of_strings_is_rejected(features: Any) -> None:
    with pytest.raises(InvalidRequestError, match="required_features must be a tuple of strings"):
        ModelRecord(model_id="m", model="m/", model_lib="m.wasm", required_features=features)


def test_record_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECORD.model_id = "n"  # type: ignore[misc]

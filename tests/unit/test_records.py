"""Checks of model records, and the ids of models."""

from __future__ import annotations

import dataclasses
import math
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


@pytest.mark.parametrize("gguf", [(), "", " ", 5, ["a.gguf"], ("a.gguf", 5), ("a.gguf", "")])
def test_gguf_that_is_neither_a_url_nor_a_tuple_of_urls_is_rejected(gguf: Any) -> None:
    with pytest.raises(InvalidRequestError, match="gguf of a model record must be a URL or"):
        ModelRecord(model_id="m", gguf=gguf)


@pytest.mark.parametrize("field", ["model", "model_lib"])
def test_record_of_both_engines_is_rejected(field: str) -> None:
    with pytest.raises(InvalidRequestError, match="either gguf, or model and model_lib"):
        ModelRecord(**{"model_id": "m", "gguf": "a.gguf", field: "x"})  # type: ignore[arg-type]


def test_gguf_of_one_file_has_one_part() -> None:
    assert ModelRecord(model_id="m", gguf="a.gguf").parts == ("a.gguf",)


def test_gguf_of_one_part_names_all_parts() -> None:
    names = ("x/a-00001-of-00002.gguf?token=1", "x/a-00002-of-00002.gguf?token=1")
    for name in names:
        assert ModelRecord(model_id="m", gguf=name).parts == names
    (alone,) = ModelRecord(model_id="m", gguf="a-00001-of-00001.gguf").parts
    assert alone == "a-00001-of-00001.gguf"
    assert RECORD.parts == ()


def test_record_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECORD.model_id = "n"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gpu_model_lib", 5),
        ("gpu_model_lib", " "),
        ("overrides", "x"),
        ("model_type", True),
        ("model_type", -1),
        ("model_type", "x"),
        ("integrity", 5),
        ("model_manifest", 5),
        ("vram_required_mb", "x"),
        ("vram_required_mb", -1),
        ("vram_required_mb", math.inf),
        ("low_resource_required", "x"),
        ("buffer_size_required_bytes", 1.5),
    ],
)
def test_optional_field_of_another_type_is_rejected_with_its_name(field: str, value: Any) -> None:
    known: dict[str, Any] = {"model_id": "m", "model": "m/", "model_lib": "m.wasm"}
    with pytest.raises(InvalidRequestError, match=f"{field} of a model record must be an? "):
        ModelRecord(**known, **{field: value})

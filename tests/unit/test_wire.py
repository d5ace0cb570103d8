"""From values to JSON strings and back."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywebllm import wire
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    EngineError,
    InvalidRequestError,
)
from pywebllm.records import ModelRecord, WllamaRecord
from pywebllm.values import Adapter, LoadProgress, Support

from tests.unit.fakes import loss

RECORD: dict[str, Any] = {"model_id": "m", "model": "https://x/m/", "model_lib": "https://x/m.wasm"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READERS = [
    wire.read_progress,
    wire.read_chunks,
    wire.read_result,
    wire.read_events,
    wire.read_support,
]


bodies = st.dictionaries(st.text(), json_values, max_size=4)


def without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


@given(bodies)
def test_body_crosses_complete_except_for_none(body: dict[str, object]) -> None:
    sent = json.loads(wire.generate_request("completions", body, model="m"))
    assert sent == {"kind": "completions", "request": {**without_null(body), "model": "m"}}


@given(bodies)
def test_json_that_crosses_is_ascii(body: dict[str, object]) -> None:
    # Lone surrogates, line separators and the like reach JavaScript only as escapes.
    assert wire.generate_request("completions", body, model="ü").isascii()


def test_mappings_and_tuples_of_any_kind_cross_as_objects_and_arrays() -> None:
    body = MappingProxyType({"extra_body": MappingProxyType({"a": (1, None), "b": None})})
    sent = json.loads(wire.generate_request("chat.completions", body, model="m"))
    assert sent["request"] == {"extra_body": {"a": [1, None]}, "model": "m"}


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf"), b"x", {1, 2}])
def test_body_or_query_that_is_not_json_serializable_is_rejected(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="is not JSON serializable"):
        wire.generate_request("chat.completions", {"messages": [value]}, model="m")
    with pytest.raises(InvalidRequestError, match="is not JSON serializable"):
        wire.query_request({"kind": "models", "x": value})


def test_body_that_contains_itself_is_rejected() -> None:
    body: dict[str, object] = {}
    body["self"] = body
    with pytest.raises(InvalidRequestError, match="is not JSON serializable"):
        wire.generate_request("chat.completions", body, model="m")


def test_query_crosses_unchanged() -> None:
    text = wire.query_request({"kind": "sessions.delete", "session_id": "s"})
    assert json.loads(text) == {"kind": "sessions.delete", "session_id": "s"}


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=3), max_size=5))
def test_chunks_are_read_as_the_engine_sent_them(chunks: list[dict[str, object]]) -> None:
    assert wire.read_chunks(json.dumps(chunks)) == chunks


@pytest.mark.parametrize("text", ["{}", "[1]", "[null]", '"x"', "null", "{"])
def test_json_that_is_not_a_list_of_chunks_is_an_engine_error(text: str) -> None:
    with pytest.raises(EngineError, match="sent chunks that could not be parsed"):
        wire.read_chunks(text)


@given(json_values)
def test_result_is_read_as_it_was_sent(value: object) -> None:
    assert wire.read_result(json.dumps(value)) == value


@given(st.floats(-10, 10))
def test_progress_stays_between_0_and_1(ratio: float) -> None:
    text = json.dumps({"phase": "load", "ratio": ratio, "text": "x", "elapsed": 2})
    found = wire.read_progress(text)
    assert 0 <= found.ratio <= 1
    assert found == LoadProgress(phase="load", ratio=found.ratio, text="x", elapsed=2.0)


def test_event_of_a_loss_is_read_as_its_error() -> None:
    (found,) = wire.read_events(loss("DeviceLostError", "gone"))
    assert type(found) is DeviceLostError
    assert found.problem == "gone"


def test_events_of_unknown_types_are_ignored() -> None:
    (found,) = wire.read_events('[{"type": "renamed"}, {"type": "disposed"}]')
    assert type(found) is DisposedError


@pytest.mark.parametrize("read", READERS)
@given(st.text() | json_values.map(json.dumps))
def test_string_that_cannot_be_parsed_is_an_engine_error_and_no_other(read: Any, text: str) -> None:
    with contextlib.suppress(EngineError):
        read(text)


def test_support_without_a_problem_is_ok() -> None:
    found = wire.read_support(
        '{"secure": true, "webgpu": true, "features": ["shader-f16"],'
        ' "limits": {"maxBufferSize": 1024},'
        ' "adapter": {"vendor": "v", "architecture": "a", "description": "d", "fallback": true}}'
    )
    assert (found.ok, found.problem, found.advice) == (True, "", "")
    assert found.adapter == Adapter(vendor="v", architecture="a", description="d", fallback=True)
    assert found.features == {"shader-f16"}
    assert found.limits == {"maxBufferSize": 1024}


WLLAMA = {"wllama": {"threads": 2}, "auto": {"engine": "wllama", "reason": "software-adapter"}}


def test_support_can_be_copied_stored_and_written_as_a_dictionary() -> None:
    text = '{"limits": {"maxBufferSize": 1}, "adapter": {"vendor": "nvidia", "fallback": false}}'
    for support in (wire.read_support(text), Support(ok=True)):
        assert copy.deepcopy(support) == support
        assert pickle.loads(pickle.dumps(support)) == support
        assert asdict(support)["limits"] == support.limits


def test_support_says_what_each_engine_can_do_and_which_one_is_taken() -> None:
    text = json.dumps({"problem": "no-webgpu", **WLLAMA})
    found = wire.read_support(text)
    assert (found.ok, found.engine, found.problem) == (True, "wllama", "")
    assert "emulates the GPU" in found.reason
    assert found.engines["wllama"].threads == 2
    assert "no WebGPU" in found.engines["webllm"].problem
    named = wire.read_support(text, engine="webllm")
    assert (named.ok, named.engine, named.reason) == (False, "webllm", "")
    assert named.problem == found.engines["webllm"].problem


def test_engine_that_is_named_and_not_installed_is_the_problem() -> None:
    found = wire.read_support("{}", engine="wllama")
    assert not found.ok
    assert "pywebllm-wllama" in found.advice
    assert found.engines["webllm"].ok


@pytest.mark.parametrize("text", ['{"engine": "other"}', "{}", "[]"])
def test_choice_that_cannot_be_read_is_an_engine_error(text: str) -> None:
    with pytest.raises(EngineError):
        wire.read_choice(text)


def test_gguf_record_crosses_without_the_fields_of_webllm() -> None:
    found = WllamaRecord(
        model_id="m", gguf="u", wllama_url="w", wasm_url="x", reason="does not cross"
    )
    assert json.loads(wire.load_request(found))["model"] == {
        "model_id": "m",
        "gguf": ["u"],
        "wllama_url": "w",
        "wasm_url": "x",
    }
    mapping = {"model_id": "m", "gguf": ["a", "b"]}
    assert wire.read_model(mapping) == ModelRecord(model_id="m", gguf=("a", "b"))


def test_support_names_the_thread_of_the_engine() -> None:
    assert wire.read_support('{"thread": "main"}').thread == "main"
    assert wire.read_support('{"thread": "worker"}').thread == "worker"
    assert wire.read_support("{}").thread == "worker"


def test_support_with_a_problem_explains_it() -> None:
    found = wire.read_support('{"secure": true, "webgpu": false, "problem": "no-webgpu"}')
    assert not found.ok
    assert "no WebGPU" in found.problem
    assert "Chrome" in found.advice
    assert found.adapter is None


def test_page_without_storage_is_supported_with_a_problem_that_says_what_is_limited() -> None:
    found = wire.read_support('{"secure": true, "webgpu": true, "storage": false}')
    assert (found.ok, found.storage) == (True, False)
    assert "cannot store files" in found.problem
    assert "allow-same-origin" in found.advice


def test_obstacle_is_reported_before_missing_storage() -> None:
    found = wire.read_support('{"storage": false, "problem": "no-adapter"}')
    assert (found.ok, found.storage) == (False, False)
    assert "no GPU adapter" in found.problem


def test_problem_of_support_names_the_limits_that_are_too_low() -> None:
    shortfall = {"name": "maxBufferSize", "value": 2**27, "needed": 2**28}
    text = json.dumps({"problem": "limits", "shortfalls": [shortfall]})
    assert "maxBufferSize is 128 MiB, needed: 256 MiB" in wire.read_support(text).problem
    assert wire.read_support('{"problem": "limits"}').problem.endswith("for the engine.")


def test_model_id_crosses_unchanged() -> None:
    assert json.loads(wire.load_request("Llama")) == {"model": "Llama"}
    found = json.loads(wire.load_request("Llama", stall_timeout=5.0))
    assert found == {"model": "Llama", "stall_timeout": 5.0}


def test_record_crosses_with_webllms_keys_and_without_null() -> None:
    record = ModelRecord(
        **RECORD,
        vram_required_mb=100,
        required_features=("shader-f16",),
        overrides={"context_window_size": 512},
    )
    assert json.loads(wire.load_request(record))["model"] == {
        **RECORD,
        "vram_required_MB": 100,
        "required_features": ["shader-f16"],
        "overrides": {"context_window_size": 512},
    }


def test_record_is_read_from_webllms_keys_and_back() -> None:
    mapping = {**RECORD, "vram_required_MB": 100, "required_features": ["shader-f16"]}
    found = wire.read_model(mapping)
    assert isinstance(found, ModelRecord)
    assert json.loads(wire.load_request(found))["model"] == mapping


def test_unknown_key_of_a_record_is_rejected_with_the_known_keys() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"no key 'model_url'; its keys are model_id, model, "
    ):
        wire.read_model({**RECORD, "model_url": "x"})


def test_record_without_a_library_is_rejected() -> None:
    with pytest.raises(InvalidRequestError, match="model_lib of a model record must be"):
        wire.read_model({"model_id": "m", "model": "https://x/m/"})


@pytest.mark.parametrize("features", ["shader-f16", 5, [5], {"shader-f16": True}])
def test_features_of_a_record_that_are_not_a_list_of_strings_are_rejected(features: Any) -> None:
    with pytest.raises(InvalidRequestError, match="required_features must be a tuple of strings"):
        wire.read_model({**RECORD, "required_features": features})


@pytest.mark.parametrize("model", ["", "  ", 5, ["m"], b"m"])
def test_value_that_is_not_a_model_is_rejected(model: Any) -> None:
    with pytest.raises(InvalidRequestError, match="model must be None"):
        wire.read_model(model)


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf"), b"x"])
def test_record_that_is_not_json_serializable_is_rejected(value: object) -> None:
    record = ModelRecord(**RECORD, overrides={"context_window_size": value})
    with pytest.raises(InvalidRequestError, match="is not JSON serializable"):
        wire.load_request(record)


def test_bridge_config_has_the_url_of_webllm_and_the_thread() -> None:
    text = wire.bridge_config(webllm_url="https://x/webllm.js", thread="worker")
    assert json.loads(text) == {"webllmUrl": "https://x/webllm.js", "thread": "worker"}

"""From values to JSON text and back."""

from __future__ import annotations

import contextlib
import json
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
from pywebllm.requests import ChatRequest, Message, ModelRecord
from pywebllm.values import Adapter, LoadProgress, Usage

from tests.unit.fakes import chunk, last_chunk, loss

RECORD: dict[str, Any] = {"model_id": "m", "model": "https://x/m/", "model_lib": "https://x/m.wasm"}

messages = st.builds(
    Message, role=st.sampled_from(["system", "user", "assistant"]), content=st.text()
)
requests = st.builds(
    ChatRequest,
    messages=st.lists(messages, min_size=1, max_size=4).map(tuple),
    temperature=st.none() | st.floats(0, 2),
    max_tokens=st.none() | st.integers(1, 2**53 - 1),
    seed=st.none() | st.integers(-(2**53) + 1, 2**53 - 1),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READERS = [wire.read_progress, wire.read_chunks, wire.read_events, wire.read_support]


@given(requests)
def test_a_request_crosses_whole_and_without_any_null(request: ChatRequest) -> None:
    text = wire.generate_request(request)
    body = json.loads(text)["request"]
    assert None not in body.values()
    assert body.pop("messages") == [
        {"role": message.role, "content": message.content} for message in request.messages
    ]
    given = {
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
    }
    assert body == {name: value for name, value in given.items() if value is not None}


@given(requests)
def test_what_crosses_is_plain_ascii_json(request: ChatRequest) -> None:
    # Lone surrogates, line separators and the like reach JavaScript only as escapes.
    assert wire.generate_request(request).isascii()


def test_temperature_0_is_a_value() -> None:
    request = ChatRequest(messages=(Message(role="user", content="hi"),), temperature=0)
    assert json.loads(wire.generate_request(request))["request"]["temperature"] == 0


@given(st.lists(st.text(), max_size=5))
def test_chunks_give_their_text_back(texts: list[str]) -> None:
    assert [found.text for found in wire.read_chunks(chunk(*texts))] == texts


def test_the_last_chunk_carries_the_usage() -> None:
    (found,) = wire.read_chunks(last_chunk(prompt_tokens=3, completion_tokens=2))
    assert found.choices == ()
    assert found.usage == Usage(
        prompt_tokens=3,
        completion_tokens=2,
        total_tokens=5,
        time_to_first_token=0.5,
        prefill_tokens_per_second=80.0,
        decode_tokens_per_second=20.0,
        end_to_end_latency=1.5,
    )


def test_usage_without_extra_has_no_times() -> None:
    text = '[{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 0,'
    (found,) = wire.read_chunks(text + ' "total_tokens": 1}}]')
    assert found.usage == Usage(prompt_tokens=1, completion_tokens=0, total_tokens=1)


def test_only_the_first_answer_counts_as_the_text() -> None:
    choices = [{"index": i, "delta": {"content": t}} for i, t in enumerate(["a", "b"])]
    (found,) = wire.read_chunks(json.dumps([{"choices": choices}]))
    assert found.text == "a"
    assert [choice.delta.content for choice in found.choices] == ["a", "b"]


@given(st.floats(-10, 10))
def test_progress_stays_between_0_and_1(ratio: float) -> None:
    text = json.dumps({"phase": "load", "ratio": ratio, "text": "x", "elapsed": 2})
    found = wire.read_progress(text)
    assert 0 <= found.ratio <= 1
    assert found == LoadProgress(phase="load", ratio=found.ratio, text="x", elapsed=2.0)


def test_a_loss_is_read_as_the_error_that_it_is() -> None:
    (found,) = wire.read_events(loss("DeviceLostError", "gone"))
    assert type(found) is DeviceLostError
    assert found.problem == "gone"


def test_events_that_a_later_bridge_may_send_are_ignored() -> None:
    (found,) = wire.read_events('[{"type": "sneezed"}, {"type": "disposed"}]')
    assert type(found) is DisposedError


@pytest.mark.parametrize("read", READERS)
@given(st.text() | json_values.map(json.dumps))
def test_what_cannot_be_read_is_an_engine_error_and_nothing_else(read: Any, text: str) -> None:
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


def test_support_with_a_problem_says_it_in_words() -> None:
    found = wire.read_support('{"secure": true, "webgpu": false, "problem": "no-webgpu"}')
    assert not found.ok
    assert "no WebGPU" in found.problem
    assert "Chrome" in found.advice
    assert found.adapter is None


def test_support_names_the_limits_that_are_too_low() -> None:
    shortfall = {"name": "maxBufferSize", "value": 2**27, "needed": 2**28}
    text = json.dumps({"problem": "limits", "shortfalls": [shortfall]})
    assert "maxBufferSize is 128 MiB, needed: 256 MiB" in wire.read_support(text).problem
    assert wire.read_support('{"problem": "limits"}').problem.endswith("for the engine.")


def test_an_id_crosses_as_it_is() -> None:
    assert json.loads(wire.load_request("Llama")) == {"model": "Llama"}


def test_a_record_crosses_with_webllms_keys_and_without_null() -> None:
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


def test_a_record_is_read_from_webllms_keys_and_back() -> None:
    mapping = {**RECORD, "vram_required_MB": 100, "required_features": ["shader-f16"]}
    found = wire.read_model(mapping)
    assert isinstance(found, ModelRecord)
    assert json.loads(wire.load_request(found))["model"] == mapping


def test_an_unknown_key_of_a_record_is_named_with_those_there_are() -> None:
    with pytest.raises(InvalidRequestError, match=r"no 'model_url'; it has model_id, model, "):
        wire.read_model({**RECORD, "model_url": "x"})


def test_a_record_that_misses_its_library_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="needs model_lib"):
        wire.read_model({"model_id": "m", "model": "https://x/m/"})


@pytest.mark.parametrize("features", ["shader-f16", 5, [5], {"shader-f16": True}])
def test_features_of_a_record_that_are_no_list_of_names_are_refused(features: Any) -> None:
    with pytest.raises(InvalidRequestError, match="required_features is a list of names"):
        wire.read_model({**RECORD, "required_features": features})


@pytest.mark.parametrize("model", ["", "  ", 5, ["m"], b"m"])
def test_something_that_names_no_model_is_refused(model: Any) -> None:
    with pytest.raises(InvalidRequestError, match="a model is None"):
        wire.read_model(model)


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf"), b"x"])
def test_a_record_that_json_cannot_say_is_refused(value: object) -> None:
    record = ModelRecord(**RECORD, overrides={"context_window_size": value})
    with pytest.raises(InvalidRequestError, match="does not fit into JSON"):
        wire.load_request(record)


def test_the_bridge_is_told_where_webllm_is_and_where_it_runs() -> None:
    text = wire.bridge_config(webllm_url="https://x/webllm.js", thread="worker")
    assert json.loads(text) == {"webllmUrl": "https://x/webllm.js", "thread": "worker"}

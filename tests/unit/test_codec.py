"""From the JSON of the engine to values, and from values to the JSON of the OpenAI reference."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import openai.types as sdk
import openai.types.chat as sdk_chat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pywebllm import codec
from pywebllm import types as values
from pywebllm.errors import EngineError
from pywebllm.pieces import Piece
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    Completion,
    CompletionChoice,
    CompletionLogprobs,
    CreateEmbeddingResponse,
    Delta,
    Embedding,
    EmbeddingUsage,
    ModelInfo,
    ParsedChatCompletion,
    PromptTokensDetails,
    Session,
    TokenLogprob,
    TopLogprob,
    Usage,
)
from pywebllm.types.value import Value


def _completion_logprobs(
    rows: list[tuple[str, float, dict[str, float], int]],
) -> CompletionLogprobs:
    return CompletionLogprobs(
        tokens=tuple(row[0] for row in rows),
        token_logprobs=tuple(row[1] for row in rows),
        top_logprobs=tuple(row[2] for row in rows),
        text_offset=tuple(row[3] for row in rows),
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READERS: list[Callable[[Any], object]] = [
    codec.read_piece,
    codec.read_embeddings,
    codec.read_models,
    codec.read_sessions,
]

# Bounded, so that sums stay finite.
numbers = st.floats(-1e6, 1e6)
counts = st.integers(0, 10**6)
times = st.none() | st.floats(0, 1e6)
names = st.text(min_size=1, max_size=5)
octets = st.none() | st.lists(st.integers(0, 255), max_size=4).map(tuple)
top_logprobs = st.builds(TopLogprob, token=st.text(), logprob=numbers, bytes=octets)
token_logprobs = st.builds(
    TokenLogprob,
    token=st.text(),
    logprob=numbers,
    bytes=octets,
    top_logprobs=st.lists(top_logprobs, max_size=2).map(tuple),
)
choice_logprobs = st.none() | st.builds(
    ChoiceLogprobs, content=st.lists(token_logprobs, max_size=2).map(tuple)
)
breakdowns = st.none() | st.dictionaries(names, st.lists(numbers, max_size=2).map(tuple))
usages = st.builds(
    Usage,
    prompt_tokens=counts,
    completion_tokens=counts,
    total_tokens=counts,
    prompt_tokens_details=st.none() | st.builds(PromptTokensDetails, cached_tokens=counts),
    time_to_first_token=times,
    prefill_tokens_per_second=times,
    decode_tokens_per_second=times,
    end_to_end_latency=times,
    latency_breakdown=breakdowns,
)
tool_calls = st.builds(
    values.ToolCall,
    id=names,
    function=st.builds(values.Function, name=names, arguments=st.text()),
    type=st.just("function"),
)
call_deltas = st.builds(
    values.ToolCallDelta,
    index=counts,
    id=st.none() | names,
    type=st.none() | st.just("function"),
    function=st.builds(
        values.FunctionDelta, name=st.none() | names, arguments=st.none() | st.text()
    ),
)
ends = st.sampled_from(["stop", "length", "tool_calls"])
messages = st.builds(
    ChatCompletionMessage,
    content=st.none() | st.text(),
    reasoning=st.none() | st.text(),
    tool_calls=st.none() | st.lists(tool_calls, min_size=1, max_size=2).map(tuple),
    refusal=st.none(),
    role=st.just("assistant"),
)
chats = st.builds(
    ChatCompletion,
    id=names,
    created=counts,
    model=names,
    choices=st.lists(
        st.builds(
            Choice, index=counts, message=messages, finish_reason=ends, logprobs=choice_logprobs
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    usage=st.none() | usages,
    object=st.just("chat.completion"),
)
deltas = st.builds(
    Delta,
    role=st.none() | st.just("assistant"),
    content=st.none() | st.text(),
    reasoning=st.none() | st.text(),
    tool_calls=st.none() | st.lists(call_deltas, min_size=1, max_size=2).map(tuple),
)
chunks = st.builds(
    ChatCompletionChunk,
    id=names,
    created=counts,
    model=names,
    choices=st.lists(
        st.builds(
            ChunkChoice,
            index=counts,
            delta=deltas,
            finish_reason=st.none() | ends,
            logprobs=choice_logprobs,
        ),
        max_size=2,
    ).map(tuple),
    usage=st.none() | usages,
    object=st.just("chat.completion.chunk"),
)
completion_logprobs = st.none() | st.lists(
    st.tuples(st.text(), numbers, st.dictionaries(st.text(), numbers, max_size=2), counts),
    max_size=2,
).map(_completion_logprobs)
completions = st.builds(
    Completion,
    id=names,
    created=counts,
    model=names,
    choices=st.lists(
        st.builds(
            CompletionChoice,
            index=counts,
            text=st.text(),
            finish_reason=st.sampled_from(["stop", "length"]),
            logprobs=completion_logprobs,
        ),
        max_size=2,
    ).map(tuple),
    usage=st.none() | usages,
    object=st.just("text_completion"),
)
embeddings = st.builds(
    CreateEmbeddingResponse,
    data=st.lists(
        st.builds(
            Embedding,
            index=counts,
            embedding=st.lists(numbers, max_size=3).map(tuple),
            object=st.just("embedding"),
        ),
        max_size=2,
    ).map(tuple),
    model=names,
    usage=st.builds(
        EmbeddingUsage,
        prompt_tokens=counts,
        total_tokens=counts,
        prefill_tokens_per_second=times,
    ),
    object=st.just("list"),
)
models = st.builds(
    ModelInfo,
    id=names,
    owned_by=st.sampled_from(["pywebllm", "mlc-ai", "user"]),
    created=counts,
    object=st.just("model"),
    loaded=st.booleans(),
    kind=st.sampled_from(["language", "embedding", "vision"]),
    vram_required_mb=times,
    context_window_size=st.none() | counts,
    required_features=st.lists(names, max_size=2).map(tuple),
)


def validated(model: type[BaseModel], value: Value) -> dict[str, Any]:
    """Return the JSON of a value, once the SDK's own model and a JSON round trip accept it."""
    dumped = value.to_dict()
    model.model_validate(dumped, strict=True)
    assert json.loads(json.dumps(dumped, allow_nan=False)) == dumped
    return dumped


@given(chats)
def test_sdk_validates_every_chat_completion(value: ChatCompletion) -> None:
    validated(sdk_chat.ChatCompletion, value)


@given(chunks)
def test_sdk_validates_every_chunk(value: ChatCompletionChunk) -> None:
    validated(sdk_chat.ChatCompletionChunk, value)


@given(completions)
def test_sdk_validates_every_completion(value: Completion) -> None:
    validated(sdk.Completion, value)


@given(embeddings)
def test_sdk_validates_all_embeddings(value: CreateEmbeddingResponse[Any]) -> None:
    validated(sdk.CreateEmbeddingResponse, value)


@given(models)
def test_sdk_validates_every_model(value: ModelInfo) -> None:
    validated(sdk.Model, value)


@given(st.one_of(chats, chunks, completions, embeddings, models))
def test_json_has_null_only_where_the_reference_has_it(value: Value) -> None:
    allowed = {"content", "refusal", "finish_reason", "logprobs", "bytes"}
    assert _null_names(value.to_dict()) <= allowed


def _null_names(found: object) -> set[str]:
    if isinstance(found, list):
        return set().union(*map(_null_names, found))
    if not isinstance(found, dict):
        return set()
    nulls = {key for key, item in found.items() if item is None}
    return nulls.union(*map(_null_names, found.values()))


def test_message_without_content_has_null_and_without_calls_no_key() -> None:
    message = ChatCompletionMessage(content=None)
    assert message.to_dict() == {"content": None, "refusal": None, "role": "assistant"}


def test_delta_has_only_the_keys_that_it_adds() -> None:
    choice = ChunkChoice(index=0, delta=Delta(content="a"))
    assert choice.to_dict() == {
        "index": 0,
        "delta": {"content": "a"},
        "finish_reason": None,
        "logprobs": None,
    }


def test_logprobs_have_the_null_refusal_of_the_reference() -> None:
    logprobs = ChoiceLogprobs(content=(TokenLogprob(token="a", logprob=-1.0),))
    token = {"token": "a", "logprob": -1.0, "bytes": None, "top_logprobs": []}
    assert logprobs.to_dict() == {"content": [token], "refusal": None}


def test_usage_has_the_speeds_by_the_names_of_the_engine() -> None:
    usage = Usage(
        prompt_tokens=10,
        completion_tokens=2,
        total_tokens=12,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=7),
        time_to_first_token=0.5,
        prefill_tokens_per_second=80.0,
        decode_tokens_per_second=20.0,
        end_to_end_latency=1.5,
        latency_breakdown={"sampleTime": (0.1, 0.2)},
    )
    assert usage.to_dict() == {
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 7},
        "extra": {
            "time_to_first_token_s": 0.5,
            "prefill_tokens_per_s": 80.0,
            "decode_tokens_per_s": 20.0,
            "e2e_latency_s": 1.5,
            "latencyBreakdown": {"sampleTime": [0.1, 0.2]},
        },
    }


def test_usage_without_speeds_has_no_extra() -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)
    assert usage.to_dict() == {
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "total_tokens": 2,
    }


def test_usage_of_embeddings_has_the_speed_by_the_name_of_the_engine() -> None:
    usage = EmbeddingUsage(prompt_tokens=1, total_tokens=1, prefill_tokens_per_second=9.0)
    assert usage.to_dict()["extra"] == {"prefill_tokens_per_s": 9.0}


@given(chats)
def test_json_of_a_parsed_completion_equals_that_of_an_unparsed_one(value: ChatCompletion) -> None:
    def items(of: Any) -> dict[str, Any]:
        return {field.name: getattr(of, field.name) for field in fields(of)}

    choices = []
    for choice in value.choices:
        message = values.ParsedChatCompletionMessage(**items(choice.message), parsed=object())
        choices.append(values.ParsedChoice(**items(choice) | {"message": message}))
    parsed = ParsedChatCompletion(**items(value) | {"choices": tuple(choices)})
    assert parsed.to_dict() == value.to_dict()


@given(st.one_of(chats, chunks, completions, embeddings, models, usages))
def test_to_json_and_to_dict_agree_for_every_value(value: values.ChatCompletion) -> None:
    assert json.loads(value.to_json()) == json.loads(value.to_json(indent=None)) == value.to_dict()


def test_fields_of_openais_servers_only_are_none_and_not_in_the_json() -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)
    chat = ChatCompletion(id="1", created=1, model="m", choices=(), usage=usage)
    text = Completion(id="1", created=1, model="m", choices=())
    chunk = ChatCompletionChunk(id="1", created=1, model="m", choices=())
    assert (chat.service_tier, chat.system_fingerprint) == (None, None)
    assert (chunk.service_tier, chunk.system_fingerprint) == (None, None)
    assert (text.system_fingerprint, usage.completion_tokens_details) == (None, None)
    for value in (chat, chunk, text, usage):
        assert not {"service_tier", "system_fingerprint", "completion_tokens_details"} & set(
            value.to_dict()
        )


def test_list_of_models_is_a_sequence_with_the_json_of_the_reference() -> None:
    first, second = (ModelInfo(id=name, owned_by="user") for name in "ab")
    found = values.ModelList(data=(first, second))
    assert (len(found), list(found), found[1], found[:1]) == (2, [first, second], second, (first,))
    assert found.to_dict() == {"object": "list", "data": [first.to_dict(), second.to_dict()]}


def test_json_of_a_session_has_all_fields() -> None:
    session = Session(id="s", model="m", resumable=True, reason="", completion_tokens=3)
    assert session.to_dict() == {
        "id": "s",
        "model": "m",
        "resumable": True,
        "reason": "",
        "completion_tokens": 3,
    }


def chunk(**choice: object) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, **choice}]}


def test_chunk_of_a_chat_is_read() -> None:
    found = chunk(delta={"content": "a", "role": "assistant"}, finish_reason=None, logprobs=None)
    assert codec.read_piece(found) == Piece(model="m", text="a")


def test_chunk_of_a_text_completion_is_read() -> None:
    found = chunk(text="a", finish_reason="length")
    assert codec.read_piece(found) == Piece(model="m", text="a", end="length")


def test_chunk_that_ends_a_chat_has_no_text() -> None:
    found = chunk(delta={}, finish_reason="stop")
    assert codec.read_piece(found) == Piece(model="m", end="stop")


def test_logprobs_are_read_with_the_alternatives() -> None:
    top = {"token": "b", "bytes": [98], "logprob": -2.5}
    token = {"token": "a", "bytes": [97], "logprob": -0.5, "top_logprobs": [top]}
    piece = codec.read_piece(chunk(delta={"content": "a"}, logprobs={"content": [token]}))
    (found,) = piece.logprobs
    assert found == TokenLogprob(
        token="a",
        logprob=-0.5,
        bytes=(97,),
        top_logprobs=(TopLogprob(token="b", logprob=-2.5, bytes=(98,)),),
    )


def test_impossible_token_has_the_logprob_of_the_reference_for_it() -> None:
    # Minus infinity in JavaScript, which becomes null in JSON.
    token: dict[str, object] = {"token": "a", "logprob": None, "top_logprobs": []}
    piece = codec.read_piece(chunk(delta={}, logprobs={"content": [token]}))
    assert piece.logprobs == (TokenLogprob(token="a", logprob=-9999.0),)


def usage_of(**usage: object) -> Usage:
    piece = codec.read_piece({"choices": [], "usage": usage})
    assert piece.usage is not None
    return piece.usage


def test_prompt_tokens_include_those_in_the_cache() -> None:
    found = usage_of(
        prompt_tokens=15, completion_tokens=4, total_tokens=19, extra={"cached_tokens": 81}
    )
    assert (found.prompt_tokens, found.completion_tokens, found.total_tokens) == (96, 4, 100)
    assert found.prompt_tokens_details == PromptTokensDetails(cached_tokens=81)


def test_empty_cache_is_reported_and_an_unknown_one_is_not() -> None:
    counted = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    assert usage_of(**counted, extra={"cached_tokens": 0}).prompt_tokens_details is not None
    assert usage_of(**counted, extra={}).prompt_tokens_details is None
    assert usage_of(**counted).prompt_tokens_details is None


def test_times_are_read_and_null_becomes_none() -> None:
    extra = {
        "e2e_latency_s": 1.5,
        "prefill_tokens_per_s": None,
        "decode_tokens_per_s": 20,
        "time_to_first_token_s": 0.5,
        "latencyBreakdown": {"sampleTime": [0.25]},
    }
    found = usage_of(prompt_tokens=0, completion_tokens=1, total_tokens=1, extra=extra)
    assert found == Usage(
        prompt_tokens=0,
        completion_tokens=1,
        total_tokens=1,
        time_to_first_token=0.5,
        decode_tokens_per_second=20.0,
        end_to_end_latency=1.5,
        latency_breakdown={"sampleTime": (0.25,)},
    )


def test_embeddings_are_read_in_the_order_of_the_inputs() -> None:
    found = codec.read_embeddings(
        {
            "data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1.5, 2]}],
            "model": "e",
            "usage": {"prompt_tokens": 4, "total_tokens": 4, "extra": {}},
        }
    )
    assert [item.embedding for item in found.data] == [(1.5, 2.0), (3.0, 4.0)]
    assert found.usage == EmbeddingUsage(prompt_tokens=4, total_tokens=4)


def test_models_are_read_as_owned_by_mlc_ai() -> None:
    least = {"id": "a", "kind": "embedding"}
    most = {
        "id": "b",
        "kind": "vision",
        "vram_required_mb": 944.5,
        "context_window_size": 4096,
        "required_features": ["shader-f16"],
    }
    assert codec.read_models([least, most]) == (
        ModelInfo(id="a", owned_by="mlc-ai", kind="embedding"),
        ModelInfo(
            id="b",
            owned_by="mlc-ai",
            kind="vision",
            vram_required_mb=944.5,
            context_window_size=4096,
            required_features=("shader-f16",),
        ),
    )


def test_sessions_are_read() -> None:
    found = {"id": "s", "model": "m", "resumable": False, "completion_tokens": 3}
    session = Session(id="s", model="m", resumable=False, reason="", completion_tokens=3)
    assert codec.read_sessions([found]) == (session,)
    assert codec.read_sessions([found | {"reason": "generation finished"}]) == (
        replace(session, reason="generation finished"),
    )


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"choices": [{}]},
        {"choices": [{"delta": {"content": 3}}]},
        {"choices": [{"text": ["a"]}]},
        {"choices": [{"delta": {}, "finish_reason": "other"}]},
        {"choices": [{"delta": {}, "logprobs": {}}]},
        {"choices": [], "usage": {"prompt_tokens": 1}},
        {"choices": [], "usage": {"prompt_tokens": 1.5, "completion_tokens": 1}},
        {"choices": [], "usage": {"prompt_tokens": True, "completion_tokens": 1}},
    ],
    ids=repr,
)
def test_invalid_chunk_is_an_engine_error_with_advice(found: object) -> None:
    with pytest.raises(EngineError, match=r"could not be parsed.* Serve webllm_bridge\.js"):
        codec.read_piece(found)


@pytest.mark.parametrize("reader", READERS)
@given(found=json_values)
def test_readers_raise_only_engine_errors(reader: Callable[[Any], object], found: Any) -> None:
    with contextlib.suppress(EngineError):
        reader(found)


def test_unknown_kind_of_model_is_an_error() -> None:
    with pytest.raises(EngineError, match="a list of models"):
        codec.read_models([{"id": "a", "kind": "robot"}])

"""A whole request, and what the engine gets for it."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywebllm import schema
from pywebllm.chat.call import ChatCall, read_call
from pywebllm.records import ModelRecord
from pywebllm.types import ChatCompletionMessage, Function, ToolCall

from tests.unit.chat.refusing import refused

USER = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "now"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
JSON = {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}
GRAMMAR = {"type": "grammar", "grammar": schema.grammar_of(SCHEMA)}
TAG = {"type": "structural_tag", "structural_tag": {"type": "any_text"}}
LARGEST = 2**53 - 1


def call(**body: object) -> ChatCall:
    return read_call({"messages": [USER], **body})


def body_of(**body: object) -> Any:
    (found,) = call(**body).bodies
    return found


def tag_of(**body: object) -> Any:
    form = body_of(**body)["response_format"]
    assert form["type"] == "structural_tag"
    return json.loads(form["structural_tag"])["format"]


def test_a_request_of_messages_alone_is_just_that() -> None:
    assert call() == ChatCall(
        bodies=({"messages": [USER]},),
        model=None,
        stream=False,
        include_usage=False,
        reads_tools=False,
        splits_reasoning=True,
    )


def test_what_webllm_takes_as_openai_does_goes_on_as_it_is() -> None:
    sampling = {
        "temperature": 0,
        "top_p": 0.5,
        "frequency_penalty": 0.0,
        "presence_penalty": -1,
        "repetition_penalty": 1.1,
        "logit_bias": {"3": -100},
        "stop": ["."],
        "seed": 0,
        "max_tokens": 3,
        "ignore_eos": False,
        "logprobs": True,
        "top_logprobs": 2,
    }
    assert body_of(**sampling, user="me", store=False) == {"messages": [USER], **sampling}


def test_the_body_has_no_none_and_nothing_of_streaming() -> None:
    body = body_of(stream=True, stream_options={"include_usage": True}, model="m", n=1, seed=None)
    assert body == {"messages": [USER]}


def test_the_model_is_what_the_request_named() -> None:
    record = ModelRecord(model_id="m", model="https://x/m/", model_lib="https://x/m.wasm")
    assert call(model="m").model == "m"
    assert call(model=record).model is record


def test_the_usage_comes_with_a_stream_that_asks_for_it() -> None:
    assert call(stream=True, stream_options={"include_usage": True}).include_usage
    assert not call(stream=True, stream_options={"include_usage": False}).include_usage
    assert not call(stream=True, stream_options={"include_obfuscation": False}).include_usage
    assert call(stream=True).stream


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"include_usage": 1}, ".include_usage"),
        ({"include_obfuscation": True}, ".include_obfuscation"),
        ({"include_obfuscation": 0}, ".include_obfuscation"),
        ({"usage": True}, ".usage"),
    ],
)
def test_wrong_options_of_a_stream_are_refused(options: object, path: str) -> None:
    with refused(f"stream_options{path}"):
        call(stream=True, stream_options=options)


@pytest.mark.parametrize("stream", [None, False])
def test_options_of_a_stream_need_one(stream: object) -> None:
    with refused("stream_options", "stream=True"):
        call(stream=stream, stream_options={"include_usage": True})


def test_both_names_of_the_limit_mean_the_same() -> None:
    assert body_of(max_tokens=5)["max_tokens"] == 5
    assert body_of(max_completion_tokens=5) == body_of(max_tokens=5, max_completion_tokens=5)
    with refused("max_completion_tokens", "max_tokens", "5", "6"):
        call(max_tokens=5, max_completion_tokens=6)


@pytest.mark.parametrize("logprobs", [None, False])
def test_top_logprobs_need_logprobs(logprobs: object) -> None:
    with refused("top_logprobs", "logprobs=True"):
        call(top_logprobs=0, logprobs=logprobs)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"response_format": JSON}, "grammar"),
        ({"response_format": {"type": "json_object"}}, "grammar"),
        ({"response_format": TAG}, "grammar"),
        ({"tools": [TOOL]}, "tools"),
        ({"stop": "."}, "stop"),
        ({"stop": [".", "!"]}, "max_tokens"),
    ],
)
def test_what_ignores_its_end_cannot_have_another(more: dict[str, object], words: str) -> None:
    with refused("ignore_eos", words):
        call(**more, ignore_eos=True)
    with refused("ignore_eos", words):
        call(**more, extra_body={"ignore_eos": True})
    assert body_of(**more, ignore_eos=False)["ignore_eos"] is False


@pytest.mark.parametrize(
    "more",
    [
        {"stop": []},
        {"response_format": {"type": "text"}},
        {"tools": [TOOL], "tool_choice": "none"},
        {"extra_body": {"resumable": True}},
    ],
)
def test_free_text_may_ignore_its_end(more: dict[str, object]) -> None:
    assert body_of(**more, ignore_eos=True)["ignore_eos"] is True


def test_several_answers_are_several_requests_with_seeds_one_after_another() -> None:
    assert [body["seed"] for body in call(n=3, seed=7).bodies] == [7, 8, 9]
    assert call(n=2).bodies == ({"messages": [USER]},) * 2
    assert call(n=1, seed=LARGEST).bodies[0]["seed"] == LARGEST
    with refused("seed", "3 answers"):
        call(n=3, seed=LARGEST - 1)


def test_a_request_needs_messages() -> None:
    with refused("messages", "at least one"):
        read_call({})


def test_thinking_is_switched_off_by_either_name() -> None:
    off = body_of(enable_thinking=False)
    assert off == {"messages": [USER], "extra_body": {"enable_thinking": False}}
    assert body_of(reasoning_effort="none") == off
    assert body_of(reasoning_effort="none", enable_thinking=False) == off
    assert body_of(enable_thinking=True)["extra_body"] == {"enable_thinking": True}
    with refused("reasoning_effort", "enable_thinking"):
        call(reasoning_effort="none", enable_thinking=True)


def test_webllms_own_parameters_go_where_it_wants_them() -> None:
    extra = {"enable_latency_breakdown": True, "resumable": {"session_id": "a"}}
    found = {
        "enable_latency_breakdown": True,
        "resumable": {"enabled": True, "sessionId": "a"},
    }
    assert body_of(**extra) == {"messages": [USER], "extra_body": found}
    assert body_of(extra_body=extra) == body_of(**extra)
    assert body_of(resumable=False) == {"messages": [USER]}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"n": 2}, "n above 1"),
        ({"response_format": JSON}, "response_format"),
        ({"response_format": TAG}, "response_format"),
        ({"tools": [TOOL]}, "tools"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "https://x"}}],
                    }
                ]
            },
            "images",
        ),
    ],
)
def test_webllm_resumes_one_answer_in_free_text(more: dict[str, object], words: str) -> None:
    call(**more)
    call(**more, resumable=False)
    with refused("resumable", words):
        call(**more, resumable=True)


def test_a_schema_binds_the_answer_by_a_grammar() -> None:
    assert body_of(response_format=JSON)["response_format"] == GRAMMAR
    assert not call(response_format=JSON).splits_reasoning
    assert body_of(response_format={"type": "text"}) == {"messages": [USER]}


def test_behind_the_block_against_thinking_a_grammar_begins() -> None:
    assert call(response_format=JSON, enable_thinking=False).splits_reasoning


def test_a_structural_tag_of_ones_own_leaves_room_for_reasoning() -> None:
    found = call(response_format=TAG)
    assert found.splits_reasoning
    assert found.bodies[0]["response_format"] == {
        "type": "structural_tag",
        "structural_tag": json.dumps(TAG["structural_tag"]),
    }


def test_tools_are_in_the_prompt_and_in_the_tag() -> None:
    found = call(tools=[TOOL])
    assert (found.reads_tools, found.splits_reasoning) == (True, True)
    (body,) = found.bodies
    system, user = cast("Any", body["messages"])
    assert system["role"] == "system"
    assert '"name": "now"' in system["content"]
    assert user == USER
    assert tag_of(tools=[TOOL])["type"] == "triggered_tags"
    assert "tools" not in body


def test_the_prompt_does_not_depend_on_the_choice() -> None:
    # Else each change of the choice would make the model read the whole conversation again.
    named = {"type": "function", "function": {"name": "now"}}
    choices = [None, "auto", "required", "none", named]
    prompts = [body_of(tools=[TOOL], tool_choice=choice)["messages"] for choice in choices]
    assert all(prompt == prompts[0] for prompt in prompts)


def test_an_answer_that_must_be_a_call_has_no_reasoning() -> None:
    found = call(tools=[TOOL], tool_choice="required")
    assert (found.reads_tools, found.splits_reasoning) == (True, False)


def test_an_empty_list_of_tools_is_none() -> None:
    assert call(tools=[]) == call()


def test_tools_that_must_not_be_called_are_shown_and_bind_nothing() -> None:
    found = call(tools=[TOOL], tool_choice="none")
    assert "response_format" not in found.bodies[0]
    assert (found.reads_tools, found.splits_reasoning) == (False, True)
    assert call(tools=[TOOL], tool_choice="none", resumable=True)
    assert call(tools=[TOOL], tool_choice="none", response_format=TAG)


def test_the_history_does_not_depend_on_whether_the_model_thinks_now() -> None:
    turns = [USER, ChatCompletionMessage(content="Hi"), USER]
    turns += [ChatCompletionMessage(content="Hi", reasoning=""), USER]
    now, then = (body_of(messages=turns, enable_thinking=it)["messages"] for it in (True, False))
    assert now == then
    assert [it["content"] for it in now[1::2]] == ["Hi", "<think>\n\n</think>\n\nHi"]


def test_with_tools_the_schema_binds_the_answer_that_is_no_call() -> None:
    answer, _ = tag_of(tools=[TOOL], response_format=JSON)["elements"]
    assert answer == GRAMMAR
    assert not call(tools=[TOOL], response_format=JSON).splits_reasoning
    none = body_of(tools=[TOOL], tool_choice="none", response_format=JSON)
    assert none["response_format"] == body_of(response_format=JSON)["response_format"]


def nested() -> dict[str, Any]:
    found: dict[str, Any] = {"type": "integer"}
    for _ in range(20_000):
        found = {"type": "array", "items": found}
    return found


@pytest.mark.parametrize(
    ("name", "value", "param", "words"),
    [
        ("response_format", {"type": "json_object", "schema": nested()}, "", "too deeply"),
        ("response_format", {"type": "json_object", "schema": "[" * 200_000}, ".schema", "no JSON"),
        ("tools", [nested()], "[0]", "too deeply"),
        ("extra_body", nested(), "", "too deeply"),
        ("tool_choice", nested(), "", "too deeply"),
    ],
    ids=["schema", "text", "tool", "extra", "choice"],
)
def test_what_is_nested_too_deeply_is_refused(
    name: str, value: object, param: str, words: str
) -> None:
    with refused(f"{name}{param}", words):
        call(**{name: value})


def test_two_structural_tags_cannot_be_had() -> None:
    with refused("response_format", "structural tag"):
        call(tools=[TOOL], response_format=TAG)


def test_an_unchanged_history_gives_the_same_messages_in_the_next_request() -> None:
    tool_call = ToolCall(id="1", function=Function(name="now", arguments="{}"))
    first = [{"role": "system", "content": "Be kind."}, USER]
    turns: list[object] = [
        ChatCompletionMessage(content=None, reasoning="Hm.", tool_calls=(tool_call,)),
        {"role": "tool", "tool_call_id": "1", "content": "noon"},
        ChatCompletionMessage(content="Noon."),
        USER,
    ]
    for end in (2, 4):
        before = body_of(messages=[*first, *turns[: end - 2]], tools=[TOOL])["messages"]
        after = body_of(messages=[*first, *turns[:end]], tools=[TOOL])["messages"]
        assert after[: len(before)] == before
        assert len(after) == len(before) + 2


@given(st.integers(1, 4), st.none() | st.integers(-100, 100), st.booleans())
def test_every_body_fits_into_json(n: int, seed: int | None, tools: bool) -> None:
    found = call(n=n, seed=seed, tools=[TOOL] if tools else [], response_format=JSON)
    for body in found.bodies:
        assert json.loads(json.dumps(body)) == body

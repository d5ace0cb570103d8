"""A chat request, and the engine's requests for it."""

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


def test_request_with_only_messages_has_nothing_else() -> None:
    assert call() == ChatCall(
        bodies=({"messages": [USER]},),
        model=None,
        stream=False,
        include_usage=False,
        reads_tools=False,
        splits_reasoning=True,
    )


def test_parameters_shared_with_openai_reach_webllm_unchanged() -> None:
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


def test_body_has_no_none_and_no_streaming_parameters() -> None:
    body = body_of(stream=True, stream_options={"include_usage": True}, model="m", n=1, seed=None)
    assert body == {"messages": [USER]}


def test_call_has_the_model_of_the_request() -> None:
    record = ModelRecord(model_id="m", model="https://x/m/", model_lib="https://x/m.wasm")
    assert call(model="m").model == "m"
    assert call(model=record).model is record


def test_stream_options_can_request_the_usage() -> None:
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
def test_wrong_stream_option_is_refused(options: object, path: str) -> None:
    with refused(f"stream_options{path}"):
        call(stream=True, stream_options=options)


@pytest.mark.parametrize("stream", [None, False])
def test_stream_options_require_stream(stream: object) -> None:
    with refused("stream_options", "stream=True"):
        call(stream=stream, stream_options={"include_usage": True})


def test_max_tokens_and_max_completion_tokens_are_the_same_limit() -> None:
    assert body_of(max_tokens=5)["max_tokens"] == 5
    assert body_of(max_completion_tokens=5) == body_of(max_tokens=5, max_completion_tokens=5)
    with refused("max_completion_tokens", "max_tokens", "5", "6"):
        call(max_tokens=5, max_completion_tokens=6)


@pytest.mark.parametrize("logprobs", [None, False])
def test_top_logprobs_require_logprobs(logprobs: object) -> None:
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
def test_ignore_eos_is_refused_with_stop_tools_or_response_format(
    more: dict[str, object], words: str
) -> None:
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
def test_ignore_eos_is_accepted_for_free_text(more: dict[str, object]) -> None:
    assert body_of(**more, ignore_eos=True)["ignore_eos"] is True


def test_choices_are_separate_requests_with_consecutive_seeds() -> None:
    assert [body["seed"] for body in call(n=3, seed=7).bodies] == [7, 8, 9]
    assert call(n=2).bodies == ({"messages": [USER]},) * 2
    assert call(n=1, seed=LARGEST).bodies[0]["seed"] == LARGEST
    with refused("seed", "n=3"):
        call(n=3, seed=LARGEST - 1)


def test_request_without_messages_is_refused() -> None:
    with refused("messages", "at least one"):
        read_call({})


def test_reasoning_effort_and_enable_thinking_both_turn_thinking_off() -> None:
    off = body_of(enable_thinking=False)
    assert off == {"messages": [USER], "extra_body": {"enable_thinking": False}}
    assert body_of(reasoning_effort="none") == off
    assert body_of(reasoning_effort="none", enable_thinking=False) == off
    assert body_of(enable_thinking=True)["extra_body"] == {"enable_thinking": True}
    with refused("reasoning_effort", "enable_thinking"):
        call(reasoning_effort="none", enable_thinking=True)


def test_webllm_parameters_are_sent_in_extra_body() -> None:
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
        ({"n": 2}, "n greater than 1"),
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
def test_resumable_is_refused_for_anything_but_one_choice_of_free_text(
    more: dict[str, object], words: str
) -> None:
    call(**more)
    call(**more, resumable=False)
    with refused("resumable", words):
        call(**more, resumable=True)


def test_schema_constrains_the_answer_by_a_grammar() -> None:
    assert body_of(response_format=JSON)["response_format"] == GRAMMAR
    assert not call(response_format=JSON).splits_reasoning
    assert body_of(response_format={"type": "text"}) == {"messages": [USER]}


def test_grammar_follows_the_empty_reasoning_block() -> None:
    assert call(response_format=JSON, enable_thinking=False).splits_reasoning


def test_custom_structural_tag_allows_reasoning() -> None:
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


def test_tool_choice_does_not_change_the_prompt() -> None:
    # Else each change of the choice would make the model read the whole conversation again.
    named = {"type": "function", "function": {"name": "now"}}
    choices = [None, "auto", "required", "none", named]
    prompts = [body_of(tools=[TOOL], tool_choice=choice)["messages"] for choice in choices]
    assert all(prompt == prompts[0] for prompt in prompts)


def test_required_tool_call_excludes_reasoning() -> None:
    found = call(tools=[TOOL], tool_choice="required")
    assert (found.reads_tools, found.splits_reasoning) == (True, False)


def test_empty_list_of_tools_is_like_no_tools() -> None:
    assert call(tools=[]) == call()


def test_tools_with_choice_none_are_in_the_prompt_but_constrain_nothing() -> None:
    found = call(tools=[TOOL], tool_choice="none")
    assert "response_format" not in found.bodies[0]
    assert (found.reads_tools, found.splits_reasoning) == (False, True)
    assert call(tools=[TOOL], tool_choice="none", resumable=True)
    assert call(tools=[TOOL], tool_choice="none", response_format=TAG)


def test_enable_thinking_does_not_change_the_history() -> None:
    turns = [USER, ChatCompletionMessage(content="Hi"), USER]
    turns += [ChatCompletionMessage(content="Hi", reasoning=""), USER]
    now, then = (body_of(messages=turns, enable_thinking=it)["messages"] for it in (True, False))
    assert now == then
    assert [it["content"] for it in now[1::2]] == ["Hi", "<think>\n\n</think>\n\nHi"]


def test_schema_constrains_an_answer_without_tool_calls() -> None:
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
        (
            "response_format",
            {"type": "json_object", "schema": "[" * 200_000},
            ".schema",
            "not valid JSON",
        ),
        ("tools", [nested()], "[0]", "too deeply"),
        ("extra_body", nested(), "", "too deeply"),
        ("tool_choice", nested(), "", "too deeply"),
    ],
    ids=["schema", "text", "tool", "extra", "choice"],
)
def test_deeply_nested_value_is_refused(name: str, value: object, param: str, words: str) -> None:
    with refused(f"{name}{param}", words):
        call(**{name: value})


def test_structural_tag_is_refused_with_tools() -> None:
    with refused("response_format", "structural tag"):
        call(tools=[TOOL], response_format=TAG)


def test_unchanged_history_gives_the_same_messages_in_the_next_request() -> None:
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
def test_every_body_is_json_serializable(n: int, seed: int | None, tools: bool) -> None:
    found = call(n=n, seed=seed, tools=[TOOL] if tools else [], response_format=JSON)
    for body in found.bodies:
        assert json.loads(json.dumps(body)) == body

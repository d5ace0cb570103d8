"""Which parameters of a response are honoured, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses.response_create_params import (
    ResponseCreateParamsBase,
    ResponseCreateParamsStreaming,
)
from pywebllm.errors import InvalidRequestError
from pywebllm.openai.responses import read_request
from pywebllm.openai.responses.request import FIXED, HONOURED, OTHERS, REFUSED

FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}


def chat(**request: Any) -> dict[str, Any]:
    return read_request({"input": "Hello", **request}).chat


def test_every_parameter_of_the_sdk_is_decided_about() -> None:
    named = {
        *ResponseCreateParamsBase.__annotations__,
        *ResponseCreateParamsStreaming.__annotations__,
    }
    decided = {*HONOURED, *FIXED, *REFUSED, "input", "instructions"}
    assert decided == named


def test_null_is_as_if_it_were_not_there() -> None:
    nothing = dict.fromkeys([*HONOURED, *OTHERS, *FIXED, *REFUSED, "instructions"])
    assert chat(**nothing) == chat()


@pytest.mark.parametrize("name", [*REFUSED, "unheard_of"])
def test_what_cannot_be_honoured_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=name) as caught:
        chat(**{name: {}})
    assert caught.value.param == name


@pytest.mark.parametrize(
    ("name", "value"), [("store", True), ("background", True), ("truncation", "auto")]
)
def test_what_can_only_be_one_way_is_refused_otherwise(name: str, value: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        chat(**{name: value})
    assert caught.value.param == name
    assert chat(**{name: FIXED[name][0]}) == chat()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"max_output_tokens": 5}, {"max_tokens": 5}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"reasoning": {"effort": "none", "summary": None}}, {"reasoning_effort": "none"}),
        ({"reasoning": {}}, {}),
        ({"text": {}}, {}),
        ({"text": {"format": {"type": "text"}}}, {}),
        (
            {"text": {"format": {"type": "json_object"}}},
            {"response_format": {"type": "json_object"}},
        ),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {}},
                }
            },
        ),
        ({"include": []}, {}),
        ({"include": ["message.output_text.logprobs"]}, {"logprobs": True}),
        ({"top_logprobs": 0}, {}),
        ({"stream_options": {"include_obfuscation": False}}, {}),
        ({"metadata": {"a": "b"}}, {}),
        ({"tools": []}, {"tools": []}),
        (
            {"tools": [{"type": "function", **FUNCTION, "async": False, "defer_loading": None}]},
            {"tools": [{"type": "function", "function": FUNCTION}]},
        ),
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        (
            {"tool_choice": {"type": "function", "name": "f"}},
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        ),
        (
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "mode": "auto",
                    "tools": [{"type": "function", "name": "f"}],
                }
            },
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {
                        "mode": "auto",
                        "tools": [{"type": "function", "function": {"name": "f"}}],
                    },
                }
            },
        ),
    ],
)
def test_parameter_becomes_the_chats(request_: dict[str, Any], expected: dict[str, Any]) -> None:
    assert chat(**request_) == {**chat(), **expected}


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({"text": {"verbosity": "low"}}, "text.verbosity"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
        ({"text": {"format": "json"}}, "text.format"),
        ({"text": "json"}, "text"),
        ({"reasoning": {"summary": "auto"}}, "reasoning.summary"),
        ({"reasoning": "none"}, "reasoning"),
        ({"include": ["reasoning.encrypted_content"]}, "include"),
        ({"include": "logprobs"}, "include"),
        ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"stream": "yes"}, "stream"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function", "name": "f", "async": True}]}, "tools[0].async"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools", "tools": [{"type": "mcp"}]}}, "tool_choice"),
        ({"instructions": 1}, "instructions"),
        ({"input": None}, "input"),
        ({"input": 1}, "input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
            "input[0].content[0].type",
        ),
        (
            {"input": [{"role": "assistant", "content": [{"type": "refusal"}]}]},
            "input[0].content[0]",
        ),
        ({"input": ["Hello"]}, "input[0]"),
    ],
)
def test_wrong_parameter_is_named(request_: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        chat(**request_)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("chats", "param"),
    [
        ("messages[2].content", "input"),
        ("messages", "input"),
        ("max_tokens", "max_output_tokens"),
        ("response_format.json_schema.schema", "text.format.schema"),
        ("response_format", "text.format"),
        ("reasoning_effort", "reasoning.effort"),
        ("tools[3].function.parameters", "tools[3].parameters"),
        ("temperature", "temperature"),
        (None, None),
    ],
)
def test_errors_of_the_chat_name_parameters_of_the_response(
    chats: str | None, param: str | None
) -> None:
    request = read_request({"input": "Hello"})
    with pytest.raises(InvalidRequestError) as caught, request.renamed():
        raise InvalidRequestError("wrong", param=chats)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("chats", "said"),
    [
        ("messages", "input is wrong"),
        ("messages[2].content[0].text", "input[…].content[0].text is wrong"),
        ("max_tokens", "max_output_tokens is wrong"),
        ("tools[3].function.name", "tools[3].name is wrong"),
    ],
)
def test_errors_of_the_chat_say_the_names_of_the_response(chats: str, said: str) -> None:
    request = read_request({"input": "Hello"})
    with pytest.raises(InvalidRequestError) as caught, request.renamed():
        raise InvalidRequestError(f"{chats} is wrong", param=chats)
    assert caught.value.problem == said


def test_texts_of_an_item_are_joined_as_in_a_chat() -> None:
    parts = [{"type": "output_text", "text": text} for text in ("One.", "Two.")]
    (found,) = chat(input=[{"role": "assistant", "content": parts}])["messages"]
    assert found["content"] == "One.\nTwo."


def test_input_items_become_messages() -> None:
    call = {"call_id": "c", "name": "f", "arguments": "{}"}
    items = [
        {"role": "developer", "content": "Be kind."},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is it?"},
                {"type": "input_image", "image_url": "data:,", "detail": "low"},
            ],
        },
        {
            "type": "reasoning",
            "id": "r",
            "summary": [],
            "content": [{"type": "reasoning_text", "text": "Hm."}],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "See."}],
        },
        {"type": "function_call", "id": "i", "status": "completed", **call},
        {"type": "function_call", **call},
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "1"}],
        },
        {"role": "assistant", "content": "One."},
        {"role": "assistant", "content": "Two."},
    ]
    function = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert chat(input=items, instructions="First.")["messages"] == [
        {"role": "system", "content": "First."},
        {"role": "developer", "content": "Be kind."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": "data:,", "detail": "low"}},
            ],
        },
        {
            "role": "assistant",
            "reasoning": "Hm.",
            "content": "See.",
            "tool_calls": [function, function],
        },
        {"role": "tool", "tool_call_id": "c", "content": "1"},
        {"role": "assistant", "content": "One."},
        {"role": "assistant", "content": "Two."},
    ]


def test_what_was_written_in_a_second_turn_is_a_second_message() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    items = [
        call,
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        call,
    ]
    found = chat(input=[*items, {"role": "assistant", "content": "One."}])["messages"]
    assert [(m.get("reasoning"), m["content"], len(m.get("tool_calls", []))) for m in found] == [
        (None, "", 1),
        ("Hm.", "One.", 1),
    ]


def test_an_item_of_reasoning_that_is_not_told_is_no_block_and_an_empty_one_is() -> None:
    parts = [{"type": "reasoning_text", "text": ""}]
    one = {"role": "assistant", "content": "One."}
    untold, empty = (
        chat(input=[{"type": "reasoning", "summary": [], "content": content}, one])["messages"]
        for content in (None, parts)
    )
    assert "reasoning" not in untold[0]
    assert empty == [{"role": "assistant", "content": "One.", "reasoning": ""}]


def test_text_that_followed_a_call_goes_back_before_the_results() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "1"}
    said = {"role": "assistant", "content": "I asked."}
    asked, answered = chat(input=[call, said, result])["messages"]
    assert (asked["content"], len(asked["tool_calls"])) == ("I asked.", 1)
    assert answered["role"] == "tool"

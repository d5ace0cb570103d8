"""The parameters of a response, and the chat parameters that they become."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses.response_create_params import (
    ResponseCreateParamsBase,
    ResponseCreateParamsStreaming,
)
from pywebllm.errors import InvalidRequestError
from pywebllm.openai.responses import read_request
from pywebllm.openai.responses.request import FIXED, HONORED, OTHERS, REFUSED

FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}


def chat(**request: Any) -> dict[str, Any]:
    return read_request({"input": "Hello", **request}).chat


def test_every_response_parameter_of_the_sdk_is_honored_or_refused() -> None:
    named = {
        *ResponseCreateParamsBase.__annotations__,
        *ResponseCreateParamsStreaming.__annotations__,
    }
    known = {*HONORED, *FIXED, *REFUSED, "input", "instructions"}
    assert known == named


def test_response_parameter_that_is_null_counts_as_not_given() -> None:
    nothing = dict.fromkeys([*HONORED, *OTHERS, *FIXED, *REFUSED, "instructions"])
    assert chat(**nothing) == chat()


@pytest.mark.parametrize("name", [*REFUSED, "unheard_of"])
def test_unsupported_response_parameter_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=name) as caught:
        chat(**{name: {}})
    assert caught.value.param == name


@pytest.mark.parametrize(("name", "value"), [("background", True)])
def test_response_parameter_with_a_fixed_value_refuses_others(name: str, value: object) -> None:
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
        ({"include": ["reasoning.encrypted_content"]}, {}),
        ({"store": True, "truncation": "auto", "max_tool_calls": 3}, {}),
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
def test_response_parameter_becomes_a_chat_parameter(
    request_: dict[str, Any], expected: dict[str, Any]
) -> None:
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
        ({"include": ["reasoning"]}, "include[0]"),
        ({"include": "logprobs"}, "include"),
        ({"store": "yes"}, "store"),
        ({"truncation": "always"}, "truncation"),
        ({"max_tool_calls": 0}, "max_tool_calls"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
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
def test_wrong_response_parameter_is_named_by_its_path(
    request_: dict[str, Any], param: str
) -> None:
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
def test_chat_errors_name_the_parameters_of_the_response(
    chats: str | None, param: str | None
) -> None:
    request = read_request({"input": "Hello"})
    with pytest.raises(InvalidRequestError) as caught, request.renamed():
        raise InvalidRequestError("wrong", param=chats)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("chats", "message"),
    [
        ("messages", "input is wrong"),
        ("messages[0].content", "input is wrong"),
        ("max_tokens", "max_output_tokens is wrong"),
        ("tools[3].function.name", "tools[3].name is wrong"),
    ],
)
def test_chat_messages_name_the_parameters_of_the_response(chats: str, message: str) -> None:
    request = read_request({"input": "Hello"})
    with pytest.raises(InvalidRequestError) as caught, request.renamed():
        raise InvalidRequestError(f"{chats} is wrong", param=chats)
    assert caught.value.problem == message


def test_text_parts_of_an_item_are_joined_as_in_a_chat() -> None:
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


def test_items_of_a_second_answer_become_a_second_message() -> None:
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


def test_reasoning_item_without_text_adds_no_block_and_an_empty_one_does() -> None:
    parts = [{"type": "reasoning_text", "text": ""}]
    one = {"role": "assistant", "content": "One."}
    missing, empty = (
        chat(input=[{"type": "reasoning", "summary": [], "content": content}, one])["messages"]
        for content in (None, parts)
    )
    assert "reasoning" not in missing[0]
    assert empty == [{"role": "assistant", "content": "One.", "reasoning": ""}]


def test_text_after_a_call_is_sent_back_before_the_results() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "1"}
    text = {"role": "assistant", "content": "I asked."}
    asked, answered = chat(input=[call, text, result])["messages"]
    assert (asked["content"], len(asked["tool_calls"])) == ("I asked.", 1)
    assert answered["role"] == "tool"


CALLED: Any = [
    {"role": "user", "content": "Hi"},
    {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]},
    {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
    {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "a", "output": "1"},
    {"type": "function_call_output", "call_id": "b", "output": "1"},
]


@pytest.mark.parametrize(
    ("chats", "param"),
    [
        ("messages[0].content", "instructions"),
        ("messages[1].content[2].image_url.url", "input[0].content[2].image_url.url"),
        ("messages[2].reasoning", "input[1].content"),
        ("messages[2].tool_calls[0].function.name", "input[2].name"),
        ("messages[2].tool_calls[1].function.arguments", "input[3].arguments"),
        ("messages[2].tool_calls[1].id", "input[3].call_id"),
        ("messages[2].tool_calls", "input[1]"),
        ("messages[3].tool_call_id", "input[4].call_id"),
        ("messages[4]", "input[5]"),
    ],
)
def test_chat_errors_name_the_item_of_the_input(chats: str, param: str) -> None:
    request = read_request({"input": CALLED, "instructions": "Be kind."})
    with pytest.raises(InvalidRequestError) as caught, request.renamed():
        raise InvalidRequestError(f"{chats} is wrong", param=chats)
    assert caught.value.param == param
    assert caught.value.problem == f"{param} is wrong"

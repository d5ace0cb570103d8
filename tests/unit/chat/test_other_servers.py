"""Parameters of vLLM and Ollama that this library can honor."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.chat.call import read_call

from tests.unit.chat.refusing import refused

USER = {"role": "user", "content": "Hi"}
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}
TEXT = '{"type": "object", "properties": {"a": {"type": "integer"}}}'


def body_of(**body: object) -> Any:
    (found,) = read_call({"messages": [USER], **body}).bodies
    return found


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"guided_json": SCHEMA}, {"type": "json_object", "schema": SCHEMA}),
        ({"guided_json": TEXT}, {"type": "json_object", "schema": SCHEMA}),
        ({"format": SCHEMA}, {"type": "json_object", "schema": SCHEMA}),
        ({"format": "json"}, {"type": "json_object"}),
        ({"guided_json": {"const": None}}, {"type": "json_object", "schema": {"const": None}}),
        ({"format": {"const": None}}, {"type": "json_object", "schema": {"const": None}}),
        (
            {"guided_choice": ["yes", "no"]},
            {"type": "grammar", "grammar": 'root ::= "yes" | "no"\n'},
        ),
        ({"guided_regex": "[ab]{2}"}, {"type": "grammar", "grammar": "root ::= [ab]{2}\n"}),
        ({"guided_grammar": 'root ::= "a"'}, {"type": "grammar", "grammar": 'root ::= "a"'}),
        ({"structured_outputs": {"json": SCHEMA}}, {"type": "json_object", "schema": SCHEMA}),
        ({"structured_outputs": {"json_object": True}}, {"type": "json_object"}),
        (
            {"structured_outputs": {"regex": "^a|b$"}},
            {"type": "grammar", "grammar": "root ::= [a] | [b]\n"},
        ),
    ],
)
def test_constraint_of_another_server_is_the_response_format(
    theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    assert body_of(extra_body=theirs) == body_of(response_format=ours)


@pytest.mark.parametrize("thinking", [True, False])
def test_template_argument_turns_thinking_off(thinking: bool) -> None:
    found = body_of(extra_body={"chat_template_kwargs": {"enable_thinking": thinking}})
    assert found == body_of(enable_thinking=thinking)


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        ({"format": "xml"}, "format", "'json' or a JSON Schema"),
        ({"guided_json": 3}, "guided_json", "a JSON Schema"),
        ({"guided_choice": []}, "guided_choice", "at least one"),
        ({"guided_choice": [3]}, "guided_choice[0]", "string"),
        ({"guided_regex": "(?=a)"}, "guided_regex", "lookarounds"),
        ({"guided_regex": "[ab]{9000}[cd]{9000}(xy){9000}"}, "guided_regex", "too large"),
        ({"guided_json": SCHEMA, "guided_regex": "a"}, "guided_regex", "another constraint"),
        (
            {"guided_json": SCHEMA, "response_format": {"type": "json_object"}},
            "guided_json",
            "another constraint",
        ),
        ({"structured_outputs": {"whitespace": ""}}, "structured_outputs.whitespace", "known"),
        ({"chat_template_kwargs": {"tools": []}}, "chat_template_kwargs.tools", "known"),
        (
            {"chat_template_kwargs": {"enable_thinking": 1}},
            "chat_template_kwargs.enable_thinking",
            "boolean",
        ),
        (
            {"chat_template_kwargs": {"enable_thinking": True}, "enable_thinking": False},
            "chat_template_kwargs.enable_thinking",
            "equal",
        ),
    ],
)
def test_wrong_parameter_of_another_server_is_named(
    body: dict[str, Any], path: str, words: str
) -> None:
    with refused(path, words):
        body_of(extra_body=body)

"""The beginning of an answer: a last message of the assistant, which the model continues."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.chat.call import read_call

from tests.unit.chat.refusing import refused

USER = {"role": "user", "content": "Who?"}
TOOL = {"type": "function", "function": {"name": "now"}}


def body(answer: dict[str, Any], **more: object) -> Any:
    messages = [USER, {"role": "assistant", **answer}]
    (found,) = read_call({"messages": messages, **more}).bodies
    return found


def test_last_message_of_the_assistant_is_sent_apart() -> None:
    assert body({"content": "Ada is"}) == {
        "messages": [USER],
        "extra_body": {"beginning": "Ada is"},
    }


def test_beginning_goes_with_tools_that_the_model_may_call_and_with_thinking_turned_off() -> None:
    found = body({"content": "Ada"}, tools=[TOOL], enable_thinking=False)
    assert found["extra_body"] == {"enable_thinking": False, "beginning": "Ada"}


def test_reasoning_of_a_beginning_is_its_text() -> None:
    found = body({"content": "Ada", "reasoning": "Hm."})
    assert found["extra_body"]["beginning"] == "<think>\nHm.\n</think>\n\nAda"


@pytest.mark.parametrize("answer", [{"content": ""}, {"content": None}, {}])
def test_empty_last_message_of_the_assistant_is_left_out(answer: dict[str, Any]) -> None:
    assert body(answer) == {"messages": [USER]}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"response_format": {"type": "json_object"}}, "constrained"),
        ({"tools": [TOOL], "tool_choice": "required"}, "constrained"),
        ({"resumable": True}, "resumable"),
    ],
)
def test_beginning_is_refused_where_the_whole_answer_counts(
    more: dict[str, Any], words: str
) -> None:
    with refused("messages", words):
        body({"content": "Ada"}, **more)


def test_beginning_without_a_message_of_the_user_is_refused() -> None:
    with refused("messages", "a message of the user"):
        read_call({"messages": [{"role": "assistant", "content": "Ada"}]})


def test_call_without_its_result_is_not_a_beginning() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    with refused("messages[1]", "have no results"):
        body({"tool_calls": [call]})

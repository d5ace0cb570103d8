"""Conversations: their branches, their records, and what is sent to the model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from page.chat.conversation import Conversation, title_of
from page.chat.messages import Call, Message, Speed
from page.chat.records import from_record, to_record
from page.chat.requests import chat_body, resumable
from page.chat.settings import Settings, SettingsProblem


def question(name: str, parent: str = "") -> Message:
    return Message(id=name, parent=parent, role="user", text=f"question {name}")


def answer(name: str, parent: str) -> Message:
    return Message(id=name, parent=parent, role="assistant", text=f"answer {name}")


def branched() -> Conversation:
    """Return q1 → (a1 → q2, a2)."""
    conversation = Conversation(id="c")
    for message in (question("q1"), answer("a1", "q1"), question("q2", "a1"), answer("a2", "q1")):
        conversation.add(message)
    return conversation


def ids(conversation: Conversation) -> list[str]:
    return [message.id for message in conversation.path()]


def test_newest_version_is_shown_and_another_can_be_chosen() -> None:
    conversation = branched()
    assert ids(conversation) == ["q1", "a2"]
    assert conversation.siblings("a2") == ["a1", "a2"]
    conversation.show("a1")
    assert ids(conversation) == ["q1", "a1", "q2"]
    assert conversation.leaf == "q2"


def test_title_is_the_beginning_of_the_first_message() -> None:
    assert branched().title == "question q1"
    assert title_of("  one\n two ") == "one two"
    long = title_of("word, " * 40)
    assert len(long) <= 61
    assert long.endswith("word…")


def test_record_has_all_branches_and_their_choice() -> None:
    conversation = branched()
    conversation.show("a1")
    conversation.settings = Settings(system="Be brief.", seed=3, stop=("x",), thinking=False)
    conversation.replace(
        replace(
            conversation.messages["a1"],
            calls=(Call(id="1", name="clock", arguments="{}", state="done", result="noon"),),
            speed=Speed(prompt_tokens=3, completion_tokens=4, tokens_per_second=5.5),
            images=("data:image/jpeg;base64,AA==",),
        )
    )
    again = from_record(json.loads(json.dumps(to_record(conversation))))
    assert again == conversation
    assert ids(again) == ids(conversation)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"messages": None, "choices": [], "settings": "x"},
        {"messages": [{"id": "1", "role": "system"}, {"id": "", "role": "user"}, 3]},
        {"messages": [{"id": "1", "parent": "0", "role": "user"}]},
        {"messages": [{"id": "1", "parent": "1", "role": "user"}]},
    ],
)
def test_unusable_parts_of_a_record_are_left_out(record: dict[str, object]) -> None:
    conversation = from_record(record)
    assert list(conversation.path()) == []
    assert conversation.settings == Settings()


def test_values_of_a_record_that_are_out_of_range_are_left_out() -> None:
    settings = {"temperature": 7, "seed": 1.5, "top_p": True, "stop": "x", "max_tokens": 20.0}
    message = {"id": "1", "role": "user", "images": ["https://example.com/x.png"], "state": "odd"}
    conversation = from_record({"settings": settings, "messages": [message]})
    assert conversation.settings == Settings(max_tokens=20)
    (found,) = conversation.path()
    assert (found.images, found.state) == ((), "done")


def test_tool_that_ran_when_the_tab_was_closed_is_asked_for_again() -> None:
    call = Call(id="1", name="clock", arguments="{}", state="running")
    conversation = Conversation(id="c")
    conversation.add(Message(id="a", parent="", role="assistant", calls=(call,)))
    (found,) = from_record(to_record(conversation)).path()
    assert found.calls[0].state == "asked"


def test_request_has_the_branch_the_settings_and_the_results_of_tools() -> None:
    call = Call(id="1", name="clock", arguments="{}", state="done", result="noon")
    branch = [
        Message(id="q", parent="", role="user", text="When?", images=("data:image/png;base64,AA",)),
        Message(id="a", parent="q", role="assistant", calls=(call,)),
    ]
    settings = Settings(system="Be brief.", temperature=0.5, repetition_penalty=1.1, stop=("x",))

    def clock() -> str:
        """Return the time."""
        return ""

    body = chat_body(branch, settings, tools=[clock], model="m")
    system, user, assistant, tool = body["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"][1]["image_url"] == {"url": "data:image/png;base64,AA"}
    assert assistant["tool_calls"][0]["function"] == {"name": "clock", "arguments": "{}"}
    assert tool == {"role": "tool", "tool_call_id": "1", "content": "noon"}
    assert (body["temperature"], body["stop"], body["model"]) == (0.5, ["x"], "m")
    assert body["extra_body"] == {"repetition_penalty": 1.1}
    assert resumable(body, "s") is None


def test_plain_answer_outlives_its_tab_and_a_continued_one_does_not() -> None:
    body = chat_body([question("q")], Settings())
    kept = resumable(body, "s")
    assert kept is not None
    assert kept["extra_body"]["resumable"]["session_id"] == "s"
    continued = chat_body([question("q"), answer("a", "q")], Settings(is_typed=True, schema="{}"))
    assert resumable(continued, "s") is None
    assert "response_format" not in continued


def test_typed_request_names_the_schema_to_the_model() -> None:
    body = chat_body([question("q")], Settings(is_typed=True, schema='{"type": "integer"}'))
    assert '{"type":"integer"}' in body["messages"][0]["content"]
    assert body["response_format"]["json_schema"]["schema"] == {"type": "integer"}


@pytest.mark.parametrize(
    ("schema", "problem"),
    [("", "not valid JSON"), ("{\n  1}", "line 2"), ("[]", "JSON object"), ("[" * 9**5, "nested")],
)
def test_schema_that_is_not_an_object_is_refused(schema: str, problem: str) -> None:
    with pytest.raises(SettingsProblem, match=problem):
        chat_body([question("q")], Settings(is_typed=True, schema=schema))

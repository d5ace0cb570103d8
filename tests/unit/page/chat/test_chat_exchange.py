"""Exports and imports of conversations; typed answers as tables."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
from page.chat.conversation import Conversation
from page.chat.exchange import ImportProblem, read_import, to_json, to_markdown
from page.chat.messages import Call, Message
from page.chat.settings import Settings
from page.chat.tables import table_of


def numbers() -> Callable[[], str]:
    count = itertools.count(100)
    return lambda: str(next(count))


def conversation() -> Conversation:
    found = Conversation(id="c", title="Doors", settings=Settings(system="Be brief.", seed=3))
    found.add(Message(id="1", parent="", role="user", text="Where?\n\n## You\n\n\\## You"))
    found.add(Message(id="2", parent="1", role="assistant", text="# Here\n\n```\nx\n```"))
    found.add(Message(id="3", parent="1", role="assistant", text="There.", state="writing"))
    return found


def test_json_export_comes_back_with_all_versions_and_new_ids() -> None:
    (found,) = read_import("a.json", to_json([conversation()]), new_id=numbers(), now=5)
    assert found.title == "Doors"
    assert found.settings == conversation().settings
    assert [message.text for message in found.path()] == [
        conversation().messages["1"].text,
        "There.",
    ]
    assert set(found.messages).isdisjoint({"1", "2", "3"})
    assert len(found.siblings(found.leaf)) == 2
    # Nobody writes it any more.
    assert found.messages[found.leaf].state == "stopped"


def test_markdown_export_comes_back_as_it_was() -> None:
    original = conversation()
    original.show("2")
    found = to_markdown(original)
    assert found.startswith("# Doors\n\n## System\n\nBe brief.\n\n## You\n\nWhere?")
    (again,) = read_import("a.md", found, new_id=numbers(), now=5)
    assert again.title == "Doors"
    assert again.settings.system == "Be brief."
    assert [m.text for m in again.path()] == [m.text for m in original.path()]
    assert to_markdown(again) == found


def test_calls_of_tools_are_in_the_markdown() -> None:
    call = Call(id="1", name="clock", arguments="{}", state="done", result="a ``` b")
    found = Conversation(id="c", title="T")
    found.add(Message(id="1", parent="", role="assistant", calls=(call,)))
    assert "````\nclock\n{}\na ``` b\n````" in to_markdown(found)


def test_messages_of_the_openai_reference_are_imported() -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image_url"}]},
        {"role": "assistant", "content": "Hi"},
        {"role": "tool", "content": "left out"},
    ]
    for content in (messages, {"messages": messages}):
        (found,) = read_import("a.json", json.dumps(content), new_id=numbers(), now=5)
        assert [(m.role, m.text) for m in found.path()] == [("user", "Hello"), ("assistant", "Hi")]
        assert (found.settings.system, found.title, found.created) == ("Be brief.", "Hello", 5)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", "{"),
        ("a.json", "[" * 9**5),
        ("a.json", "3"),
        ("a.json", "[3]"),
        (
            "a.json",
            '{"format": "pywebllm-conversations", "conversations": [{"messages": [{}]}, 3]}',
        ),
        ("a.md", "# Title\n\nno messages"),
    ],
)
def test_file_without_conversations_is_refused(name: str, content: str) -> None:
    with pytest.raises(ImportProblem):
        read_import(name, content, new_id=numbers(), now=5)


@pytest.mark.parametrize(
    ("words", "columns", "rows"),
    [
        ('{"a": 1, "b": null}', (), (("a", "1"), ("b", "null"))),
        ('[{"a": 1}, {"b": "x"}]', ("a", "b"), (("1", ""), ("", "x"))),
        ('{"people": [{"a": [1]}]}', ("a",), (("[1]",),)),
        ('["x", "y"]', (), (("1", "x"), ("2", "y"))),
    ],
)
def test_typed_answer_is_a_table(
    words: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]
) -> None:
    table = table_of(words)
    assert table is not None
    assert (table.columns, table.rows) == (columns, rows)


@pytest.mark.parametrize("words", ["", "{", "3", "[]", "{}", '"text"'])
def test_value_without_parts_is_no_table(words: str) -> None:
    assert table_of(words) is None

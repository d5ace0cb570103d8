"""The chat view's controllers over a scripted engine: what is shown, kept and sent."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
from page.storage import Kind
from pywebllm import DownloadError
from pywebllm.testing import Answer, tool_call

from tests.unit.page.chat.chat_visit import ChatVisit, FakeStore

pytestmark = pytest.mark.timeout(20)


class SlowStore(FakeStore):
    """A store that waits before it reads some records, by ID."""

    def __init__(self) -> None:
        super().__init__()
        self.slow: dict[str, asyncio.Event] = {}

    async def read(self, kind: Kind, record_id: str) -> dict[str, Any] | None:
        if record_id in self.slow:
            await self.slow[record_id].wait()
        return await super().read(kind, record_id)


async def test_message_is_answered_kept_and_found_again() -> None:
    visit = ChatVisit([Answer("It is noon.", reasoning="Hm.")])
    await visit.open()
    assert visit.page.screen.is_empty
    await visit.ask(" What time is it? ")
    assert visit.page.texts() == ["What time is it?", "It is noon."]
    question, answer = visit.page.messages
    assert (answer.reasoning.strip(), answer.author, question.author) == ("Hm.", "Model", "You")
    assert "tokens" in answer.facts
    assert "".join(text for kind, text in visit.page.pieces if kind == "text") == "It is noon."
    assert visit.entries() == ["What time is it?"]
    again = ChatVisit([], visit.store)
    await again.open(visit.page.address)
    assert again.page.texts() == visit.page.texts()
    assert again.entries() == visit.entries()


async def test_stopped_answer_stays_and_is_continued() -> None:
    visit = ChatVisit([Answer("One two three", delay=0.02), " four"])
    await visit.open()
    assert visit.chat.send("Count.")
    await visit.page.until(lambda: bool(visit.page.pieces))
    assert visit.page.screen.is_writing
    assert not visit.chat.send("Too early.")
    visit.chat.stop()
    await visit.settled()
    begun = visit.page.messages[-1].text
    assert "One two three".startswith(begun)
    assert visit.page.messages[-1].note == "Stopped before its end."
    visit.chat.extend(visit.page.messages[-1].id)
    await visit.settled()
    assert visit.page.texts() == ["Count.", f"{begun} four"]
    assert begun in json.dumps(visit.engine.requests[1].body)


async def test_answer_that_hangs_is_stopped() -> None:
    visit = ChatVisit([Answer("never", delay=math.inf), " more"])
    await visit.open()
    assert visit.chat.send("Count.")
    await visit.page.until(lambda: visit.page.screen.is_writing)
    visit.chat.stop()
    await visit.settled()
    last = visit.page.messages[-1]
    assert last.note == "Stopped before its end."
    # There is nothing to continue.
    assert "continue" not in last.actions
    assert "regenerate" in last.actions


async def test_versions_are_written_and_chosen() -> None:
    visit = ChatVisit(["first", "second", "third"])
    await visit.open()
    await visit.ask("Say it.")
    visit.chat.regenerate(visit.page.messages[-1].id)
    await visit.settled()
    last = visit.page.messages[-1]
    assert (last.text, last.version, last.versions) == ("second", 2, 2)
    visit.chat.choose(last.id, -1)
    assert visit.page.texts() == ["Say it.", "first"]
    visit.chat.choose(visit.page.messages[-1].id, -1)
    assert visit.page.texts() == ["Say it.", "first"]
    visit.chat.edit(visit.page.messages[0].id)
    assert visit.page.edited == (visit.page.messages[0].id, "Say it.")
    assert visit.chat.save_edit(visit.page.messages[0].id, "Say it again.")
    await visit.settled()
    assert visit.page.texts() == ["Say it again.", "third"]
    assert visit.page.messages[0].versions == 2
    (kept,) = visit.kept()
    assert len(kept.messages) == 5


async def test_message_is_copied_as_it_was_written_if_the_browser_allows_it() -> None:
    visit = ChatVisit(["**Yes.**"])
    await visit.open()
    await visit.ask("Say it.")
    for is_allowed, said in ((True, "Copied."), (False, "did not allow copying")):
        visit.page.may_copy = is_allowed
        visit.chat.copy(visit.page.messages[-1].id)
        await visit.settled()
        assert visit.page.copied == "**Yes.**"
        assert said in visit.page.screen.status


async def test_edited_answer_is_another_version_without_a_request() -> None:
    visit = ChatVisit(["wrong"])
    await visit.open()
    await visit.ask("Say it.")
    assert visit.chat.save_edit(visit.page.messages[-1].id, "right")
    await visit.settled()
    assert visit.page.texts() == ["Say it.", "right"]
    assert len(visit.engine.requests) == 1


async def test_tool_runs_after_it_was_allowed_and_the_answer_follows() -> None:
    visit = ChatVisit([tool_call("calculator", expression="6*7"), "It is 42."])
    visit.page.typed |= {"tools": ["calculator"]}
    await visit.open()
    visit.settings.change()
    await visit.ask("What is 6*7?")
    asked = visit.page.messages[-1]
    assert asked.calls[0].is_asked
    assert asked.calls[0].arguments == "expression: 6*7"
    assert len(visit.engine.requests) == 1
    visit.chat.decide(asked.id, asked.calls[0].id, is_allowed=True)
    await visit.settled()
    assert visit.page.messages[-2].calls[0].result == "42"
    assert visit.page.messages[-1].text == "It is 42."
    assert "42" in visit.engine.requests[1].prompt


def own_program(code: str) -> dict[str, Any]:
    """Return the record of a program that offers `roll`."""
    function = {"name": "roll", "parameters": {"type": "object", "properties": {}}}
    tools = [{"type": "function", "function": function}]
    return {"id": code, "name": "", "code": "", "changed": 1, "tools": tools, "tools_code": code}


async def visit_with_own_tool(code: str, answer: str) -> ChatVisit:
    """Open the chat with `roll` of a program chosen; the model calls it, then writes `answer`."""
    store = FakeStore()
    await store.write("programs", own_program(code))
    visit = ChatVisit([tool_call("roll"), answer], store)
    visit.page.typed |= {"tools": ["roll"]}
    await visit.open()
    return visit


async def test_tool_that_the_visitor_wrote_is_called_in_its_program() -> None:
    visit = await visit_with_own_tool("dice", "Six.")
    assert "roll (your own)" in visit.page.tools
    visit.settings.change()
    await visit.ask("Roll.")
    asked = visit.page.messages[-1]
    assert visit.called == []
    visit.chat.decide(asked.id, asked.calls[0].id, is_allowed=True)
    await visit.settled()
    assert visit.called == [("dice", "roll", "{}")]
    assert visit.page.texts()[-1] == "Six."
    assert "called" in visit.engine.requests[1].prompt


async def test_tool_that_runs_is_stopped_and_the_model_reads_that() -> None:
    visit = await visit_with_own_tool("hangs", "Well.")
    visit.settings.change()
    await visit.ask("Roll.")
    asked = visit.page.messages[-1]
    visit.chat.decide(asked.id, asked.calls[0].id, is_allowed=True)
    await visit.is_calling.wait()
    visit.chat.stop()
    await visit.settled()
    assert "It failed" in visit.page.messages[-2].calls[0].note
    assert "stopped the tool" in visit.engine.requests[1].prompt


async def test_refused_tool_does_not_run_and_the_model_reads_that() -> None:
    call = tool_call("read_address", address="https://example.com/")
    visit = ChatVisit([call, "As you like."])
    visit.page.typed |= {"tools": ["read_address"]}
    await visit.open()
    visit.settings.change()
    await visit.ask("Look.")
    asked = visit.page.messages[-1]
    visit.chat.decide(asked.id, asked.calls[0].id, is_allowed=False)
    await visit.settled()
    assert visit.fetched == []
    assert "refused" in visit.engine.requests[1].prompt
    assert visit.page.texts()[-1] == "As you like."


async def test_failed_answer_says_so_in_place_and_is_written_again() -> None:
    visit = ChatVisit([DownloadError("the network is down", advice="Try again."), "Here."])
    await visit.open()
    await visit.ask("Say it.")
    failed = visit.page.messages[-1]
    assert failed.note.startswith("A file could not be downloaded. Check the connection")
    assert failed.detail == "the network is down. Try again."
    (kept,) = visit.kept()
    assert [it.detail for it in kept.messages.values()] == ["", failed.detail]
    visit.chat.regenerate(visit.page.messages[-1].id)
    await visit.settled()
    assert visit.page.texts()[-1] == "Here."


async def test_typed_answer_is_a_table() -> None:
    visit = ChatVisit([{"name": "Ada", "age": 36}])
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    visit.page.typed |= {"is_typed": True, "schema": json.dumps(schema)}
    await visit.open()
    visit.settings.change()
    await visit.ask("Who?")
    table = visit.page.messages[-1].table
    assert table is not None
    assert table.rows == (("name", "Ada"), ("age", "36"))


@pytest.mark.parametrize(
    ("schema", "problem"),
    [("{", "not valid JSON"), ('{"type": "thing"}', "type"), ('{"type": "integer"}', "")],
)
async def test_schema_is_checked_without_a_request(schema: str, problem: str) -> None:
    visit = ChatVisit([])
    visit.page.typed |= {"schema": schema}
    await visit.open()
    visit.settings.check_schema()
    assert problem in visit.page.problems.get("schema", "")
    assert bool(visit.page.note) is not bool(problem)
    assert visit.engine.requests == []


async def test_settings_of_the_form_reach_the_request_unless_they_are_wrong() -> None:
    visit = ChatVisit(["a", "b"])
    await visit.open()
    visit.page.typed |= {"system": "Be brief.", "seed": "7"}
    visit.settings.change()
    visit.page.typed |= {"seed": "seven"}
    visit.settings.change()
    assert set(visit.page.problems) == {"seed"}
    await visit.ask("Say it.")
    assert visit.engine.requests[0].messages[0]["content"] == "Be brief."
    assert visit.kept()[0].settings.seed == 7


async def test_presets_are_kept_used_and_deleted() -> None:
    visit = ChatVisit([])
    await visit.open()
    visit.page.typed |= {"temperature": "0.3"}
    visit.settings.save_preset("  Mine ")
    await visit.settled()
    again = ChatVisit([], visit.store)
    await again.open()
    assert again.page.presets == ["Mine"]
    again.settings.use_preset("Mine")
    assert again.page.settings.temperature == 0.3
    again.settings.use_preset("repeatable")
    assert (again.page.settings.temperature, again.page.settings.seed) == (0.0, 1)
    again.settings.delete_preset("Mine")
    await again.settled()
    assert again.page.presets == []


async def test_conversations_are_renamed_deleted_and_brought_back() -> None:
    visit = ChatVisit(["a", "b"])
    await visit.open()
    await visit.ask("First.")
    visit.chat.rename("  The first ")
    visit.chat.visit("")
    await visit.ask("Second.")
    assert visit.entries() == ["Second.", "The first"]
    visit.list.delete()
    await visit.settled()
    assert visit.entries() == ["The first"]
    assert visit.page.list.undo == "“Second.” was deleted."
    assert [kept.title for kept in visit.kept()] == ["The first"]
    visit.list.undo()
    await visit.settled()
    assert visit.entries() == ["Second.", "The first"]
    assert visit.page.texts() == ["Second.", "b"]
    assert {kept.title for kept in visit.kept()} == {"Second.", "The first"}


async def test_conversation_that_is_deleted_while_it_is_written_stays_deleted() -> None:
    visit = ChatVisit([Answer("never", delay=math.inf)])
    await visit.open()
    assert visit.chat.send("First.")
    await visit.page.until(lambda: visit.page.screen.is_writing)
    visit.list.delete()
    await visit.settled()
    assert visit.kept() == []
    assert visit.entries() == []


async def test_conversation_that_could_not_be_deleted_is_kept_on() -> None:
    visit = ChatVisit(["one", "two"])
    await visit.open()
    await visit.ask("First.")
    visit.store.problem = "InvalidStateError"
    visit.list.delete()
    await visit.settled()
    assert "InvalidStateError" in visit.page.list.problem
    assert visit.page.texts() == ["First.", "one"]
    visit.store.problem = ""
    await visit.ask("Second.")
    assert visit.kept_texts() == ["First.", "one", "Second.", "two"]


async def test_answer_goes_on_while_another_conversation_is_shown() -> None:
    visit = ChatVisit([Answer("One two three", delay=0.01)])
    await visit.open()
    assert visit.chat.send("Count.")
    await visit.page.until(lambda: bool(visit.page.pieces))
    address = visit.page.address
    visit.chat.visit("")
    assert visit.page.texts() == []
    await visit.settled()
    visit.chat.visit(address)
    await visit.settled()
    assert visit.page.texts() == ["Count.", "One two three"]


async def test_search_export_and_import() -> None:
    visit = ChatVisit(["a", "b"])
    await visit.open()
    await visit.ask("The blue door.")
    visit.chat.visit("")
    await visit.ask("A red lamp.")
    visit.list.search("blue")
    await visit.settled()
    assert visit.entries() == ["The blue door."]
    assert visit.page.list.status == "1 conversation found."
    visit.list.search("")
    visit.list.export("markdown")
    visit.list.export("all")
    await visit.settled()
    assert set(visit.page.files) == {"a-red-lamp.md", "conversations.json"}
    other = ChatVisit([])
    await other.open()
    other.list.read_file("conversations.json", visit.page.files["conversations.json"])
    await other.settled()
    assert sorted(other.entries()) == ["A red lamp.", "The blue door."]
    assert len(other.kept()) == 2
    other.list.read_file("x.json", "{")
    await other.settled()
    assert "not valid JSON" in other.page.list.problem


async def test_list_that_is_read_has_what_was_imported_meanwhile_and_not_what_was_deleted() -> None:
    visit = ChatVisit(["a"])
    await visit.open()
    await visit.ask("The blue door.")

    async def begin_to_read() -> None:
        visit.store.answers.clear()
        visit.list.open()
        await visit.store.until(lambda: visit.store.is_awaited)

    await begin_to_read()
    content = {"messages": [{"role": "user", "content": "Imported."}]}
    visit.list.read_file("a.json", json.dumps(content))
    await visit.store.until(lambda: len(visit.kept()) == 2)
    visit.store.answers.set()
    await visit.settled()
    assert sorted(visit.entries()) == ["Imported.", "The blue door."]
    await begin_to_read()
    visit.list.delete()
    await visit.store.until(lambda: len(visit.kept()) == 1)
    visit.store.answers.set()
    await visit.settled()
    assert visit.entries() == ["The blue door."]


async def test_preset_that_is_saved_while_the_presets_are_read_is_added_to_them() -> None:
    first = ChatVisit([])
    await first.open()
    first.settings.save_preset("Mine")
    await first.settled()
    visit = ChatVisit([], first.store)
    visit.store.answers.clear()
    visit.settings.open()
    visit.settings.save_preset("Another")
    await visit.store.until(lambda: visit.store.is_awaited)
    visit.store.answers.set()
    await visit.settled()
    assert sorted(visit.page.presets) == ["Another", "Mine"]
    third = ChatVisit([], first.store)
    await third.open()
    assert sorted(third.page.presets) == ["Another", "Mine"]


async def test_full_disk_is_reported_and_the_answer_is_still_shown() -> None:
    visit = ChatVisit(["a"])
    await visit.open()
    visit.store.problem = "the disk is full"
    await visit.ask("Say it.")
    assert visit.page.texts() == ["Say it.", "a"]
    assert "the disk is full" in visit.page.screen.problem


async def test_unknown_address_is_a_new_conversation_with_a_word_about_it() -> None:
    visit = ChatVisit([])
    await visit.open("gone")
    assert visit.page.screen.is_empty
    assert "not in this browser" in visit.page.screen.problem


async def test_last_visited_conversation_is_shown_however_long_another_is_read() -> None:
    store = SlowStore()
    visit = ChatVisit(["one", "two", "three"], store)
    await visit.open()
    addresses = []
    for words in ("First.", "Second."):
        visit.chat.visit("")
        await visit.ask(words)
        addresses.append(visit.page.address)
    first, second = addresses
    for action, shown in (
        (lambda: visit.chat.visit(second), ["Second.", "two"]),
        (lambda: visit.chat.visit(""), []),
        (lambda: visit.chat.send("Third."), ["Third.", "three"]),
    ):
        visit.chat.visit("")
        store.slow[first] = asyncio.Event()
        visit.chat.visit(first)
        await asyncio.sleep(0)
        action()
        store.slow.pop(first).set()
        await visit.settled()
        assert visit.page.texts() == shown


async def test_answer_that_the_engine_has_not_kept_is_left_as_it_was() -> None:
    visit = ChatVisit(["a"])
    await visit.open()
    await visit.ask("Say it.")
    record = visit.store.records["conversations"][visit.page.address]
    record["messages"][-1] |= {"state": "writing", "text": "half of"}
    again = ChatVisit([], visit.store)
    await again.open(record["id"])
    assert again.page.messages[-1].text == "half of"
    assert again.page.messages[-1].note == "Stopped before its end."
    assert "continue" in again.page.messages[-1].actions


async def test_conversation_that_another_tab_has_continued_is_shown_on_return() -> None:
    visit = ChatVisit(["a"])
    await visit.open()
    await visit.ask("First.")
    other = ChatVisit(["b"], visit.store)
    await other.open(visit.page.address)
    await other.ask("Second.")
    visit.chat.refresh()
    await visit.settled()
    assert visit.page.texts() == ["First.", "a", "Second.", "b"]
    visit.chat.refresh()
    await visit.settled()
    assert len(visit.page.messages) == 4


async def test_what_two_tabs_add_to_a_conversation_is_kept() -> None:
    visit = ChatVisit(["a", "b"])
    await visit.open()
    await visit.ask("First.")
    other = ChatVisit(["c"], visit.store)
    await other.open(visit.page.address)
    visit.chat.rename("Order")
    await visit.ask("Second.")
    # The other tab shows the conversation as it was.
    await other.ask("Third.")
    assert visit.kept_texts() == ["First.", "a", "Second.", "b", "Third.", "c"]
    assert visit.kept()[0].title == "Order"
    for one in (visit, other):
        one.chat.refresh()
        await one.settled()
        assert one.page.texts() == ["First.", "a", "Third.", "c"]
        assert one.page.messages[2].versions == 2


async def test_message_that_could_not_be_kept_is_still_shown_on_return() -> None:
    visit = ChatVisit(["a", "b"])
    await visit.open()
    await visit.ask("First.")
    visit.store.is_full = True
    await visit.ask("Second.")
    visit.store.is_full = False
    other = ChatVisit(["c"], visit.store)
    await other.open(visit.page.address)
    await other.ask("Third.")
    visit.chat.refresh()
    await visit.settled()
    assert visit.page.texts() == ["First.", "a", "Second.", "b"]
    visit.chat.rename("Order")
    await visit.settled()
    assert set(visit.kept_texts()) == {"First.", "a", "Second.", "b", "Third.", "c"}


async def test_call_of_an_imported_conversation_is_decided_and_answered() -> None:
    visit = ChatVisit(["I see."])
    await visit.open()
    call = {"id": "1", "name": "read_address", "arguments": '{"address": "https://example.com/"}'}
    messages = [
        {"id": "1", "role": "user", "text": "Look."},
        {"id": "2", "parent": "1", "role": "assistant", "calls": [call | {"state": "running"}]},
    ]
    content = {"format": "pywebllm-conversations", "conversations": [{"messages": messages}]}
    visit.list.read_file("a.json", json.dumps(content))
    await visit.settled()
    assert visit.fetched == []
    visit.chat.decide(visit.page.messages[-1].id, "1", is_allowed=True)
    await visit.settled()
    assert visit.fetched == ["https://example.com/"]
    assert visit.page.messages[-1].text == "I see."


async def test_conversation_that_another_tab_has_deleted_stays_deleted() -> None:
    visit = ChatVisit(["one", "two"])
    await visit.open()
    await visit.ask("First.")
    other = ChatVisit([], visit.store)
    await other.open(visit.page.address)
    other.list.delete()
    await other.settled()
    await visit.ask("Second.")
    assert visit.page.texts() == ["First.", "one", "Second.", "two"]
    assert visit.kept() == []
    # Also in a tab that has only read it.
    other.list.undo()
    await other.settled()
    later = ChatVisit(["three"], visit.store)
    await later.open(visit.page.address)
    other.list.delete()
    await other.settled()
    await later.ask("Third.")
    assert visit.kept() == []


async def test_answer_that_another_tab_writes_is_not_replaced_by_a_look_at_it() -> None:
    visit = ChatVisit([Answer("One two three", delay=0.01)])
    await visit.open()
    assert visit.chat.send("Count.")
    await visit.page.until(lambda: bool(visit.page.pieces))
    other = ChatVisit([], visit.store)
    await other.open(visit.page.address)
    await other.settled()
    assert other.page.messages[-1].note == "Stopped before its end."
    (kept,) = visit.kept()
    assert kept.messages[visit.page.messages[-1].id].state == "writing"
    await visit.settled()
    other.chat.refresh()
    await other.settled()
    assert other.page.texts() == ["Count.", "One two three"]

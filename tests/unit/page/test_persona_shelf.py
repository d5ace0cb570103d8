"""The kept personas: read, deleted, brought back, compared; and their files."""

from __future__ import annotations

import json

import pytest
from page.persona.cards import Card, card_of, file_name, json_of, markdown_of, record_of
from page.persona.shelf import Shelf

from tests.unit.page.store import FakeShelfPage, FakeStore

pytestmark = pytest.mark.timeout(20)


def card(number: int, text: str = "Ada plays.") -> Card:
    return Card(
        id=f"{number:015d}",
        made=1.6e9 + number,
        fields={"name": "Ada"},
        text=text,
        seed=1,
        model="m",
    )


def make() -> tuple[Shelf, FakeShelfPage, FakeStore]:
    page, store = FakeShelfPage(), FakeStore()
    return Shelf(page=page, store=store), page, store


async def test_later_visit_finds_what_was_kept() -> None:
    shelf, shown, store = make()
    shelf.keep(card(1))
    shelf.keep(card(2))
    busy = [shown.is_busy]
    await shelf.settled()
    assert [*busy, shown.is_busy] == [True, False]
    store.records["personas"]["x"] = {"id": "x", "of": "another version"}
    page = FakeShelfPage()
    later = Shelf(page=page, store=store)
    later.open()
    await later.settled()
    assert page.cards == [card(2), card(1)]
    assert page.status == "2 personas"


async def test_deleted_personas_are_brought_back_also_in_the_store() -> None:
    shelf, page, store = make()
    for number in (1, 2, 3):
        shelf.keep(card(number))
    shelf.remove(card(2).id)
    assert page.undo == "Deleted: Ada."
    await shelf.settled()
    assert len(store.records["personas"]) == 2
    shelf.undo()
    shelf.remove_all()
    assert (page.cards, page.undo) == ([], "3 personas deleted.")
    shelf.undo()
    await shelf.settled()
    assert page.cards == [card(3), card(2), card(1)]
    assert len(store.records["personas"]) == 3
    assert page.undo == ""


async def test_two_or_more_are_shown_side_by_side() -> None:
    shelf, page, _ = make()
    shelf.keep(card(1))
    shelf.keep(card(2))
    shelf.compare(card(1).id, is_compared=True)
    assert (page.compared, page.status) == ([], "Tick one more to see them side by side.")
    shelf.compare(card(2).id, is_compared=True)
    assert page.compared == [card(2), card(1)]
    shelf.remove(card(1).id)
    assert page.compared == []


async def test_full_storage_is_reported_and_the_persona_stays() -> None:
    shelf, page, store = make()
    store.is_full = True
    shelf.keep(card(1))
    await shelf.settled()
    assert page.cards == [card(1)]
    assert page.problem.startswith("This browser did not keep the change")
    store.is_full = False
    shelf.keep(card(2))
    await shelf.settled()
    assert page.problem == ""


def test_card_survives_a_record_and_a_foreign_record_is_none() -> None:
    kept = card(1)
    assert card_of(json.loads(json.dumps(record_of(kept)))) == kept
    assert card_of({"id": "1", "made": "x"}) is None
    assert card_of({**record_of(kept), "fields": []}) is None


def test_files_have_all_of_a_persona_and_no_markup_of_the_model() -> None:
    hostile = card(1, text="# Ada\n<b>plays</b> [a](javascript:x)\n- one")
    content = json.loads(json_of(hostile))
    assert content["text"] == hostile.text
    assert content["created"] == "2020-09-13T12:26:41+00:00"
    assert markdown_of(hostile) == (
        "# Ada\n\n\\# Ada\n\\<b\\>plays\\</b\\> \\[a\\](javascript:x)\n\\- one\n"
    )
    assert file_name(card(1), "md") == "ada.md"
    other = Card(id="1", made=0, fields={"name": "../Ödön / 7"}, text="", seed=0, model="m")
    assert file_name(other, "json") == "ödön-7.json"
    blank = Card(id="1", made=0, fields={}, text="", seed=0, model="m")
    assert file_name(blank, "json") == "persona.json"

"""The persona view's controller over a fake bridge: what it shows, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest
from page.persona.cards import Card
from page.persona.controller import PersonaController
from page.persona.shelf import Shelf
from page.persona.view import Screen
from pywebllm import DeviceLostError, EngineError

from tests.unit.fakes import FakeStream, chunk, last_chunk, loss
from tests.unit.page.store import FakeShelfPage, FakeStore
from tests.unit.page.visit import Visit

pytestmark = pytest.mark.timeout(20)


class FakePage:
    """A view that records what it was shown, and lets a test wait for text."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []
        self.form = {"name": "Ada", "age": "36"}
        self.text = ""
        self.card: Card | None = None
        self.about = ""
        self.edited: str | None = None
        self.copied: list[str] = []
        self.can_copy = True
        self.saved: list[tuple[str, str, str]] = []
        self.printed: list[list[str]] = []
        self._changed = asyncio.Event()

    @property
    def screen(self) -> Screen:
        return self.screens[-1]

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)
        self._changed.set()

    def fields(self) -> dict[str, str]:
        return dict(self.form)

    def set_fields(self, fields: Mapping[str, str]) -> None:
        self.form = dict(fields)

    def clear_text(self) -> None:
        self.text = ""

    def show_card(self, card: Card | None, about: str) -> None:
        self.card, self.about = card, about

    def edited_text(self) -> str | None:
        return self.edited

    def edit(self, text: str) -> None:
        self.edited = text

    def end_edit(self) -> None:
        self.edited = None

    async def copy(self, text: str) -> bool:
        self.copied.append(text)
        return self.can_copy

    def save(self, name: str, kind: str, content: str) -> None:
        self.saved.append((name, kind, content))

    def print(self, cards: list[Card]) -> None:
        self.printed.append([card.text for card in cards])

    def write(self, piece: str) -> None:
        self.text += piece
        self._changed.set()

    async def until_idle(self) -> Screen:
        while not self.screens or self.screen.is_writing:
            self._changed.clear()
            await self._changed.wait()
        return self.screen

    async def until_text(self, text: str) -> None:
        while self.text != text:
            self._changed.clear()
            await self._changed.wait()


class PersonaVisit(Visit):
    """A visit of the persona view."""

    def __init__(self) -> None:
        super().__init__()
        self.page = FakePage()
        self.store = FakeStore()
        self.shelf = Shelf(page=FakeShelfPage(), store=self.store)
        self.controller = PersonaController(page=self.page, setup=self.setup, shelf=self.shelf)

    async def written(self, *pieces: str) -> FakeStream:
        """Let the model write the persona that was begun; return its answer."""
        answer = await self.bridge.generations.get()
        answer.push(*[chunk(piece) for piece in pieces], last_chunk()).end()
        await self.page.until_idle()
        await self.shelf.settled()
        return answer

    def kept(self) -> list[str]:
        """Return the texts that are kept, the newest first."""
        return [card.text for card in self.shelf.cards]


async def test_persona_is_written_piece_by_piece_and_its_speed_shown() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada "))
    await visit.page.until_text("Ada ")
    assert visit.page.screen.is_writing
    assert visit.page.screen.speed == ""
    answer.push(chunk("plays."), last_chunk()).end()
    assert (await visit.page.until_idle()).speed == (
        "20.0 tokens/s · first token after 0.50 s · 2 tokens"
    )
    assert visit.page.text == "Ada plays."


async def test_second_persona_replaces_the_first() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    for text in ("First.", "Second."):
        visit.controller.generate()
        answer = await visit.bridge.generations.get()
        answer.push(chunk(text), last_chunk()).end()
        await visit.page.until_idle()
    assert visit.page.text == "Second."


async def test_stop_keeps_the_text_and_frees_the_model() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada "))
    await visit.page.until_text("Ada ")
    visit.controller.stop()
    screen = await visit.page.until_idle()
    assert screen.status.startswith("Stopped")
    assert visit.page.text == "Ada "
    visit.controller.generate()
    await visit.bridge.generations.get()
    assert answer.stops == 1


async def test_immediate_stop_sends_no_request() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    visit.controller.stop()
    assert visit.page.screen.can_generate
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada."), last_chunk()).end()
    await visit.page.until_idle()
    assert visit.page.text == "Ada."
    assert visit.bridge.generations.empty()


async def test_generate_twice_in_a_row_writes_once() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada."), last_chunk()).end()
    await visit.page.until_idle()
    assert visit.bridge.generations.empty()


async def test_empty_form_shows_a_problem_beside_the_form() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.page.form = {"name": " ", "age": ""}
    visit.controller.generate()
    assert "at least one field" in (await visit.page.until_idle()).advice
    assert visit.bridge.generations.empty()


async def test_failed_answer_is_shown_and_leaves_the_form_usable() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    (await visit.bridge.generations.get()).fail(EngineError("out of luck"))
    screen = await visit.page.until_idle()
    assert screen.detail.startswith("out of luck.")


async def test_gpu_lost_while_writing_offers_to_load_again() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    (await visit.bridge.generations.get()).fail(DeviceLostError("the device is gone"))
    assert (await visit.card.until("failed")).problem == "The browser lost the GPU."
    assert not visit.page.screen.can_generate
    visit.setup.retry()
    (await visit.bridge.loads.get()).end()
    await visit.card.until("ready")
    assert visit.page.screen.can_generate


async def test_gpu_lost_before_stop_offers_to_load_again() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    await visit.bridge.generations.get()
    visit.bridge.events.push(loss(message="the device is gone"))
    await visit.card.until("failed")
    visit.controller.stop()
    assert not visit.page.screen.is_writing
    assert visit.card.screen.can_retry
    assert visit.card.screen.problem == "The browser lost the GPU."


async def test_gpu_lost_as_generate_is_pressed_offers_to_load_again() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.bridge.events.push(loss(message="the device is gone"))
    visit.controller.generate()
    screen = await visit.card.until("failed")
    assert screen.status == "The model is not loaded."
    assert screen.problem == "The browser lost the GPU."
    assert not visit.page.screen.can_generate
    visit.setup.retry()
    (await visit.bridge.loads.get()).end()
    await visit.card.until("ready")
    assert visit.page.screen.can_generate


async def test_late_clicks_do_nothing() -> None:
    visit = PersonaVisit()
    visit.controller.stop()
    visit.controller.generate()
    visit.setup.retry()
    assert visit.page.screens == []
    await visit.loaded()
    visit.setup.retry()
    visit.controller.stop()
    assert visit.checks == 1
    assert visit.page.screen.can_generate


TYPED = {
    "name": "Ada",
    "age": 36,
    "occupation": "biologist",
    "summary": "Ada dives.",
    "interests": ["chess"],
    "traits": ["calm"],
    "goals": ["rest"],
}


async def test_each_persona_is_kept_with_what_it_was_written_from() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    await visit.written("Ada ", "plays.")
    visit.controller.generate()
    await visit.written("Ada sings.")
    assert visit.kept() == ["Ada sings.", "Ada plays."]
    (first, second) = visit.store.records["personas"].values()
    assert first["fields"] == {"name": "Ada", "age": "36"}
    assert first["model"] == "pywebllm-persona-q4f32_1"
    assert visit.page.about == f"seed {second['seed']} · pywebllm-persona-q4f32_1"


async def test_stopped_persona_is_kept_as_far_as_it_was_written() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    (await visit.bridge.generations.get()).push(chunk("Ada "))
    await visit.page.until_text("Ada ")
    visit.controller.stop()
    assert visit.kept() == ["Ada"]
    assert visit.page.screen.can_use


async def test_another_one_has_the_same_fields_and_another_seed() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    first = json.loads((await visit.written("One.")).request)["request"]
    visit.page.form = {"name": "Bo"}
    visit.controller.again()
    second = json.loads((await visit.written("Two.")).request)["request"]
    assert first["messages"] == second["messages"]
    assert first["seed"] != second["seed"]


async def test_rewrite_sends_the_text_and_what_to_change() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.rewrite("shorter")  # nothing is there yet
    assert visit.bridge.generations.empty()
    visit.controller.generate()
    await visit.written("Ada plays chess.")
    visit.controller.rewrite(" ")
    assert visit.page.screen.can_generate
    for change, asked in (("shorter", "Make it shorter."), ("Call her Bo.", "Call her Bo.")):
        before = visit.page.card
        assert before is not None
        visit.controller.rewrite(change)
        request = json.loads((await visit.written(f"{change}: done.")).request)["request"]
        assert [(it["role"], it["content"]) for it in request["messages"]][2:] == [
            ("assistant", before.text),
            ("user", asked),
        ]
    assert visit.page.about.startswith("asked for: Call her Bo. · seed ")
    assert len(visit.kept()) == 3


async def test_typed_persona_is_a_card() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.make_card()
    await visit.written(json.dumps(TYPED))
    card = visit.page.card
    assert card is not None
    assert (card.title, card.subtitle, card.text) == ("Ada", "biologist, 36", "Ada dives.")
    visit.controller.download("json")
    ((name, kind, content),) = visit.page.saved
    assert (name, kind) == ("ada.json", "application/json")
    assert json.loads(content)["traits"] == ["calm"]
    # Edited, its summary changes; rewritten, it becomes a text.
    visit.controller.edit()
    visit.page.edited = "Ada swims."
    visit.controller.save_edit()
    assert visit.page.card is not None
    assert visit.page.card.values["summary"] == visit.page.card.text == "Ada swims."


async def test_edited_text_is_kept_and_rewritten() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    await visit.written("Ada plays.")
    visit.controller.edit()
    assert visit.page.edited == "Ada plays."
    visit.controller.stop()  # discards
    assert (visit.page.edited_text(), visit.kept()) == (None, ["Ada plays."])
    visit.controller.edit()
    visit.page.edited = "Ada plays go."
    visit.controller.rewrite("longer")  # keeps the changes first
    request = json.loads((await visit.written("Longer.")).request)["request"]
    assert request["messages"][2]["content"] == "Ada plays go."
    assert visit.kept() == ["Longer.", "Ada plays go."]


async def test_persona_is_copied_downloaded_and_printed() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.copy()
    visit.controller.download("json")
    visit.controller.print()
    assert (visit.page.copied, visit.page.saved, visit.page.printed) == ([], [], [])
    visit.controller.generate()
    await visit.written("Ada *plays*.")
    for can_copy, status in ((True, "Copied."), (False, "The browser did not allow copying.")):
        visit.page.can_copy = can_copy
        visit.page.screens.clear()
        visit.controller.copy()
        assert (await visit.page.until_idle()).status.startswith(status)
    assert visit.page.copied[0] == "# Ada\n\n*36*\n\nAda \\*plays\\*.\n"
    visit.controller.download("markdown")
    assert visit.page.saved == [("ada.md", "text/markdown", visit.page.copied[0])]
    visit.controller.print()
    visit.controller.generate()
    await visit.written("Bo.")
    visit.controller.print_kept()
    assert visit.page.printed == [["Ada *plays*."], ["Bo.", "Ada *plays*."]]


async def test_kept_persona_is_opened_with_its_form_and_deleted() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    await visit.written("Ada.")
    visit.page.form = {"name": "Bo"}
    visit.controller.generate()
    await visit.written("Bo.")
    _, ada = visit.shelf.cards
    visit.controller.open(ada.id)
    assert (visit.page.card, visit.page.form["name"]) == (ada, "Ada")
    visit.controller.remove(ada.id)
    assert visit.page.card is None
    assert not visit.page.screen.has_card
    visit.controller.remove_all()
    assert visit.kept() == []
    visit.shelf.undo()
    assert visit.kept() == ["Bo."]

"""The persona view's controller over a fake bridge: what it shows, and when."""

from __future__ import annotations

import asyncio

import pytest
from page.persona.controller import PersonaController
from page.persona.view import Screen
from pywebllm import DeviceLostError, EngineError

from tests.unit.fakes import chunk, last_chunk, loss
from tests.unit.page.visit import Visit

pytestmark = pytest.mark.timeout(20)


class FakePage:
    """A view that records what it was shown, and lets a test wait for text."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []
        self.form = {"name": "Ada", "age": "36"}
        self.text = ""
        self._changed = asyncio.Event()

    @property
    def screen(self) -> Screen:
        return self.screens[-1]

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)
        self._changed.set()

    def fields(self) -> dict[str, str]:
        return dict(self.form)

    def clear_text(self) -> None:
        self.text = ""

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
        self.controller = PersonaController(page=self.page, setup=self.setup)


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
    assert "at least one field" in (await visit.page.until_idle()).problem
    assert visit.bridge.generations.empty()


async def test_failed_answer_is_shown_and_leaves_the_form_usable() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    (await visit.bridge.generations.get()).fail(EngineError("out of luck"))
    screen = await visit.page.until_idle()
    assert screen.problem == "Out of luck."


async def test_gpu_lost_while_writing_offers_to_load_again() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.controller.generate()
    (await visit.bridge.generations.get()).fail(DeviceLostError("the device is gone"))
    assert (await visit.card.until("failed")).problem == "The device is gone."
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
    assert visit.card.screen.problem == "The device is gone."


async def test_gpu_lost_as_generate_is_pressed_offers_to_load_again() -> None:
    visit = PersonaVisit()
    await visit.loaded()
    visit.bridge.events.push(loss(message="the device is gone"))
    visit.controller.generate()
    screen = await visit.card.until("failed")
    assert screen.status == "The model is not loaded."
    assert screen.problem == "The device is gone."
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

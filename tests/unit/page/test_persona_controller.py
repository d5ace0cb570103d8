"""The page's controller, over the real service and a fake bridge: what is shown, and when."""

from __future__ import annotations

import asyncio

import pytest
from page.controller import Controller
from page.view import Screen, State
from pywebllm import DeviceLostError, DownloadError, EngineError, Support, WebLLMService

from tests.unit.fakes import FakeBridge, chunk, last_chunk, loss, progress

pytestmark = pytest.mark.timeout(20)


class FakePage:
    """A page that records what it was shown, and lets a test wait for a state."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []
        self.gpu: list[str] = []
        self.form = {"name": "Ada", "age": "36"}
        self.text = ""
        self._changed = asyncio.Event()

    @property
    def screen(self) -> Screen:
        return self.screens[-1]

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)
        self._changed.set()

    def show_gpu(self, text: str) -> None:
        self.gpu.append(text)

    def fields(self) -> dict[str, str]:
        return dict(self.form)

    def clear_text(self) -> None:
        self.text = ""

    def write(self, piece: str) -> None:
        self.text += piece
        self._changed.set()

    async def until(self, state: State) -> Screen:
        while not self.screens or self.screen.state != state:
            self._changed.clear()
            await self._changed.wait()
        return self.screen

    async def until_text(self, text: str) -> None:
        while self.text != text:
            self._changed.clear()
            await self._changed.wait()


class Visit:
    """A visit to the page: its parts, and how to bring it to a state."""

    def __init__(self, *, support: Support | Exception | None = None) -> None:
        self.page = FakePage()
        self.bridge = FakeBridge()
        self.support = support or Support(ok=True)
        self.checks = 0
        service = WebLLMService(bridge=self._open)
        self.lost = asyncio.Event()
        service.status_updated.subscribe(
            lambda status: None if service.is_initialized else self.lost.set()
        )
        self.controller = Controller(page=self.page, service=service, check_support=self._check)

    async def loaded(self) -> None:
        start = asyncio.create_task(self.controller.start())
        (await self.bridge.loads.get()).end()
        await start
        self.lost.clear()

    def states(self) -> list[State]:
        """Return the states that were shown, each once."""
        states = [screen.state for screen in self.page.screens]
        return [
            state for state, before in zip(states, [None, *states], strict=False) if state != before
        ]

    async def _open(self) -> FakeBridge:
        return self.bridge

    async def _check(self) -> Support:
        self.checks += 1
        if isinstance(self.support, Exception):
            raise self.support
        return self.support


async def test_start_checks_loads_and_is_ready() -> None:
    visit = Visit()
    await visit.loaded()
    assert visit.states() == ["checking", "loading", "ready"]
    assert visit.page.screen.ratio == 1


async def test_load_shows_its_progress() -> None:
    visit = Visit()
    start = asyncio.create_task(visit.controller.start())
    load = await visit.bridge.loads.get()
    load.push(progress(0.5), progress(0.75, phase="compile")).end()
    await start
    shown = {(screen.status, screen.ratio) for screen in visit.page.screens}
    assert ("Fetching the model…", 0.5) in shown
    assert ("Compiling shaders…", 0.75) in shown


async def test_unsupported_browser_is_reported_before_any_download() -> None:
    visit = Visit(support=Support(ok=False, problem="No WebGPU.", advice="Use Chrome."))
    await visit.controller.start()
    assert visit.page.screen.state == "unsupported"
    assert (visit.page.screen.problem, visit.page.screen.advice) == ("No WebGPU.", "Use Chrome.")
    assert visit.bridge.loads.empty()


async def test_failed_check_is_shown_and_can_be_retried() -> None:
    visit = Visit(support=DownloadError("the bridge is not there"))
    await visit.controller.start()
    assert visit.page.screen.can_retry
    assert visit.page.screen.problem == "The bridge is not there."
    visit.support = Support(ok=True)
    visit.controller.retry()
    (await visit.bridge.loads.get()).end()
    await visit.page.until("ready")


async def test_failed_load_is_shown_and_can_be_retried() -> None:
    visit = Visit()
    start = asyncio.create_task(visit.controller.start())
    (await visit.bridge.loads.get()).fail(DownloadError("no network"))
    await start
    assert visit.page.screen.can_retry
    assert visit.page.screen.problem == "No network."
    assert visit.page.screen.advice == DownloadError.advice
    visit.controller.retry()
    (await visit.bridge.loads.get()).end()
    await visit.page.until("ready")
    assert visit.page.screen.problem == ""


async def test_persona_is_written_piece_by_piece_and_its_speed_shown() -> None:
    visit = Visit()
    await visit.loaded()
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada "))
    await visit.page.until_text("Ada ")
    assert visit.page.screen.state == "writing"
    assert visit.page.screen.speed == ""
    answer.push(chunk("plays."), last_chunk()).end()
    assert (await visit.page.until("ready")).speed == (
        "20.0 tokens/s · first token after 0.50 s · 2 tokens"
    )
    assert visit.page.text == "Ada plays."


async def test_second_persona_replaces_the_first() -> None:
    visit = Visit()
    await visit.loaded()
    for text in ("First.", "Second."):
        visit.controller.generate()
        answer = await visit.bridge.generations.get()
        answer.push(chunk(text), last_chunk()).end()
        await visit.page.until("ready")
    assert visit.page.text == "Second."


async def test_stop_keeps_the_text_and_frees_the_model() -> None:
    visit = Visit()
    await visit.loaded()
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada "))
    await visit.page.until_text("Ada ")
    visit.controller.stop()
    screen = await visit.page.until("ready")
    assert screen.status.startswith("Stopped")
    assert visit.page.text == "Ada "
    visit.controller.generate()
    await visit.bridge.generations.get()
    assert answer.stops == 1


async def test_immediate_stop_sends_no_request() -> None:
    visit = Visit()
    await visit.loaded()
    visit.controller.generate()
    visit.controller.stop()
    assert visit.page.screen.can_generate
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada."), last_chunk()).end()
    await visit.page.until("ready")
    assert visit.page.text == "Ada."
    assert visit.bridge.generations.empty()


async def test_generate_twice_in_a_row_writes_once() -> None:
    visit = Visit()
    await visit.loaded()
    visit.controller.generate()
    visit.controller.generate()
    answer = await visit.bridge.generations.get()
    answer.push(chunk("Ada."), last_chunk()).end()
    await visit.page.until("ready")
    assert visit.bridge.generations.empty()


async def test_empty_form_shows_a_problem_beside_the_form() -> None:
    visit = Visit()
    await visit.loaded()
    visit.page.form = {"name": " ", "age": ""}
    visit.controller.generate()
    assert "at least one field" in (await visit.page.until("ready")).form_problem
    assert visit.bridge.generations.empty()


async def test_failed_answer_is_shown_and_leaves_the_form_usable() -> None:
    visit = Visit()
    await visit.loaded()
    visit.controller.generate()
    (await visit.bridge.generations.get()).fail(EngineError("out of luck"))
    screen = await visit.page.until("ready")
    assert screen.problem == "Out of luck."


async def test_gpu_lost_while_writing_offers_to_load_again() -> None:
    visit = Visit()
    await visit.loaded()
    visit.controller.generate()
    (await visit.bridge.generations.get()).fail(DeviceLostError("the device is gone"))
    assert (await visit.page.until("failed")).problem == "The device is gone."
    visit.controller.retry()
    (await visit.bridge.loads.get()).end()
    await visit.page.until("ready")


async def test_gpu_lost_while_idle_offers_to_load_again() -> None:
    visit = Visit()
    await visit.loaded()
    visit.bridge.events.push(loss())
    assert (await visit.page.until("failed")).can_retry


async def test_gpu_lost_before_stop_offers_to_load_again() -> None:
    visit = Visit()
    await visit.loaded()
    visit.controller.generate()
    await visit.bridge.generations.get()
    visit.bridge.events.push(loss(message="the device is gone"))
    await visit.lost.wait()
    visit.controller.stop()
    assert visit.page.screen.can_retry
    assert visit.page.screen.problem == "The device is gone."


async def test_gpu_lost_as_generate_is_pressed_offers_to_load_again() -> None:
    visit = Visit()
    await visit.loaded()
    visit.bridge.events.push(loss(message="the device is gone"))
    visit.controller.generate()
    screen = await visit.page.until("failed")
    assert screen.status == "The model is not loaded."
    assert screen.problem == "The device is gone."
    visit.controller.retry()
    (await visit.bridge.loads.get()).end()
    await visit.page.until("ready")


async def test_unexpected_error_is_shown() -> None:
    visit = Visit(support=RuntimeError("boom"))
    await visit.controller.start()
    assert visit.page.screen.problem == "RuntimeError: boom."
    assert visit.page.screen.can_retry


async def test_late_clicks_do_nothing() -> None:
    visit = Visit()
    visit.controller.stop()
    visit.controller.generate()
    visit.controller.retry()
    assert visit.page.screens == []
    await visit.loaded()
    visit.controller.retry()
    visit.controller.stop()
    assert visit.checks == 1
    assert visit.page.screen.state == "ready"

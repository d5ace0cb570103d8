"""The set-up card's controller over a fake bridge: what it shows, and when."""

from __future__ import annotations

import asyncio

import pytest
from page.setup import view
from pywebllm import DownloadError, Support

from tests.unit.fakes import loss, progress
from tests.unit.page.visit import Visit

pytestmark = pytest.mark.timeout(20)


async def test_start_checks_loads_and_is_ready() -> None:
    visit = Visit()
    await visit.loaded()
    assert visit.states() == ["checking", "loading", "ready"]
    assert visit.card.screen.ratio == 1


async def test_load_shows_its_progress() -> None:
    visit = Visit()
    start = asyncio.create_task(visit.setup.start())
    load = await visit.bridge.loads.get()
    load.push(progress(0.5), progress(0.75, phase="compile")).end()
    await start
    shown = {(screen.status, screen.ratio) for screen in visit.card.screens}
    assert ("Fetching the model…", 0.5) in shown
    assert ("Compiling shaders…", 0.75) in shown


async def test_unsupported_browser_is_reported_before_any_download() -> None:
    visit = Visit(support=Support(ok=False, problem="No.", advice="Go.", code="no-webgpu"))
    await visit.setup.start()
    assert visit.card.screen.state == "unsupported"
    assert visit.card.screen.problem == "This browser has no WebGPU."
    assert visit.card.screen.detail == "No. Go."
    assert visit.bridge.loads.empty()


async def test_failed_check_is_shown_and_can_be_retried() -> None:
    visit = Visit(support=DownloadError("the bridge is not there"))
    await visit.setup.start()
    assert visit.card.screen.can_retry
    assert visit.card.screen.detail.startswith("the bridge is not there.")
    visit.support = Support(ok=True)
    visit.setup.retry()
    (await visit.bridge.loads.get()).end()
    await visit.card.until("ready")


async def test_failed_load_is_shown_and_can_be_retried() -> None:
    visit = Visit()
    start = asyncio.create_task(visit.setup.start())
    (await visit.bridge.loads.get()).fail(DownloadError("no network"))
    await start
    assert visit.card.screen.can_retry
    assert visit.card.screen.problem == "A file could not be downloaded."
    assert visit.card.screen.advice.startswith("Check the connection")
    assert visit.card.screen.detail == f"no network. {DownloadError.advice}"
    visit.setup.retry()
    (await visit.bridge.loads.get()).end()
    await visit.card.until("ready")
    assert visit.card.screen.problem == ""


async def test_gpu_lost_while_idle_offers_to_load_again() -> None:
    visit = Visit()
    await visit.loaded()
    visit.bridge.events.push(loss())
    assert (await visit.card.until("failed")).can_retry


async def test_unexpected_error_is_shown() -> None:
    visit = Visit(support=RuntimeError("boom"))
    await visit.setup.start()
    assert visit.card.screen.problem == "Something went wrong."
    assert visit.card.screen.detail == "RuntimeError: boom"
    assert visit.card.screen.can_retry


async def test_chosen_model_is_loaded_in_place_of_the_first() -> None:
    visit = Visit()
    await visit.loaded()
    first = visit.setup.service
    visit.setup.choose("Llama-3.2-1B-Instruct-q4f32_1-MLC")
    assert visit.setup.screen == view.checking()
    (await visit.bridge.loads.get()).end()
    screen = await visit.card.until("ready")
    assert screen == view.ready("Llama-3.2-1B-Instruct-q4f32_1-MLC")
    assert visit.setup.is_ready
    assert visit.setup.service is not first


async def test_choice_during_a_load_stops_that_load() -> None:
    visit = Visit()
    start = asyncio.create_task(visit.setup.start())
    load = await visit.bridge.loads.get()
    visit.setup.choose("Llama-3.2-1B-Instruct-q4f32_1-MLC")
    with pytest.raises(asyncio.CancelledError):
        await start
    (await visit.bridge.loads.get()).end()
    await visit.card.until("ready")
    assert load.stops == 1
    assert visit.setup.model == "Llama-3.2-1B-Instruct-q4f32_1-MLC"


async def test_same_choice_loads_nothing() -> None:
    visit = Visit()
    await visit.loaded()
    visit.setup.choose(None)
    assert visit.setup.is_ready
    assert visit.bridge.loads.empty()

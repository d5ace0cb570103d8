"""Stopping the engine in every phase and manner leaves it free for the next request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from model.browser.page import wait_for_no_worker
from model.browser.python import PagePython

# Globals in the page, which keep their value between runs; the second is that of `loaded`.
service: Any = None
stopped: Any = None

ADA = {"name": "Ada", "age": "36", "occupation": "mathematician", "interests": "chess"}


@pytest.fixture(scope="module")
def loaded(python: PagePython) -> Iterator[PagePython]:
    """The page, with a service whose model is loaded."""

    async def start() -> bool:
        global stopped
        from pywebllm import WebLLMService

        stopped = WebLLMService()
        return bool(await stopped.initialize("stopped"))

    async def end() -> None:
        await stopped.dispose()

    assert python.run(start)
    yield python
    python.run(end)


def test_cancelled_load_frees_everything_and_can_be_tried_again(fresh_python: PagePython) -> None:
    """In every phase: each load gets further than the one before, and the last one to its end."""

    async def cancel_load(phase: str) -> list[Any]:
        import asyncio

        from pywebllm import LoadProgress, WebLLMService

        global service
        service = service or WebLLMService()
        seen: list[str] = []

        def stop(progress: LoadProgress) -> None:
            seen.append(progress.phase)
            if progress.phase == phase:
                loading.cancel()

        unsubscribe = service.progress_updated.subscribe(stop)
        loading = asyncio.create_task(service.initialize("cancelled"))
        outcomes = await asyncio.gather(loading, return_exceptions=True)
        unsubscribe()
        states = [service.is_initialized, service.is_initializing]
        return [type(outcomes[0]).__name__, "ready" in seen, *states]

    async def load_again() -> list[Any]:
        ok = await service.initialize("again")
        text = await service.generate_persona({"name": "Ada"}, max_tokens=10)
        await service.dispose()
        return [ok, bool(text)]

    for phase in ("start", "fetch", "load", "compile"):
        found = fresh_python.run(cancel_load, phase=phase)
        assert found == ["CancelledError", False, False, False], phase
        wait_for_no_worker(fresh_python.page)
    assert fresh_python.run(load_again) == [True, True]


def test_timeout_during_prefill_leaves_the_service_usable(loaded: PagePython) -> None:
    async def cancel_prefill(inputs: dict[str, str]) -> list[Any]:
        import asyncio
        import time

        # Prefilling a prompt of four chunks takes much longer than the timeout.
        long = inputs | {"notes": "She likes long walks by the sea. " * 100}
        start = time.monotonic()
        await stopped.generate_persona(long, max_tokens=1)
        time_of_prompt = time.monotonic() - start
        stream = stopped.stream_persona(long | {"age": "37"})
        try:
            async with asyncio.timeout(time_of_prompt / 10):
                await anext(stream)
        except TimeoutError:
            outcome = "timeout"
        start = time.monotonic()
        await stopped.generate_persona(inputs, max_tokens=1)
        time_of_next = time.monotonic() - start
        text = await stopped.generate_persona(inputs, seed=1, max_tokens=20)
        return [outcome, stream.text, text, time_of_next / time_of_prompt]

    outcome, before, text, share = loaded.run(cancel_prefill, inputs=ADA)
    assert outcome == "timeout"
    assert before == "", "the timeout came before the first token"
    assert "Ada" in text
    assert share < 0.7, "the next answer waited for one chunk and not for all four"


# How long the engine goes on after a stop is measured in test_client.py, with longer answers.
def test_timeout_during_decode_keeps_the_beginning_and_the_service_usable(
    loaded: PagePython,
) -> None:
    async def cancel_decode(inputs: dict[str, str]) -> list[Any]:
        import asyncio

        whole = await stopped.generate_persona(inputs, seed=1)
        stream = stopped.stream_persona(inputs, seed=1)
        await anext(stream)
        outcome = "end"
        try:
            async with asyncio.timeout(0.1):
                async for _ in stream:
                    pass
        except TimeoutError:
            outcome = "timeout"
        again = await stopped.generate_persona(inputs, seed=1)
        return [outcome, whole, stream.text, again]

    outcome, whole, part, again = loaded.run(cancel_decode, inputs=ADA)
    assert outcome == "timeout"
    assert part
    assert whole.startswith(part)
    assert part != whole == again


def test_cancelled_queued_request_does_not_affect_the_running_one(loaded: PagePython) -> None:
    async def cancel_waiting(inputs: dict[str, str]) -> list[Any]:
        import asyncio

        expected = await stopped.generate_persona(inputs, seed=1, max_tokens=40)
        running = stopped.stream_persona(inputs, seed=1, max_tokens=40)
        first = await anext(running)
        waiting = asyncio.create_task(stopped.generate_persona(inputs, seed=2))
        await asyncio.sleep(0)  # it starts and is queued
        waiting.cancel()
        outcome = await asyncio.gather(waiting, return_exceptions=True)
        whole = first + "".join([piece async for piece in running])
        return [whole == expected, type(outcome[0]).__name__]

    assert loaded.run(cancel_waiting, inputs=ADA) == [True, "CancelledError"]

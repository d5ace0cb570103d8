"""A worker that is stuck is replaced, and the engine runs where there is no worker."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Worker

from tests.browser.inpage import PagePython

# A global in the page, which keeps its value between runs.
llm: Any = None
running: Any = None

# The bridge waits 10 s for an answer of the worker before it ends it.
_BUSY = "() => { setTimeout(() => { for (;;); }, 0); }"


async def _load() -> None:
    global llm
    from pywebllm import AsyncWebLLM

    llm = AsyncWebLLM()
    await llm.load()


async def _ask_three() -> list[Any]:
    import asyncio

    order: list[int] = []

    async def ask(number: int) -> str:
        answer = await llm.chat.completions.create(
            messages=[{"role": "user", "content": "name: Ada"}], max_tokens=10, seed=number
        )
        order.append(number)
        return answer.text or ""

    texts = await asyncio.gather(*map(ask, range(3)))
    return [all(texts), order, llm.is_loaded()]


def _engine_worker(python: PagePython) -> Worker:
    (worker,) = python.page.workers
    return worker


def test_worker_in_an_endless_loop_is_replaced_and_requests_are_answered_in_order(
    fresh_python: PagePython,
) -> None:
    fresh_python.run(_load)
    worker = _engine_worker(fresh_python)
    worker.evaluate(_BUSY)
    assert fresh_python.run(_ask_three) == [True, [0, 1, 2], True]
    assert _engine_worker(fresh_python) is not worker


def test_stop_of_a_stuck_worker_replaces_it_without_a_request(fresh_python: PagePython) -> None:
    async def begin() -> bool:
        global running
        running = await llm.chat.completions.create(
            messages=[{"role": "user", "content": "name: Ada"}], stream=True, max_tokens=800
        )
        async for _ in running:
            return True
        return False

    async def stop() -> list[Any]:
        await running.close()
        return [llm.is_loaded()]

    fresh_python.run(_load)
    worker = _engine_worker(fresh_python)
    assert fresh_python.run(begin)
    worker.evaluate(_BUSY)
    assert fresh_python.run(stop) == [True]
    # Playwright learns of the end of a worker while it talks to the page.
    while worker in fresh_python.page.workers:
        fresh_python.page.evaluate("0")
    while not fresh_python.page.workers:
        fresh_python.page.evaluate("0")
    assert fresh_python.run(_ask_three) == [True, [0, 1, 2], True]

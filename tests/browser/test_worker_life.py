"""A worker that is stuck is replaced, and the engine runs where there is no worker."""

from __future__ import annotations

import inspect
import json
import textwrap
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, Worker

from model.browser.page import bare_page
from model.browser.python import PagePython, wheels

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


@pytest.fixture(scope="module")
def loaded_python(module_python: PagePython) -> PagePython:
    """A page with a client `llm` that has loaded the model."""
    module_python.run(_load)
    return module_python


def _engine_worker(python: PagePython) -> Worker:
    (worker,) = python.page.workers
    return worker


def test_worker_in_an_endless_loop_is_replaced_and_requests_are_answered_in_order(
    loaded_python: PagePython,
) -> None:
    worker = _engine_worker(loaded_python)
    worker.evaluate(_BUSY)
    assert loaded_python.run(_ask_three) == [True, [0, 1, 2], True]
    assert _engine_worker(loaded_python) is not worker


def test_stop_of_a_stuck_worker_replaces_it_without_a_request(loaded_python: PagePython) -> None:
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

    worker = _engine_worker(loaded_python)
    assert loaded_python.run(begin)
    worker.evaluate(_BUSY)
    assert loaded_python.run(stop) == [True]
    # Playwright learns of the end of a worker while it talks to the page.
    while worker in loaded_python.page.workers:
        loaded_python.page.evaluate("0")
    while not loaded_python.page.workers:
        loaded_python.page.evaluate("0")
    assert loaded_python.run(_ask_three) == [True, [0, 1, 2], True]


_SHARED = """
import { loadPyodide } from "/vendor/pyodide/pyodide.mjs";
const started = (async () => {
  const pyodide = await loadPyodide();
  await pyodide.loadPackage(WHEELS, { messageCallback: () => {} });
  return pyodide;
})();
onconnect = ({ ports: [port] }) => {
  port.onmessage = async ({ data }) => {
    try {
      const pyodide = await started;
      port.postMessage({ result: await pyodide.runPythonAsync(data) });
    } catch (error) {
      port.postMessage({ error: String(error) });
    }
  };
};
"""
_ASK_SHARED = """async (code) => {
  const worker = new SharedWorker("shared.js", { type: "module" });
  worker.port.postMessage(code);
  const { data } = await new Promise((resolve) => (worker.port.onmessage = resolve));
  if (data.error) throw new Error(data.error);
  return data.result;
}"""


def test_engine_runs_inside_a_shared_worker(page: Page, site: str) -> None:
    async def ask() -> list[Any]:
        from pywebllm import AsyncWebLLM, check_support

        support = await check_support()
        async with AsyncWebLLM() as llm:
            answer = await llm.chat.completions.create(
                messages=[{"role": "user", "content": "name: Ada"}], max_tokens=10
            )
            return [support.ok, support.thread, bool(answer.text)]

    urls = [site + name for name in wheels()]

    def serve(route: Route) -> None:
        script = _SHARED.replace("WHEELS", json.dumps(urls))
        route.fulfill(body=script, content_type="text/javascript")

    bare_page(page, site)
    # Requests of a SharedWorker belong to no page.
    page.context.route("**/shared.js", serve)
    source = textwrap.dedent(inspect.getsource(ask))
    code = f"{source}\nimport json\njson.dumps(await ask())"
    assert json.loads(page.evaluate(_ASK_SHARED, code)) == [True, "main", True]


# As after crashes of the GPU process: the page gets an adapter, and a worker none.
_NO_ADAPTER = """
if (globalThis.DedicatedWorkerGlobalScope) {
  GPU.prototype.requestAdapter = () => Promise.reject(new DOMException("gone", "OperationError"));
}
"""


def test_worker_without_an_adapter_is_reported_before_and_by_a_load(
    fresh_python: PagePython, site: str
) -> None:
    async def load(site: str) -> list[Any]:
        from pywebllm import AsyncWebLLM, SupportError, check_support

        usual = await check_support()
        support = await check_support(assets_url=site, engine="webllm")
        async with AsyncWebLLM(assets_url=site, engine="webllm") as llm:
            try:
                await llm.load()
            except SupportError as error:
                return [usual.ok, usual.thread, support.ok, support.problem, type(error).__name__]
        return []

    def serve(route: Route, request: Request) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=_NO_ADAPTER + response.text())

    fresh_python.page.context.route("**/webllm_bridge.js*", serve)
    ok, thread, ok_in_worker, problem, error = fresh_python.run(load, site=site)
    assert (ok, thread, ok_in_worker, error) == (True, "worker", False, "SupportError")
    assert "worker" in problem

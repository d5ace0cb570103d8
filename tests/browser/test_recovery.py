"""The service survives what happens to its engine: crashes, a lost device, disposal, long use."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route

from tests.browser.inpage import PagePython

# Lives in the page, where it outlasts one run.
service: Any = None


def wait_for_no_worker(page: Page) -> None:
    # Playwright hears of a worker's end while it talks to the page; the test has a deadline.
    while page.workers:
        page.evaluate("0")


async def wait_for_loss() -> str:
    import asyncio

    lost = asyncio.Event()
    service.status_updated.subscribe(lambda _: lost.set())
    async with asyncio.timeout(20):
        while service.is_initialized:
            await lost.wait()
            lost.clear()
    return type(service.last_error).__name__


def test_worker_crash_is_noticed_and_the_next_load_works(fresh_python: PagePython) -> None:
    async def start() -> bool:
        import pywebllm

        global service
        service = pywebllm.WebLLMService()
        return bool(await service.initialize("crash"))

    async def generate_during_crash() -> str:
        import pywebllm

        try:
            async for _ in service.stream_persona({"name": "Ada"}):
                pass
        except pywebllm.WorkerError as error:
            return str(error)
        return "ended"

    async def recover() -> list[Any]:
        lost = not service.is_initialized
        ok = await service.initialize("again")
        text = await service.generate_persona({"name": "Ada"}, max_tokens=20)
        await service.dispose()
        return [lost, ok, bool(text)]

    assert fresh_python.run(start) is True
    engine = fresh_python.page.workers[-1]
    engine.evaluate("() => void setTimeout(() => self.close(), 500)")
    assert "worker" in fresh_python.run(generate_during_crash).lower()
    assert fresh_python.run(recover) == [True, True, True]


def test_worker_that_dies_idle_is_noticed(fresh_python: PagePython) -> None:
    async def start() -> bool:
        import pywebllm

        global service
        service = pywebllm.WebLLMService()
        return bool(await service.initialize("idle"))

    assert fresh_python.run(start) is True
    fresh_python.page.workers[-1].evaluate("() => void setTimeout(() => self.close(), 300)")
    assert fresh_python.run(wait_for_loss) == "WorkerError"


# Keeps the device that the worker gets where a test can destroy it.
KEEP_DEVICE = """
const requestDevice = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...rest) {
  return (globalThis.testDevice = await requestDevice.apply(this, rest));
};
"""


def test_lost_device_is_noticed_and_the_next_load_works(
    fresh_python: PagePython, site: str
) -> None:
    async def start(assets: str) -> bool:
        import pywebllm

        global service
        service = pywebllm.WebLLMService(assets_url=assets)
        return bool(await service.initialize("device"))

    async def recover() -> list[Any]:
        ok = await service.initialize("again")
        text = await service.generate_persona({"name": "Ada"}, max_tokens=20)
        await service.dispose()
        return [ok, bool(text)]

    page = fresh_python.page
    source = page.evaluate("fetch('webllm_bridge.js').then(answer => answer.text())")

    def patched(route: Route) -> None:
        route.fulfill(body=source + KEEP_DEVICE, content_type="text/javascript")

    page.context.route("**/webllm_bridge.js*", patched)
    assert fresh_python.run(start, assets=site) is True
    page.workers[-1].evaluate("() => testDevice.destroy()")
    assert fresh_python.run(wait_for_loss) == "DeviceLostError"
    assert fresh_python.run(recover) == [True, True]


def test_dispose_ends_the_worker_and_start_again_works(fresh_python: PagePython) -> None:
    async def cycle() -> list[Any]:
        from pywebllm import ModelNotLoadedError, WebLLMService

        service = WebLLMService(max_tokens=20)
        await service.dispose()  # before anything: nothing happens
        seen: list[Any] = []
        for session in ("one", "two"):
            seen.append(await service.initialize(session))
            seen.append(bool(await service.generate_persona({"name": "Ada"})))
            await service.dispose()
            await service.dispose()
            seen.append(service.is_initialized)
            try:
                await service.generate_persona({"name": "Ada"})
            except ModelNotLoadedError:
                seen.append("refused")
        return seen

    assert fresh_python.run(cycle) == [True, True, False, "refused"] * 2
    wait_for_no_worker(fresh_python.page)


def test_engine_on_the_main_thread_writes_too(fresh_python: PagePython) -> None:
    async def main_thread() -> str:
        from functools import partial

        from pywebllm import WebLLMService, open_bridge

        async with WebLLMService(bridge=partial(open_bridge, thread="main")) as service:
            assert await service.initialize("main"), service.last_error
            return await service.generate_persona({"name": "Ada"}, max_tokens=30)

    assert "Ada" in fresh_python.run(main_thread)
    assert fresh_python.page.workers == []


def test_hundred_generations_leave_no_proxy_behind(fresh_python: PagePython) -> None:
    async def many() -> list[list[int]]:
        import gc

        from pyodide_js import _module as pyodide  # noqa: TID251 - the measure is Pyodide's own
        from pywebllm import WebLLMService

        pyodide.enable_pyproxy_allocation_tracing()

        def live() -> list[int]:
            gc.collect()
            references = int(pyodide._hiwire_num_refs())
            return [references, int(pyodide.pyproxy_alloc_map.size), len(gc.get_objects())]

        async with WebLLMService(max_tokens=3) as service:
            await service.initialize("many")
            counts = []
            for number in range(111):
                await service.generate_persona({"name": "Ada"})
                if number in (10, 110):
                    counts.append(live())
            return counts

    early, late = fresh_python.run(many)
    assert late[:2] == early[:2], "JavaScript objects held by Python, and Python's by JavaScript"
    assert late[2] <= early[2] + 10, "Python objects"

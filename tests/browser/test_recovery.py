"""The service after a crash, a lost device and disposal, and on the main thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from model.browser.page import wait_for_no_worker
from model.browser.python import PagePython
from tests.contexts import new_context
from tests.snapshots import RestoredPython

# Globals in the page, which keep their value between runs.
service: Any = None
stream: Any = None


async def wait_for_loss() -> str:
    import asyncio

    lost = asyncio.Event()
    service.status_updated.subscribe(lambda _: lost.set())
    async with asyncio.timeout(60):
        while service.is_initialized:
            await lost.wait()
            lost.clear()
    return type(service.last_error).__name__


def test_worker_crash_is_noticed_and_the_next_load_works(module_python: PagePython) -> None:
    async def start() -> bool:
        import pywebllm

        global service
        service = pywebllm.WebLLMService()
        return bool(await service.initialize("crash"))

    async def begin() -> bool:
        global stream
        stream = service.stream_persona({"name": "Ada"})
        return bool(await anext(stream))

    async def generate_during_crash() -> str:
        import pywebllm

        try:
            async for _ in stream:
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

    assert module_python.run(start) is True
    assert module_python.run(begin) is True
    module_python.page.workers[-1].evaluate("() => void setTimeout(() => self.close())")
    assert "worker" in module_python.run(generate_during_crash).lower()
    assert module_python.run(recover) == [True, True, True]


def test_worker_that_ends_while_idle_is_noticed(module_python: PagePython) -> None:
    async def start() -> bool:
        import pywebllm

        global service
        service = pywebllm.WebLLMService()
        return bool(await service.initialize("idle"))

    async def dispose() -> None:
        await service.dispose()

    assert module_python.run(start) is True
    module_python.page.workers[-1].evaluate("() => void setTimeout(() => self.close())")
    assert module_python.run(wait_for_loss) == "WorkerError"
    module_python.run(dispose)


def test_worker_that_ends_during_a_load_is_noticed(fresh_python: PagePython, site: str) -> None:
    async def load(assets: str) -> list[Any]:
        import pywebllm

        global service
        service = service or pywebllm.WebLLMService(assets_url=assets, engine="webllm")
        return [await service.initialize("crash"), type(service.last_error).__name__]

    patch_bridge(fresh_python.page, END_LOADING)
    assert fresh_python.run(load, assets=site) == [False, "WorkerError"]
    fresh_python.page.context.unroute("**/webllm_bridge.js*")
    assert fresh_python.run(load, assets=site) == [True, "NoneType"]


# The worker ends when it requests the GPU device.
END_LOADING = """
GPUAdapter.prototype.requestDevice = () => {
  self.close();
  return new Promise(() => {});
};
"""


def patch_bridge(page: Page, code: str) -> None:
    """Serve the bridge with `code` appended: it runs in the page and in each new worker."""
    source = page.evaluate("fetch('webllm_bridge.js').then(answer => answer.text())")

    def answer(route: Route) -> None:
        route.fulfill(body=f"{source}\n{code}", content_type="text/javascript")

    page.context.route("**/webllm_bridge.js*", answer)


# Stores the device of the worker, so that a test can destroy it.
KEEP_DEVICE = """
const requestDevice = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...rest) {
  return (globalThis.testDevice = await requestDevice.apply(this, rest));
};
"""


@pytest.fixture(scope="module")
def fragile_python(chromium: Browser, site: str, snapshot: str) -> Iterator[PagePython]:
    """Python in a page whose workers hand out their GPU device, as `testDevice`."""
    context = new_context(chromium)
    python = RestoredPython(context.new_page(), site, snapshot)
    patch_bridge(python.page, KEEP_DEVICE)
    yield python
    context.close()


async def start_service(assets: str) -> bool:
    import pywebllm

    global service
    service = pywebllm.WebLLMService(assets_url=assets, engine="webllm")
    return bool(await service.initialize("device"))


async def recover() -> list[Any]:
    ok = await service.initialize("again")
    text = await service.generate_persona({"name": "Ada"}, max_tokens=20)
    await service.dispose()
    return [ok, bool(text)]


def test_lost_device_is_noticed_and_the_next_load_works(
    fragile_python: PagePython, site: str
) -> None:
    assert fragile_python.run(start_service, assets=site) is True
    fragile_python.page.workers[-1].evaluate("() => testDevice.destroy()")
    assert fragile_python.run(wait_for_loss) == "DeviceLostError"
    assert fragile_python.run(recover) == [True, True]


def test_device_lost_during_an_answer_ends_the_answer(
    fragile_python: PagePython, site: str
) -> None:
    async def begin() -> bool:
        global stream
        stream = service.stream_persona({"name": "Ada"})
        return bool(await anext(stream))

    async def read() -> list[Any]:
        import pywebllm

        try:
            async for _ in stream:
                pass
        except pywebllm.DeviceLostError:
            lost = True
        return [lost, service.is_initialized]

    assert fragile_python.run(start_service, assets=site) is True
    assert fragile_python.run(begin) is True
    fragile_python.page.workers[-1].evaluate("() => testDevice.destroy()")
    assert fragile_python.run(read) == [True, False]
    assert fragile_python.run(recover) == [True, True]


def test_dispose_ends_the_worker_and_a_new_start_works(module_python: PagePython) -> None:
    async def cycle() -> list[Any]:
        from pywebllm import ModelNotLoadedError, WebLLMService

        service = WebLLMService(max_tokens=20)
        await service.dispose()  # before any load: nothing happens
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
                seen.append("rejected")
        return seen

    assert module_python.run(cycle) == [True, True, False, "rejected"] * 2
    wait_for_no_worker(module_python.page)


def test_engine_on_the_main_thread_generates_too(module_python: PagePython) -> None:
    async def main_thread() -> str:
        from functools import partial

        from pywebllm import WebLLMService, open_bridge

        async with WebLLMService(bridge=partial(open_bridge, thread="main")) as service:
            assert await service.initialize("main"), service.last_error
            return await service.generate_persona({"name": "Ada"}, max_tokens=30)

    wait_for_no_worker(module_python.page)  # of the tests before
    assert "Ada" in module_python.run(main_thread)
    assert module_python.page.workers == []

"""Downloads that are interrupted, two tabs, damage and quota, with the real engine afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext
from pywebllm.builtin import BUILTIN_REVISION

from model.browser.python import PagePython
from tests.browser.shipped import REVISION
from tests.contexts import new_context
from tests.faults.server import Cut, FaultyServer, Slow, Status, faulty_server
from tests.snapshots import RestoredPython

SHARD = "params_shard_0.bin"
FOLDER = f"resolve/{BUILTIN_REVISION}/"
FILES = {
    SHARD,
    "model.wasm",
    "mlc-chat-config.json",
    "tensor-cache.json",
    "tokenizer.json",
}
SIZE = sum((REVISION / name).stat().st_size for name in FILES)


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[BrowserContext]:
    """A profile whose pages may use servers of other origins on this machine."""
    context = new_context(chromium)
    context.grant_permissions(["local-network-access"])
    yield context
    context.close()


@pytest.fixture(scope="module")
def python(tab: BrowserContext, site: str, snapshot: str) -> PagePython:
    return RestoredPython(tab.new_page(), site, snapshot)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """The built-in model's files, as another site serves them."""
    with faulty_server(REVISION.parents[1]) as found:
        yield found


async def download(address: str, *, enough: int | None = None) -> list[Any]:
    """Download the model; stop after `enough` bytes. Return what is stored and the progress."""
    import asyncio

    import pywebllm

    record = pywebllm.ModelRecord(
        model_id="elsewhere", model=address, model_lib=address + "model.wasm"
    )
    progress: list[Any] = []

    def report(found: Any) -> None:
        progress.append([found.received, found.total, found.rate, found.seconds_left, found.text])
        if enough is not None and found.received >= enough:
            task.cancel()

    async with pywebllm.AsyncWebLLM(record) as llm:
        task = asyncio.ensure_future(llm.models.download(on_progress=report))
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        if isinstance(error, pywebllm.WebLLMError):
            return [type(error).__name__, str(error), progress]
        if error is not None:
            raise error
        return ["", [model.to_dict() for model in await llm.models.cached()], progress]


async def load(address: str) -> list[Any]:
    """Load the model and generate; return the error, or the text and the phases of the load."""
    import pywebllm

    record = pywebllm.ModelRecord(
        model_id="elsewhere", model=address, model_lib=address + "model.wasm"
    )
    async with pywebllm.AsyncWebLLM(record) as llm:
        try:
            reply = await llm.completions.create(prompt="Ada is", max_tokens=4, temperature=0)
        except pywebllm.WebLLMError as error:
            return [type(error).__name__, str(error)]
        return ["", reply.text]


async def verify(address: str) -> list[Any]:
    """Check the model; return what was damaged, missing and whether that is repaired."""
    import pywebllm

    record = pywebllm.ModelRecord(
        model_id="elsewhere", model=address, model_lib=address + "model.wasm"
    )
    async with pywebllm.AsyncWebLLM(record) as llm:
        found = await llm.models.verify()
        return [list(found.damaged), list(found.missing), found.repaired]


async def delete(model: str) -> list[Any]:
    """Delete a model; return what is stored then."""
    import pywebllm

    async with pywebllm.AsyncWebLLM() as llm:
        await llm.models.delete(model)
        return [found.id for found in await llm.models.cached()]


def test_download_is_continued_inside_a_file_and_the_engine_loads_it_offline(
    python: PagePython, server: FaultyServer
) -> None:
    address = server.url + FOLDER
    server.faults[SHARD] = Cut(after=1_000_000)
    kind, stored, progress = python.run(download, address=address)
    assert kind == "", stored
    (model,) = stored
    assert (model["id"], model["complete"], model["size"]) == ("elsewhere", True, SIZE)
    starts = [start for name, start in server.starts if name == SHARD]
    assert len(starts) >= 4
    assert starts == sorted(starts)
    received = [found[0] for found in progress]
    assert received == sorted(received)
    assert received[-1] == SIZE
    server.faults["*"] = Status(503)
    server.faults[SHARD] = Status(503)
    requests = len(server.requests)
    assert python.run(load, address=address)[0] == ""
    assert len(server.requests) == requests
    assert python.run(delete, model="elsewhere") == []


def test_stopped_download_shows_its_bytes_and_a_load_continues_it(
    python: PagePython, server: FaultyServer
) -> None:
    address = server.url + FOLDER
    server.faults[SHARD] = Slow(1_000_000)
    enough = SIZE - 3_000_000
    kind, stored, progress = python.run(download, address=address, enough=enough)
    assert kind == "", stored
    assert not stored[0]["complete"]
    assert stored[0]["total"] >= SIZE
    _, total, rate, left, text = progress[-1]
    assert total >= enough
    assert rate > 0
    assert left > 0
    assert text.startswith("Downloading params_shard_0.bin: ")
    server.faults.clear()
    server.wait_until_idle()
    assert python.run(load, address=address)[0] == ""
    ((name, start),) = server.starts
    assert (name, server.count(SHARD)) == (SHARD, 2)
    assert start > 500_000
    python.run(delete, model="elsewhere")


def test_two_tabs_and_a_reload_download_no_byte_twice(
    tab: BrowserContext, site: str, snapshot: str, server: FaultyServer
) -> None:
    address = server.url + FOLDER
    server.faults[SHARD] = Slow(800_000)
    first, second = (RestoredPython(tab.new_page(), site, snapshot) for _ in range(2))
    first.page.evaluate(START, BACKGROUND % address)
    server.wait_for(SHARD)
    second.page.evaluate(START, BACKGROUND % address)
    # The second tab waits, and shows the bytes of the first.
    second.page.wait_for_function("globalThis.received > 3_000_000")
    first.page.reload()
    second.page.wait_for_function("globalThis.done !== undefined")
    assert second.page.evaluate("done") == "complete"
    assert all(server.count(name) == 1 for name in FILES - {SHARD})
    ((name, start),) = server.starts
    assert (name, server.count(SHARD)) == (SHARD, 2)
    assert start > 500_000
    # Damage: only the file that is damaged is fetched again, and the engine takes it.
    server.faults.clear()
    second.page.evaluate(DAMAGE, address + SHARD)
    before = server.count(SHARD)
    assert second.run(verify, address=address) == [[SHARD], [], True]
    assert server.count(SHARD) == before + 1
    assert all(server.count(name) == 1 for name in FILES - {SHARD})
    assert second.run(load, address=address)[0] == ""
    second.run(delete, model="elsewhere")
    for python in (first, second):
        python.page.close()


START = "code => { pyodide.runPythonAsync(code) }"

BACKGROUND = """
import js
import pywebllm
address = %r
record = pywebllm.ModelRecord(model_id="elsewhere", model=address, model_lib=address + "model.wasm")
def report(found):
    js.received = found.received
async with pywebllm.AsyncWebLLM(record) as llm:
    found = await llm.models.download(on_progress=report)
js.done = "complete" if found.complete else "incomplete"
"""

DAMAGE = """async url => {
  const cache = await caches.open("webllm/model");
  const response = await cache.match(url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[bytes.length / 2] ^= 255;
  await cache.put(url, new Response(bytes, {headers: response.headers}));
}"""


def test_full_disk_is_reported_and_the_download_continues_when_there_is_space(
    chromium: Browser, site: str, snapshot: str, server: FaultyServer
) -> None:
    context = new_context(chromium)
    context.grant_permissions(["local-network-access"])
    python = RestoredPython(context.new_page(), site, snapshot)
    address = server.url + FOLDER
    # What the browser says is believed before the weights are fetched. Chromium says 10 GiB or
    # more, whatever there is, so the page says something else here: room for the files, but not for
    # the largest a second time, while its parts are put together.
    estimate = f"async () => ({{usage: 0, quota: {SIZE + 50_000}}})"
    python.page.evaluate(f"StorageManager.prototype.estimate = {estimate}")
    assert python.run(refused_download, address=address).startswith("The download of elsewhere")
    assert server.count(SHARD) == 0
    session = context.new_cdp_session(python.page)
    # Too little for the largest file alone: Chromium compares what is free before it writes an
    # entry, so that two entries which fit only one at a time may both be stored.
    quota = {"origin": site.rstrip("/"), "quotaSize": (REVISION / SHARD).stat().st_size - 1}
    session.send("Storage.overrideQuotaForOrigin", quota)
    kind, text, _ = python.run(download, address=address)
    assert kind == "StorageError"
    assert SHARD in text or "model.wasm" in text
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.rstrip("/")})
    kind, stored, _ = python.run(download, address=address)
    assert (kind, stored[0]["complete"]) == ("", True)
    context.close()


async def refused_download(address: str) -> str:
    """Download the model in the page's own thread; return why that is refused."""
    import functools

    import pywebllm

    record = pywebllm.ModelRecord(
        model_id="elsewhere", model=address, model_lib=address + "model.wasm"
    )
    bridge = functools.partial(pywebllm.open_bridge, thread="main")
    async with pywebllm.AsyncWebLLM(record, bridge=bridge) as llm:
        try:
            await llm.models.download()
        except pywebllm.StorageError as error:
            return error.problem
        return ""

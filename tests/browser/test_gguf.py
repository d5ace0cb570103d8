"""Models that are GGUF files, also in parts: downloaded, listed, checked, run, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect
from pywebllm import BUILTIN_MODEL

from model.browser.gguf import write_gguf
from model.browser.python import PagePython
from model.browser.site import ROOT
from tests.browser.watch import PageWatch
from tests.snapshots import RestoredPython

# Globals in the page, which keep their values between runs.
llm: Any = None
work: Any = None

DAMAGE = """async name => {
  const cache = await caches.open("webllm/model");
  const url = (await cache.keys()).map(({url}) => url).find(url => url.endsWith(name));
  const response = await cache.match(url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[bytes.length / 2] ^= 255;
  await cache.put(url, new Response(bytes, {headers: response.headers}));
}"""

PARTS = [f"large-0000{part}-of-00003.gguf" for part in (1, 2, 3)]


@pytest.fixture
def gguf(site: str) -> Iterator[str]:
    """The URL of the built-in model as a GGUF file, as the page writes it."""
    target = ROOT / "build/site/mine.gguf"
    write_gguf(target)
    yield f"{site}{target.name}"
    target.unlink()


@pytest.fixture
def parts(site: str) -> Iterator[str]:
    """The URL of the first of three parts of it, as `gguf-split` names them."""
    folder = ROOT / "build/site"
    write_gguf(folder / "large.gguf", parts=len(PARTS))
    yield site + PARTS[0]
    for name in PARTS:
        (folder / name).unlink()


async def _download(assets: str, url: str) -> list[Any]:
    import pywebllm

    global llm
    record = pywebllm.ModelRecord(model_id="large", gguf=url)
    llm = pywebllm.AsyncWebLLM(record, assets_url=assets)
    seen: list[Any] = []
    stored = await llm.models.download(on_progress=seen.append)
    found = [model.to_dict() for model in await llm.models.cached()]
    totals = sorted({it.total for it in seen if it.phase == "download"})
    received = [it.received for it in seen if it.phase == "download"]
    return [found, stored.size, totals, received]


async def _run_offline() -> list[Any]:
    user = [{"role": "user", "content": "Name: Ada"}]
    answer = await llm.chat.completions.create(messages=user, max_tokens=20)
    check = await llm.models.verify()
    return [llm.engine, answer.model, len(answer.text), check.to_dict()]


async def _repair() -> list[Any]:
    found = await llm.models.verify(repair=False)
    repaired = await llm.models.verify()
    return [list(found.damaged), found.repaired, list(repaired.damaged), repaired.repaired]


async def _delete() -> list[Any]:
    deleted = await llm.models.delete("large")
    stored = [model.id for model in await llm.models.cached()]
    await llm.close()
    return [deleted.size, stored]


def test_model_in_parts_is_downloaded_run_checked_listed_and_deleted(
    fresh_python: PagePython, site: str, parts: str, watch: PageWatch
) -> None:
    size = sum((ROOT / "build/site" / name).stat().st_size for name in PARTS)
    [model], stored, totals, received = fresh_python.run(_download, assets=site, url=parts)
    assert (model["id"], model["complete"], model["url"]) == ("large", True, parts)
    assert (model["size"], model["total"], stored, model["files"]) == (size, size, size, 3)
    assert totals == [size], "all parts from the begin"
    assert received == sorted(received)
    assert received[-1] == size

    # Nothing is requested again.
    before = len(watch.requests)
    engine, name, length, check = fresh_python.run(_run_offline)
    assert (engine, name, length > 0) == ("wllama", "large", True)
    assert (check["files"], check["size"], check["damaged"]) == (3, size, [])
    assert not [url for url in watch.requests[before:] if ".gguf" in url]

    fresh_python.page.evaluate(DAMAGE, PARTS[1])
    assert fresh_python.run(_repair) == [[PARTS[1]], False, [PARTS[1]], True]
    assert [url for url in watch.requests[before:] if ".gguf" in url] == [
        *(site + name for name in PARTS if name == PARTS[1]),
        site + PARTS[1],
    ], "the size and the file of what was damaged"

    # The demo page, which knows no record of it, lists it.
    page = fresh_python.page.context.new_page()
    page.goto(f"{site}#/models")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="large"))
    expect(row).to_contain_text(f"Stored: {size / 1e6:.1f} MB.")
    row.get_by_role("button", name="Check and repair").click()
    expect(row).to_contain_text("All 3 files are as they should be")
    page.close()

    # The page has loaded the built-in model meanwhile.
    assert fresh_python.run(_delete) == [size, [BUILTIN_MODEL]]


async def _begin(assets: str, url: str, phase: str) -> None:
    """Begin a download; return when its progress has this text."""
    import asyncio

    import pywebllm

    global work
    seen = asyncio.Event()

    async def download() -> str:
        record = pywebllm.ModelRecord(model_id="mine", gguf=url)
        async with pywebllm.AsyncWebLLM(record, assets_url=assets) as client:
            stored = await client.models.download(
                on_progress=lambda it: seen.set() if phase in it.text else None
            )
            return str(stored.id)

    work = asyncio.ensure_future(download())
    await seen.wait()


async def _end() -> str:
    return str(await work)


def test_two_tabs_download_a_gguf_file_once(
    context: BrowserContext, site: str, snapshot: str, gguf: str, watch: PageWatch
) -> None:
    held: list[Route] = []
    context.route(
        gguf,
        lambda route: route.continue_() if route.request.method == "HEAD" else held.append(route),
    )
    first, second = (RestoredPython(context.new_page(), site, snapshot) for _ in range(2))
    first.run(_begin, assets=site, url=gguf, phase="Waiting")
    while not held:
        first.page.evaluate("0")
    second.run(_begin, assets=site, url=gguf, phase="another tab")
    held[0].continue_()
    assert [first.run(_end), second.run(_end)] == ["mine", "mine"]
    assert len(held) == 1


def test_gguf_file_loads_with_progress_in_bytes_and_is_downloaded_once(
    fresh_python: PagePython, site: str, gguf: str, watch: PageWatch
) -> None:
    async def load(assets: str, url: str) -> list[Any]:
        from pywebllm import AsyncWebLLM, ModelRecord

        record = ModelRecord(model_id="mine", gguf=url)
        texts: list[str] = []
        async with AsyncWebLLM(record, assets_url=assets) as llm:
            await llm.load(on_progress=lambda progress: texts.append(progress.text))
            user = [{"role": "user", "content": "Name: Ada"}]
            answer = await llm.chat.completions.create(messages=user, max_tokens=20)
            ids = [model.id for model in await llm.models.list()]
            return [llm.engine, answer.model, bool(answer.text), texts, "mine" in ids]

    for visit in range(2):
        engine, model, has_text, texts, is_listed = fresh_python.run(load, assets=site, url=gguf)
        assert (engine, model, has_text, is_listed) == ("wllama", "mine", True, True)
        whole = [
            text for text in texts if re.match(r"Fetching mine\.gguf: 28\.1 of 28\.1 MB", text)
        ]
        assert bool(whole) == (visit == 0), texts
    downloads = [url for url in watch.requests if url.endswith("mine.gguf")]
    assert len(downloads) == 2, "one request for the size, one for the file"

"""Downloads that arrive wrong, late or not at all, with the real engine and the built-in model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from pywebllm.builtin import BUILTIN_REVISION

from model.browser.python import PagePython
from tests.browser.shipped import REVISION
from tests.contexts import new_context
from tests.faults.server import (
    Cut,
    Fault,
    FaultyServer,
    Replace,
    Slow,
    Stall,
    Status,
    Truncate,
    empty,
    faulty_server,
    html_page,
    wrong_bytes,
)
from tests.snapshots import RestoredPython

SHARD = "params_shard_0.bin"
FOLDER = f"resolve/{BUILTIN_REVISION}/"


@pytest.fixture(scope="module")
def python(chromium: Browser, site: str, snapshot: str) -> Iterator[PagePython]:
    """Python in a page that may use servers of other origins on this machine."""
    context = new_context(chromium)
    context.grant_permissions(["local-network-access"])
    yield RestoredPython(context.new_page(), site, snapshot)
    context.close()


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """The built-in model's files, as another site serves them, which knows no ranges."""
    with faulty_server(REVISION.parents[1]) as found:
        found.has_ranges = False
        yield found


async def load(address: str) -> list[str]:
    """Load the model as a custom record; return the error's class, its text and its file."""
    import pywebllm

    record = pywebllm.ModelRecord(
        model_id="elsewhere", model=address, model_lib=address + "model.wasm"
    )
    async with pywebllm.AsyncWebLLM(record) as llm:
        try:
            reply = await llm.completions.create(prompt="Ada is", max_tokens=8, temperature=0)
        except pywebllm.WebLLMError as error:
            return [type(error).__name__, error.problem, error.advice]
        return ["", reply.text, ""]


def content(name: str) -> bytes:
    """Return what a file of the model contains."""
    return (REVISION / name).read_bytes()


# What is wrong with a file, one after the other, and what the error says.
WRONG: dict[str, list[tuple[Fault, str]]] = {
    SHARD: [
        (html_page(), "it is an HTML page"),
        (Truncate(after=100_000), "it has 100000 bytes instead of 4604928"),
        (empty(), "it is empty"),
        (wrong_bytes(content(SHARD)), "its MD5 checksum is a different one"),
    ],
    "tokenizer.json": [
        (html_page(), "it is an HTML page"),
        (Truncate(after=1000), "it is not valid JSON"),
    ],
    "tensor-cache.json": [(html_page(), "it is an HTML page")],
    "mlc-chat-config.json": [(empty(), "it is empty")],
    "model.wasm": [(Truncate(after=100_000), "it is not valid WebAssembly")],
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_file_is_an_integrity_error_and_the_next_load_fetches_it(
    python: PagePython, server: FaultyServer, name: str
) -> None:
    address = server.url + FOLDER
    wrong = f"{name} from {address}{name} is not the expected file"
    for number, (fault, problem) in enumerate(WRONG[name], start=1):
        server.faults[name] = fault
        kind, text, advice = python.run(load, address=address)
        assert (kind, text) == ("IntegrityError", f"{wrong}: {problem}. The file was not kept.")
        assert advice.startswith("Load again")
        assert server.count(name) == number
    server.faults.clear()
    kind, text, _ = python.run(load, address=address)
    assert kind == "", text
    assert text
    assert server.count(name) == len(WRONG[name]) + 1


@pytest.mark.parametrize(
    ("name", "other"),
    [("model.wasm", b"\0asm\1\0\0\0"), ("tokenizer.json", b'{"model": {}}')],
    ids=["library", "tokenizer"],
)
def test_file_of_the_right_form_that_fails_the_load_is_fetched_again_by_the_next_one(
    python: PagePython, server: FaultyServer, name: str, other: bytes
) -> None:
    """No checksum covers these files, so only the engine finds out."""
    address = server.url + FOLDER
    server.faults[name] = Replace(other)
    assert python.run(load, address=address)[0] == "EngineError"
    server.faults.clear()
    kind, text, _ = python.run(load, address=address)
    assert kind == "", text
    assert (server.count(name), server.count(SHARD)) == (2, 1)


def test_download_error_names_the_file_and_the_reason(
    python: PagePython, server: FaultyServer
) -> None:
    address = server.url + FOLDER
    broken: list[tuple[str, Fault, str]] = [
        ("tokenizer.json", Status(500), "the server answered with HTTP status 500"),
        (SHARD, Status(404), "the server answered with HTTP status 404 Not Found"),
        (SHARD, Cut(after=100_000), "the connection broke after "),
    ]
    for name, fault, reason in broken:
        server.faults[name] = fault
        kind, text, _ = python.run(load, address=address)
        assert kind == "DownloadError"
        assert text.startswith(f"{name} could not be fetched from {address}{name}: {reason}")
        server.faults.clear()
    assert python.run(load, address=address)[0] == ""


async def load_with_limits(address: str, *, limit: float | None, stall_timeout: float) -> list[Any]:
    """Load the model; return the error, and the progress that was reported."""
    import pywebllm

    record = pywebllm.ModelRecord(
        model_id="elsewhere", model=address, model_lib=address + "model.wasm"
    )
    progress: list[list[Any]] = []
    async with pywebllm.AsyncWebLLM(record, stall_timeout=stall_timeout) as llm:
        try:
            await llm.load(
                on_progress=lambda found: progress.append([found.ratio, found.text]),
                timeout=limit,
            )
        except pywebllm.WebLLMError as error:
            return [type(error).__name__, str(error), progress]
        return ["", "", progress]


def test_server_that_never_answers_ends_the_load_and_the_next_one_works(
    python: PagePython, server: FaultyServer
) -> None:
    address = server.url + FOLDER
    stalls = {"mlc-chat-config.json": Stall(), "model.wasm": Stall(), SHARD: Stall(after=100_000)}
    for name, fault in stalls.items():
        server.faults[name] = fault
        kind, text, _ = python.run(load_with_limits, address=address, limit=None, stall_timeout=3)
        assert kind == "RequestTimeoutError"
        assert f"no progress for 3 s: nothing arrived from {address}{name}." in text
        assert "stall_timeout" in text
        server.faults.clear()
    assert python.run(load, address=address)[0] == ""


def test_slow_server_moves_the_progress_by_bytes_until_the_timeout(
    python: PagePython, server: FaultyServer
) -> None:
    address = server.url + FOLDER
    server.faults[SHARD] = Slow(1000)
    kind, text, progress = python.run(load_with_limits, address=address, limit=8, stall_timeout=3)
    assert (kind, "timeout" in text) == ("RequestTimeoutError", True)
    ratios = [ratio for ratio, _ in progress]
    assert ratios == sorted(ratios)
    fetching = {ratio for ratio, text in progress if text.startswith(f"Fetching {SHARD}: ")}
    assert len(fetching) > 5  # within the only shard
    server.faults.clear()
    assert python.run(load, address=address)[0] == ""


def test_full_disk_is_reported_as_that(
    chromium: Browser, site: str, snapshot: str, server: FaultyServer
) -> None:
    context = new_context(chromium)
    context.grant_permissions(["local-network-access"])
    page = context.new_page()
    python = RestoredPython(page, site, snapshot)
    session = context.new_cdp_session(page)
    quota = {"origin": site.rstrip("/"), "quotaSize": 1_000_000}
    session.send("Storage.overrideQuotaForOrigin", quota)
    address = server.url + FOLDER
    kind, text, advice = python.run(load, address=address)
    assert kind == "StorageError", text
    assert "could not store model.wasm" in text
    assert advice.startswith("Free disk space")
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.rstrip("/")})
    assert python.run(load, address=address)[0] == ""
    context.close()


def test_browser_without_a_cache_api_loads_models_too(
    chromium: Browser, site: str, snapshot: str, server: FaultyServer
) -> None:
    context = new_context(chromium)
    context.grant_permissions(["local-network-access"])
    python = RestoredPython(context.new_page(), site, snapshot)
    python.page.evaluate("delete globalThis.caches; delete Window.prototype.caches")
    kind, text, _ = python.run(load_in_page, address=server.url + FOLDER)
    assert kind == "", text
    assert server.count(SHARD) == 1
    context.close()


async def load_in_page(address: str) -> list[str]:
    """As `load`, with the engine in the page itself, whose globals a test can change."""
    import functools

    import pywebllm
    from pywebllm.browser import open_bridge

    record = pywebllm.ModelRecord(
        model_id="elsewhere", model=address, model_lib=address + "model.wasm"
    )
    bridge = functools.partial(open_bridge, thread="main")
    async with pywebllm.AsyncWebLLM(record, bridge=bridge) as llm:
        try:
            reply = await llm.completions.create(prompt="Ada is", max_tokens=8)
        except pywebllm.WebLLMError as error:
            return [type(error).__name__, error.problem, error.advice]
        return ["", reply.text, ""]

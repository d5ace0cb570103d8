"""The models view: what it shows, and its behavior over the real client and a fake bridge."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from page.models.amounts import duration, size
from page.models.controller import ModelsController
from page.models.entry import Entry
from page.models.own import OwnModels
from page.models.space import StorageBar, status_of, storage_bar
from page.models.view import Filters, Row, row_of
from page.setup.controller import SetupController
from pywebllm import AsyncWebLLM, DownloadError, Support, WebLLMService
from pywebllm.types import CachedModel, DownloadProgress, ModelInfo, StorageInfo, Verification

from tests.unit.fakes import FakeBridge, FakeStream
from tests.unit.page.store import FakeStore
from tests.unit.page.visit import FakeCard

pytestmark = pytest.mark.timeout(20)

INFO = ModelInfo(
    id="Llama-1B-q4f16",
    owned_by="mlc-ai",
    vram_required_mb=879,
    context_window_size=4096,
    required_features=("shader-f16",),
)
PLAIN = Support(ok=True)
FULL = Support(ok=True, features=frozenset({"shader-f16"}))
STORED = CachedModel(id=INFO.id, size=800_000_000, complete=True)
UNKNOWN = CachedModel(id="https://h/m/", url="https://h/m/", size=5, complete=False)
PART = CachedModel(id=INFO.id, size=200_000_000, total=800_000_000, complete=False)


def test_row_says_what_a_model_needs_and_whether_it_runs_here() -> None:
    row = row_of(Entry(id=INFO.id, info=INFO), PLAIN)
    assert row.facts == "chat · 879 MB of memory · 4k tokens of context"
    assert row.features == ("tools", "runs on the GPU", "16-bit floats")
    assert (row.can_run, row.note) == (False, "Does not run here: the GPU has no 16-bit floats.")
    assert row_of(Entry(id=INFO.id, info=INFO), FULL).note == "Runs on this machine."
    without = Support(ok=False, problem="No.", code="no-webgpu")
    assert row_of(Entry(id=INFO.id, info=INFO), without).note.endswith("has no WebGPU.")


@pytest.mark.parametrize(
    ("entry", "status", "ratio", "actions"),
    [
        (Entry(id="m", info=INFO), "", None, ("download",)),
        (
            Entry(id="m", info=INFO, stored=STORED),
            "Stored: 800 MB.",
            None,
            ("use", "repair", "delete"),
        ),
        (
            Entry(id="m", info=INFO, stored=STORED, usage="used"),
            "Stored: 800 MB.",
            None,
            ("repair", "delete"),
        ),
        (
            Entry(id="m", info=replace(INFO, kind="embedding"), stored=STORED),
            "Stored: 800 MB.",
            None,
            ("repair", "delete"),
        ),
        (
            Entry(id="m", info=replace(INFO, owned_by="user")),
            "",
            None,
            ("download", "delete"),
        ),
        (
            Entry(id="m", info=INFO, stored=PART),
            "Incomplete: 200 MB of 800 MB stored.",
            0.25,
            ("continue", "delete"),
        ),
        (
            Entry(id="m", stored=PART, is_confirming=True),
            "Delete 200 MB? A later use downloads them again.",
            0.25,
            ("confirm-delete", "keep"),
        ),
        (Entry(id="m", info=INFO, is_busy=True), "Starting…", 0.0, ("pause",)),
        (Entry(id="https://h/m/", stored=UNKNOWN), None, None, ("delete",)),
        (Entry(id="m", stored=PART), None, 0.25, ("continue", "delete")),
    ],
)
def test_row_offers_what_can_be_done(
    entry: Entry, status: str | None, ratio: float | None, actions: tuple[str, ...]
) -> None:
    row = row_of(entry, FULL)
    assert status is None or row.status == status
    assert (row.ratio, row.actions) == (ratio, actions)


def test_row_shows_bytes_rate_and_time_left() -> None:
    progress = DownloadProgress(
        model="m", phase="download", received=2 * 10**8, total=8 * 10**8, rate=5e6, text="a"
    )
    entry = Entry(id="m", info=INFO, is_busy=True, progress=progress)
    assert row_of(entry, FULL).status == "200 MB of 800 MB · 5.0 MB/s · 2 min left"
    waits = "Downloading a.bin: waiting for another tab that downloads it"
    entry.progress = DownloadProgress(model="m", phase="download", received=1, text=waits)
    assert row_of(entry, FULL).status == waits + "."
    entry.progress = DownloadProgress(model="m", phase="queued", received=0)
    assert row_of(entry, FULL).status == "Waiting for another download."


def test_row_shows_what_a_check_found_and_what_failed() -> None:
    found = Verification(id="m", files=6, size=10**6)
    entry = Entry(id="m", info=INFO, stored=STORED, found=found)
    assert row_of(entry, FULL).status == "All 6 files are as they should be: 1.0 MB."
    entry.found = Verification(id="m", files=6, size=1, damaged=("a",), repaired=True)
    assert row_of(entry, FULL).status.startswith("1 file was damaged or missing")
    entry.error = DownloadError("a.bin could not be fetched")
    assert row_of(entry, FULL).problem.startswith("A file could not be downloaded. Check")
    assert row_of(entry, FULL).detail.startswith("a.bin could not be fetched.")


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (Filters(), True),
        (Filters(text="llama q4"), True),
        (Filters(text="qwen"), False),
        (Filters(kind="embedding"), False),
        (Filters(runs_here=True), False),
        (Filters(stored=True), False),
    ],
)
def test_filters_choose_models(filters: Filters, shown: bool) -> None:
    assert filters.match(Entry(id=INFO.id, info=INFO), PLAIN) is shown


def test_numbers_are_short_and_storage_is_described() -> None:
    assert [size(n) for n in (5, 1500, 2_500_000, 123 * 10**9)] == [
        "5 bytes",
        "2 KB",
        "2.5 MB",
        "123 GB",
    ]
    assert [duration(s) for s in (0.2, 90, 7200)] == ["1 s left", "2 min left", "2.0 h left"]
    bar = storage_bar(StorageInfo(used=10**9, quota=4 * 10**9), stored=1)
    assert (bar.text, bar.ratio) == ("1.0 GB used, 3.0 GB free for this site.", 0.25)
    assert (bar.can_persist, bar.delete_label) == (True, "Delete all models")
    assert storage_bar(StorageInfo(), stored=0).ratio == 0
    assert status_of(3, 9, 2) == "3 of 9 models. 2 downloads running or waiting."


class FakeElements:
    """The elements, as values."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._changed = asyncio.Event()
        self.shown: list[str] = []
        self.more = ""
        self.status = ""
        self.problem = ""
        self.storage: StorageBar | None = None
        self.wanted = Filters()

    def show_status(self, text: str) -> None:
        self.status = text

    def show_problem(self, text: str) -> None:
        self.problem = text

    def show_storage(self, storage: StorageBar) -> None:
        self.storage = storage

    def show_row(self, row: Row) -> None:
        self.rows[row.id] = row
        self._changed.set()

    async def until(self, model: str, **wanted: str) -> None:
        while any(getattr(self.rows[model], name) != value for name, value in wanted.items()):
            self._changed.clear()
            await self._changed.wait()

    def remove_row(self, model: str) -> None:
        self.rows.pop(model)

    def show_only(self, ids: list[str], more: str) -> None:
        self.shown, self.more = ids, more

    def filters(self) -> Filters:
        return self.wanted


class Visit:
    """A visit of the view; what is stored is decided by the test."""

    def __init__(self) -> None:
        self.elements = FakeElements()
        self.queries: asyncio.Queue[FakeStream] = asyncio.Queue()
        self.stored: list[dict[str, Any]] = []
        self.work: asyncio.Queue[FakeStream] = asyncio.Queue()
        self.kinds: list[str] = []
        self.choices: list[str | None] = []
        self.bridge = FakeBridge(queries=self.queries)
        self.store = FakeStore()
        self.llm = AsyncWebLLM(bridge=self._open)
        self.setup = SetupController(
            page=FakeCard(),
            service_of=lambda model: WebLLMService(model, client=self.llm),
            check_support=self._check,
            keep_choice=self.choices.append,
        )
        self.own = OwnModels(llm=self.llm, store=self.store)
        self.controller = ModelsController(
            page=self.elements,
            llm=self.llm,
            setup=self.setup,
            own=self.own,
            check_support=self._check,
        )

    async def __aenter__(self) -> Visit:
        self._server = asyncio.create_task(self._serve())
        self.controller.open()
        await self.controller.settled()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.cancel()

    async def _open(self) -> FakeBridge:
        return self.bridge

    async def _check(self) -> Support:
        return FULL

    async def _serve(self) -> None:
        while True:
            stream = await self.queries.get()
            request = json.loads(stream.request)
            self.kinds.append(request["kind"])
            if request["kind"] == "models":
                listed = [{"id": "a", "kind": "language"}, {"id": "b", "kind": "embedding"}]
                stream.push(json.dumps(listed)).end()
            elif request["kind"] in ("files.download", "files.verify"):
                self.work.put_nowait(stream)
            else:
                stream.push(json.dumps({"result": self._answer(request)})).end()

    def actions(self, model: str) -> list[str]:
        """Return the buttons of a model."""
        return list(self.elements.rows[model].actions)

    def _answer(self, request: dict[str, Any]) -> object:
        if request["kind"] == "files.storage":
            return {"usage": 1, "quota": 4, "persisted": "files.persist" in self.kinds}
        if request["kind"] == "files.persist":
            return True
        if request["kind"] == "files.delete":
            wanted = request.get("id")
            gone = [model for model in self.stored if wanted in (None, model["id"])]
            self.stored = [model for model in self.stored if model not in gone]
            return gone
        return self.stored


def stored(name: str, *, complete: bool = True) -> dict[str, Any]:
    return {"id": name, "url": "https://h/", "size": 5, "complete": complete, "files": 1}


async def test_view_lists_all_models_and_those_that_are_stored_first() -> None:
    async with Visit() as visit:
        assert visit.elements.shown == ["pywebllm-persona-q4f32_1", "a", "b"]
        visit.stored = [stored("b"), stored("https://h/old/")]
        visit.controller.open()
        await visit.controller.settled()
        assert visit.elements.shown[:2] == ["b", "https://h/old/"]
        assert visit.elements.status == "4 models."


async def test_download_can_be_paused_and_continued() -> None:
    async with Visit() as visit:
        visit.controller.act("download", "a")
        assert visit.actions("a") == ["pause"]
        stream = await visit.work.get()
        visit.stored = [stored("a", complete=False)]
        visit.controller.act("pause", "a")
        await visit.controller.settled()
        assert stream.stops
        assert visit.actions("a") == ["continue", "delete"]
        visit.controller.act("continue", "a")
        again = await visit.work.get()
        visit.stored = [stored("a")]
        again.push(json.dumps({"result": {}})).end()
        await visit.controller.settled()
        assert visit.elements.rows["a"].status == "Stored: 5 bytes."
        assert visit.actions("a") == ["use", "repair", "delete"]


async def test_failed_download_shows_why_and_can_be_tried_again() -> None:
    async with Visit() as visit:
        visit.controller.act("download", "a")
        (await visit.work.get()).fail(DownloadError("a.bin could not be fetched"))
        await visit.controller.settled()
        assert "a.bin could not be fetched" in visit.elements.rows["a"].detail
        visit.controller.act("download", "a")
        assert visit.elements.rows["a"].problem == ""
        await visit.work.get()
        visit.controller.act("pause", "a")
        await visit.controller.settled()


async def test_deletion_is_confirmed_first() -> None:
    async with Visit() as visit:
        visit.stored = [stored("a")]
        visit.controller.open()
        await visit.controller.settled()
        visit.controller.act("delete", "a")
        visit.controller.act("keep", "a")
        assert visit.actions("a") == ["use", "repair", "delete"]
        visit.controller.act("confirm-delete", "a")  # late
        assert "files.delete" not in visit.kinds
        visit.controller.act("delete", "a")
        visit.controller.act("confirm-delete", "a")
        await visit.controller.settled()
        assert visit.actions("a") == ["download"]


async def test_all_models_are_deleted_at_the_second_press() -> None:
    async with Visit() as visit:
        visit.stored = [stored("a"), stored("https://h/old/")]
        visit.controller.open()
        await visit.controller.settled()
        visit.controller.delete_all()
        await visit.controller.settled()
        assert visit.elements.storage is not None
        assert visit.elements.storage.delete_label == "Press again to delete all models"
        assert len(visit.stored) == 2
        visit.controller.delete_all()
        await visit.controller.settled()
        assert visit.elements.storage.delete_label == ""
        assert visit.elements.shown == ["pywebllm-persona-q4f32_1", "a", "b"]


async def test_check_shows_what_was_repaired() -> None:
    async with Visit() as visit:
        visit.stored = [stored("a")]
        visit.controller.open()
        await visit.controller.settled()
        visit.controller.act("repair", "a")
        found = {"files": 5, "bytes": 9, "damaged": ["x"], "missing": [], "repaired": True}
        (await visit.work.get()).push(json.dumps({"result": found})).end()
        await visit.controller.settled()
        assert visit.elements.rows["a"].status.startswith("1 file was damaged")


async def test_visitor_can_ask_the_browser_to_keep_the_files() -> None:
    async with Visit() as visit:
        assert visit.elements.storage is not None
        assert visit.elements.storage.can_persist
        visit.controller.persist()
        await visit.controller.settled()
        assert not visit.elements.storage.can_persist


async def test_filters_hide_models() -> None:
    async with Visit() as visit:
        visit.elements.wanted = Filters(kind="embedding")
        visit.controller.search()
        assert visit.elements.shown == ["b"]
        assert visit.elements.status == "1 of 3 models."


async def test_model_can_be_used_and_is_marked_and_remembered() -> None:
    async with Visit() as visit:
        visit.stored = [stored("a")]
        start = asyncio.create_task(visit.setup.start())
        (await visit.bridge.loads.get()).end()
        await start
        await visit.controller.settled()
        builtin = "pywebllm-persona-q4f32_1"
        assert visit.elements.rows[builtin].badge == "In use"
        visit.controller.act("use", "a")
        assert (visit.setup.model, visit.elements.rows["a"].badge) == ("a", "Loading")
        assert visit.elements.rows[builtin].badge == ""
        load = await visit.bridge.loads.get()
        assert json.loads(load.request)["model"] == "a"
        load.end()
        await visit.elements.until("a", badge="In use")
        await visit.controller.settled()
        assert visit.choices == ["a"]
        assert await visit.own.is_there("a")
        # Deleted while it is used, the built-in one takes its place.
        visit.controller.act("delete", "a")
        visit.controller.act("confirm-delete", "a")
        (await visit.bridge.loads.get()).end()
        await visit.controller.settled()
        assert visit.setup.model is None
        assert visit.choices == ["a", None]
        assert not await visit.own.is_there("a")


async def test_row_is_new_after_a_load_elsewhere() -> None:
    async with Visit() as visit:
        assert visit.elements.rows["a"].status == ""
        visit.stored = [stored("a")]
        visit.setup.choose("a")  # as another view does
        (await visit.bridge.loads.get()).end()
        await visit.elements.until("a", status="Stored: 5 bytes.")
        assert visit.elements.rows["a"].status == "Stored: 5 bytes."


async def test_long_list_is_shown_whole_when_that_is_asked_for() -> None:
    async with Visit() as visit:
        visit.stored = [stored(f"https://h/{number}/") for number in range(40)]
        visit.controller.open()
        await visit.controller.settled()
        assert (len(visit.elements.shown), visit.elements.more) == (30, "Show 13 more")
        visit.controller.show_all()
        assert (len(visit.elements.shown), visit.elements.more) == (43, "")

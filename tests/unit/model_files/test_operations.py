"""The files of models through the client, over a fake bridge."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pywebllm import AsyncWebLLM, DisposedError, EngineError, InvalidRequestError, ModelRecord
from pywebllm.types import (
    CachedModel,
    DownloadProgress,
    ModelDeleted,
    StorageInfo,
    Verification,
)

from tests.unit.fakes import BUILTIN, FakeBridge, FakeStream

pytestmark = pytest.mark.timeout(20)

STORED = {"id": "builtin", "url": "https://fake/model/", "size": 7, "complete": True, "files": 2}
MINE = ModelRecord(model_id="mine", model="mine/", model_lib="https://fake/mine.wasm")


class Bench:
    """A client over fake bridges."""

    def __init__(self, **options: Any) -> None:
        self.bridges: list[FakeBridge] = []
        self.opened: asyncio.Queue[FakeBridge] = asyncio.Queue()
        self.queries: asyncio.Queue[FakeStream] = asyncio.Queue()
        self.llm = AsyncWebLLM(bridge=self._open, **options)

    async def _open(self) -> FakeBridge:
        self.bridges.append(FakeBridge(queries=self.queries))
        self.opened.put_nowait(self.bridges[-1])
        return self.bridges[-1]

    async def query(self) -> FakeStream:
        """Wait for the next query of any bridge."""
        return await self.queries.get()

    async def answer(self, result: object) -> dict[str, Any]:
        """Answer the next query; return it."""
        stream = await self.query()
        stream.push(json.dumps({"result": result})).end()
        request: dict[str, Any] = json.loads(stream.request)
        return request


def progress(phase: str = "download", received: int = 3, total: int = 10, **more: object) -> str:
    found = {"phase": phase, "received": received, "total": total, "file": "a.bin", "text": "A"}
    return json.dumps({"progress": {**found, **more}})


async def test_download_reports_bytes_rate_and_seconds_left() -> None:
    bench = Bench(model=MINE)
    seen: list[DownloadProgress] = []
    task = asyncio.create_task(bench.llm.models.download(on_progress=seen.append))
    stream = await bench.query()
    assert json.loads(stream.request)["model"]["model"] == "https://fake/mine/"
    stream.push(progress("queued", 0, 0), progress(rate=2.0), json.dumps({"result": {}})).end()
    assert (await bench.answer([{**STORED, "id": "mine"}]))["kind"] == "files.cached"
    assert await task == CachedModel(
        id="mine", size=7, complete=True, url="https://fake/model/", files=2
    )
    queued, latest = seen
    assert (queued.phase, queued.total, queued.ratio, queued.seconds_left) == (
        "queued",
        None,
        0.0,
        None,
    )
    assert (latest.model, latest.received, latest.total, latest.rate) == ("mine", 3, 10, 2.0)
    assert (latest.ratio, latest.seconds_left) == (0.3, 3.5)


async def test_built_in_model_is_downloaded_by_default_and_by_its_id() -> None:
    for named in (None, "pywebllm-persona-q4f32_1"):
        bench = Bench()
        task = asyncio.create_task(bench.llm.models.download(named))
        request = await bench.answer({})
        assert request["model"]["model_id"] == BUILTIN.model_id
        await bench.answer([{**STORED, "id": "pywebllm-persona-q4f32_1"}])
        assert (await task).complete


async def test_download_whose_files_are_gone_is_an_engine_error() -> None:
    bench = Bench(model="a-model")
    task = asyncio.create_task(bench.llm.models.download())
    assert (await bench.answer({}))["model"] == "a-model"
    await bench.answer([])
    with pytest.raises(EngineError, match="its files are not there"):
        await task


async def test_download_that_ends_as_its_client_is_closed_opens_nothing_more() -> None:
    bench = Bench(model="a-model")
    task = asyncio.create_task(bench.llm.models.download())
    await bench.answer({})
    await bench.llm.close()
    with pytest.raises(DisposedError):
        await task
    assert len(bench.bridges) == 1


async def test_cancelled_download_stops_the_bridge_and_leaves_the_client_usable() -> None:
    bench = Bench(model="a-model")
    task = asyncio.create_task(bench.llm.models.download())
    stream = await bench.query()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.stops
    listing = asyncio.create_task(bench.llm.models.cached())
    await bench.answer([STORED])
    assert [model.id for model in await listing] == ["builtin"]


async def test_error_of_a_progress_function_ends_the_download() -> None:
    bench = Bench(model="a-model")

    def refuse(progress: DownloadProgress) -> None:
        raise LookupError(progress.file)

    task = asyncio.create_task(bench.llm.models.download(on_progress=refuse))
    stream = await bench.query()
    stream.push(progress())
    with pytest.raises(LookupError, match=r"a\.bin"):
        await task
    assert stream.stops


async def test_unloading_a_model_does_not_end_a_download() -> None:
    bench = Bench()
    load = asyncio.create_task(bench.llm.load("first"))
    (await (await bench.opened.get()).loads.get()).end()
    await load
    task = asyncio.create_task(bench.llm.models.download("second"))
    stream = await bench.query()
    await bench.llm.unload("first")
    assert not stream.stops
    stream.push(json.dumps({"result": {}})).end()
    await bench.answer([{**STORED, "id": "second"}])
    assert (await task).id == "second"


async def test_closing_the_client_ends_a_download() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.llm.models.download("second"))
    await bench.query()
    assert bench.llm.was_used
    await bench.llm.close()
    with pytest.raises(Exception, match="disposed"):
        await task


async def test_stored_models_are_found_with_the_records_of_the_client() -> None:
    bench = Bench(records=[MINE])
    task = asyncio.create_task(bench.llm.models.cached())
    request = await bench.answer([{**STORED, "total": 9, "time": 1_700_000_000}])
    assert [record["model"] for record in request["records"]] == ["https://fake/mine/"]
    (model,) = await task
    assert (model.total, model.created) == (9, 1_700_000_000)
    assert model.to_dict()["object"] == "model"


async def test_deletion_returns_what_the_reference_shows() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.llm.models.delete("builtin"))
    assert (await bench.answer([STORED]))["id"] == "builtin"
    assert await task == ModelDeleted(id="builtin", size=7)
    assert (await task).deleted
    everything = asyncio.create_task(bench.llm.models.delete_all())
    assert "id" not in await bench.answer([STORED, {**STORED, "id": "b"}])
    assert [model.id for model in await everything] == ["builtin", "b"]


@pytest.mark.parametrize("model", [None, 5])
async def test_deletion_requires_an_id(model: Any) -> None:
    bench = Bench()
    with pytest.raises(InvalidRequestError):
        await asyncio.wait_for(bench.llm.models.delete(model), 5)
    assert not bench.bridges


async def test_check_says_what_was_damaged_and_whether_it_is_repaired() -> None:
    bench = Bench(model="a-model")
    task = asyncio.create_task(bench.llm.models.verify(repair=False))
    found = {"files": 6, "bytes": 90, "damaged": ["a.bin"], "missing": [], "repaired": False}
    assert (await bench.answer(found))["repair"] is False
    assert await task == Verification(id="a-model", files=6, size=90, damaged=("a.bin",))
    assert not (await task).ok
    again = asyncio.create_task(bench.llm.models.verify())
    assert (await bench.answer({**found, "repaired": True}))["repair"] is True
    assert (await again).ok


async def test_storage_and_persistence_are_reported() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.llm.models.storage())
    await bench.answer({"usage": 4, "quota": 10, "persisted": True})
    assert await task == StorageInfo(used=4, quota=10, persisted=True)
    assert (await task).free == 6
    unknown = asyncio.create_task(bench.llm.models.storage())
    await bench.answer({"persisted": False})
    assert (await unknown).free is None
    asked = asyncio.create_task(bench.llm.models.persist())
    await bench.answer(True)
    assert await asked is True


@pytest.mark.parametrize("item", ["{}", '{"progress": {"phase": "unknown"}}', '{"result": 5}'])
async def test_answer_that_cannot_be_read_is_an_engine_error(item: str) -> None:
    bench = Bench(model="a-model")
    task = asyncio.create_task(bench.llm.models.verify())
    (await bench.query()).push(item).end()
    with pytest.raises(EngineError, match="could not be parsed"):
        await task


async def test_progress_function_must_be_plain() -> None:
    async def report(progress: DownloadProgress) -> None: ...

    bench = Bench()
    with pytest.raises(TypeError, match="plain function"):
        await bench.llm.models.download(on_progress=report)

"""Models of the visitor's own: what makes one, and the forms over a fake bridge."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from page.models.adding import AddingController
from page.models.own import OwnModels
from page.models.sources import (
    SourceProblem,
    plan_of_folder,
    record_of_address,
    record_of_json,
)
from page.storage import StorageProblem
from pywebllm import AsyncWebLLM

from tests.unit.fakes import FakeBridge, FakeStream
from tests.unit.page.store import FakeStore

pytestmark = pytest.mark.timeout(20)

BASE = "https://kept.invalid/own/"
FILES = [
    f"tiny/{name}"
    for name in ("mlc-chat-config.json", "tensor-cache.json", "tokenizer.json", "a.bin", "m.wasm")
]


def test_address_of_a_gguf_file_or_of_a_folder_becomes_a_record() -> None:
    assert record_of_address("", "https://h/x/tiny.gguf", "") == {
        "model_id": "tiny",
        "gguf": "https://h/x/tiny.gguf",
    }
    assert record_of_address(" mine ", "models/m/", "models/m.wasm") == {
        "model_id": "mine",
        "model": "models/m/",
        "model_lib": "models/m.wasm",
    }


@pytest.mark.parametrize(
    ("address", "library", "problem"),
    [
        (" ", "", "Give the address"),
        ("https://h/m/", "", "also needs the address of its library"),
        ("file:///m.gguf", "", "is not an address that begins with https"),
        ("https://h/m/", "javascript:0", "is not an address that begins with https"),
    ],
)
def test_address_that_names_no_model_is_refused(address: str, library: str, problem: str) -> None:
    with pytest.raises(SourceProblem, match=problem):
        record_of_address("", address, library)


def test_record_must_be_a_json_object() -> None:
    assert record_of_json('{"model_id": "m"}') == {"model_id": "m"}
    for words in ("{", "[]", "1"):
        with pytest.raises(SourceProblem, match="JSON"):
            record_of_json(words)


def test_folder_of_webllm_becomes_a_record_with_addresses_for_its_files() -> None:
    paths = [*FILES, "tiny/m-gpu.wasm", "tiny/README.md", "tiny/.git/config"]
    plan = plan_of_folder("My model!", paths, BASE)
    folder = f"{BASE}My-model-/resolve/main/"
    assert plan.record == {
        "model_id": "My model!",
        "model": folder,
        "model_lib": f"{folder}m.wasm",
        "gpu_model_lib": f"{folder}m-gpu.wasm",
    }
    assert plan.files["tiny/a.bin"] == f"{folder}a.bin"
    assert "tiny/README.md" not in plan.files


def test_folder_with_the_parts_of_one_gguf_file_becomes_a_record() -> None:
    parts = ["f/m-00001-of-00002.gguf", "f/m-00002-of-00002.gguf"]
    plan = plan_of_folder("", [*reversed(parts), "f/notes.txt"], BASE)
    assert plan.record["gguf"] == [
        f"{BASE}{part.replace('f/', 'f/resolve/main/')}" for part in parts
    ]


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        ([], "no GGUF file and no mlc-chat-config.json"),
        (["f/a.gguf", "f/b.gguf"], "several GGUF models"),
        ([path for path in FILES if "tensor" not in path], "no tensor-cache.json"),
        ([path for path in FILES if "wasm" not in path], "no library"),
    ],
)
def test_folder_without_a_model_is_refused(paths: list[str], problem: str) -> None:
    with pytest.raises(SourceProblem, match=problem):
        plan_of_folder("", paths, BASE)


class FakeFolder:
    """A folder whose files are copied, until the disk is full."""

    def __init__(self, paths: list[str]) -> None:
        self._paths = paths
        self.kept: list[str] = []
        self.room = 99

    async def paths(self) -> list[str]:
        return self._paths

    async def base(self) -> str:
        return BASE

    async def keep(self, path: str, address: str) -> None:
        if len(self.kept) == self.room:
            raise StorageProblem("the disk is full")
        self.kept.append(address)


class Forms:
    """The forms over the real client; what a check finds is decided by the test."""

    def __init__(self) -> None:
        self.queries: asyncio.Queue[FakeStream] = asyncio.Queue()
        self.llm = AsyncWebLLM(bridge=self._open)
        self.store = FakeStore()
        self.own = OwnModels(llm=self.llm, store=self.store)
        self.chosen = FakeFolder(FILES)
        self.missing: list[str] = []
        self.asked: list[str] = []
        self.said: list[tuple[str, str]] = []
        self.added: list[str] = []
        self.controller = AddingController(page=self, own=self.own, on_added=self.added.append)

    async def __aenter__(self) -> Forms:
        self._server = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.cancel()

    def show_adding(self, status: str, problem: str) -> None:
        self.said.append((status, problem))

    def clear_adding(self) -> None:
        pass

    def folder(self) -> FakeFolder:
        return self.chosen

    async def records(self) -> list[str]:
        return [it.id for it in await self.llm.models.list() if it.owned_by == "user"]

    async def _open(self) -> FakeBridge:
        return FakeBridge(queries=self.queries)

    async def _serve(self) -> None:
        while True:
            stream = await self.queries.get()
            request = json.loads(stream.request)
            self.asked.append(request["kind"])
            answer: Any = {"result": self._answer(request["kind"])}
            stream.push(json.dumps([] if request["kind"] == "models" else answer)).end()

    def _answer(self, kind: str) -> object:
        if kind == "files.verify":
            found = {"files": 5, "bytes": 9, "damaged": [], "missing": self.missing}
            return {**found, "repaired": False}
        if kind == "files.download":
            return {}
        return [{"id": "tiny", "url": BASE, "size": 5, "complete": True, "files": 5}]


async def test_added_model_is_known_and_found_at_the_next_visit() -> None:
    async with Forms() as forms:
        forms.controller.add_address("", "https://h/m.gguf", "")
        await forms.controller.settled()
        forms.controller.add_record(json.dumps({"model_id": "r", "gguf": "r.gguf"}))
        await forms.controller.settled()
        assert forms.added == ["m", "r"]
        assert forms.said[-1] == ("r is in the list.", "")
        assert await forms.records() == ["m", "r"]
        assert forms.own.is_gguf("m")
        later = AsyncWebLLM(bridge=forms._open)
        own = OwnModels(llm=later, store=forms.store)
        await own.restore()
        assert [it.id for it in await later.models.list() if it.owned_by == "user"] == ["m", "r"]
        await own.remove("m")
        assert [
            it["model_id"] for it in forms.store.records["settings"]["own-models"]["records"]
        ] == ["r"]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"model_id": "m"}, "model of a model record must be a non-empty string"),
        ({"model_id": "pywebllm-persona-q4f32_1", "gguf": "m.gguf"}, "two models have the id"),
        ({"model_id": "m", "gguf": "m.gguf", "flavor": "blue"}, "a model record has no key"),
    ],
)
async def test_record_that_is_none_is_refused_with_what_is_wrong(
    record: dict[str, Any], problem: str
) -> None:
    async with Forms() as forms:
        forms.controller.add_record(json.dumps(record))
        await forms.controller.settled()
        assert problem in forms.said[-1][1]
        assert forms.added == []


async def test_folder_is_copied_checked_and_known() -> None:
    async with Forms() as forms:
        forms.controller.add_folder("")
        await forms.controller.settled()
        assert forms.added == ["tiny"]
        assert len(forms.chosen.kept) == len(FILES)
        assert ("Copying: 40%", "") in forms.said
        assert forms.asked[-3:] == ["files.verify", "files.download", "files.cached"]
        forms.controller.add_folder("")
        await forms.controller.settled()
        assert "A model is called tiny already" in forms.said[-1][1]
        # Deleted with all others, it cannot be downloaded again.
        await forms.own.restore()
        await forms.own.remove_folders()
        assert await forms.records() == []


async def test_folder_that_lacks_files_or_does_not_fit_leaves_nothing() -> None:
    async with Forms() as forms:
        forms.missing = ["a.bin"]
        forms.controller.add_folder("")
        await forms.controller.settled()
        assert forms.said[-1] == ("", "These files are missing or damaged: a.bin.")
        forms.chosen.room = 7
        forms.controller.add_folder("other")
        await forms.controller.settled()
        assert "the disk is full" in forms.said[-1][1]
        assert forms.asked.count("files.delete") == 2
        assert await forms.records() == []


async def test_setting_that_cannot_be_kept_is_reported() -> None:
    async with Forms() as forms:
        forms.store.is_full = True
        forms.controller.add_address("", "https://h/m.gguf", "")
        await forms.controller.settled()
        assert forms.said[-1][1].startswith("The browser did not keep the list of your models")

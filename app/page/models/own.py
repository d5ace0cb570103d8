"""The models that the visitor added: known to the client, kept between visits, forgotten again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pywebllm import AsyncWebLLM, WebLLMError

from page.problems import problem_of
from page.storage import Kind, Record, StorageProblem
from page.texts import text

from .sources import Plan, SourceProblem, plan_of_folder

__all__ = ["Folder", "OwnModels", "Settings"]

_KIND: Kind = "settings"
_RECORDS = "own-models"
# Seconds that a visit waits for its settings at most: another tab may hold the database.
_PATIENCE = 5
_logger = logging.getLogger("page")


class Settings(Protocol):
    """What is needed of `page.storage.Store`."""

    async def read(self, kind: Kind, record_id: str) -> dict[str, Any] | None:
        """Return one record; None if there is none."""
        ...

    async def write(self, kind: Kind, record: Record) -> None:
        """Keep a record, in place of one with the same ID."""
        ...


class Folder(Protocol):
    """A folder on the visitor's machine."""

    async def paths(self) -> list[str]:
        """Return the paths of its files, each beginning with the folder's name."""
        ...

    async def base(self) -> str:
        """Return the address below which its files are kept."""
        ...

    async def keep(self, path: str, address: str) -> None:
        """Put a file into the browser's storage, as if it had been downloaded from an address.

        Raises:
            StorageProblem: The browser refused.
        """
        ...


class OwnModels:
    """The visitor's own models."""

    def __init__(self, *, llm: AsyncWebLLM, store: Settings) -> None:
        self._llm = llm
        self._store = store
        self._records: dict[str, Mapping[str, Any]] = {}
        self._folders: set[str] = set()  # the IDs of models whose files came from a folder

    def __contains__(self, model: object) -> bool:
        return model in self._records

    def is_gguf(self, model: str) -> bool:
        """Return True if llama.cpp runs this one."""
        return "gguf" in self._records.get(model, {})

    async def restore(self) -> None:
        """Make the models of earlier visits known.

        Cancelled, some of them are.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                kept = await self._store.read(_KIND, _RECORDS) or {}
        except (StorageProblem, TimeoutError) as error:
            _logger.warning("Settings could not be read: %s", error)
            return
        for record in kept.get("records", []):
            try:
                self._know(record)
            except WebLLMError as error:
                _logger.warning("A model of an earlier visit is left out: %s", error)
        self._folders = {name for name in kept.get("folders", []) if name in self._records}

    async def is_there(self, model: str) -> bool:
        """Return whether all files of a model are in this browser.

        Cancelled, nothing is left open.
        """
        try:
            stored = await self._llm.models.cached()
        except WebLLMError:
            return False
        return any(found.id == model and found.complete for found in stored)

    async def add(self, record: Mapping[str, Any]) -> str:
        """Add a model; return its ID.

        Raises:
            SourceProblem: It is not a model, its ID is taken, or it cannot be kept.
        """
        try:
            name = self._know(record)
        except WebLLMError as error:
            raise SourceProblem(text("models.own.refused", reason=str(error))) from error
        await self._keep()
        return name

    async def add_folder(self, name: str, folder: Folder, report: Callable[[float], object]) -> str:
        """Copy the files of a folder into the browser, and add their model; return its ID.

        Args:
            name: What the visitor calls it; empty: the name of the folder.
            folder: The folder.
            report: Called with the part that is done, 0 to 1.

        Raises:
            SourceProblem: It has no model, or not all of its files, or they do not fit.
        """
        plan = plan_of_folder(name, await folder.paths(), await folder.base())
        model = str(plan.record["model_id"])
        if model in {info.id for info in await self._llm.models.list()}:
            raise SourceProblem(text("models.own.taken", model=model))
        try:
            await self._copy(plan, folder, report)
            self._know(plan.record)
            await self._check(model)
        except WebLLMError as error:
            await self._discard(model)
            raise SourceProblem(str(problem_of(error))) from error
        except StorageProblem as error:
            await self._discard(model)
            raise SourceProblem(str(error)) from error
        except SourceProblem:
            await self._discard(model)
            raise
        self._folders.add(model)
        await self._keep()
        return model

    async def remove(self, model: str) -> None:
        """Forget a model of the visitor's.

        Raises:
            SourceProblem: The browser refused.
        """
        if model in self._records:
            self._forget(model)
            await self._keep()

    async def remove_folders(self) -> None:
        """Forget all models whose files are deleted and can come from nowhere else.

        Raises:
            SourceProblem: The browser refused.
        """
        if self._folders:
            for model in tuple(self._folders):
                self._forget(model)
            await self._keep()

    def _know(self, record: Mapping[str, Any]) -> str:
        self._llm.models.register(record)
        name = str(record["model_id"])
        self._records[name] = record
        return name

    async def _keep(self) -> None:
        records = [dict(record) for record in self._records.values()]
        kept = {"id": _RECORDS, "records": records, "folders": sorted(self._folders)}
        try:
            await self._store.write(_KIND, kept)
        except StorageProblem as error:
            raise SourceProblem(text("models.own.not.kept")) from error

    async def _copy(self, plan: Plan, folder: Folder, report: Callable[[float], object]) -> None:
        for number, (path, address) in enumerate(plan.files.items()):
            report(number / len(plan.files))
            await folder.keep(path, address)
        report(1.0)

    async def _check(self, model: str) -> None:
        # Nothing is downloaded: what a folder lacks cannot come from anywhere else.
        found = await self._llm.models.verify(model, repair=False)
        wrong = [*found.missing, *found.damaged]
        if wrong:
            raise SourceProblem(text("models.own.incomplete", files=", ".join(wrong)))
        # Everything is there: this makes the files known by the model's ID.
        await self._llm.models.download(model)

    async def _discard(self, model: str) -> None:
        try:
            await self._llm.models.delete(model)
        except WebLLMError as error:
            _logger.info("Nothing is left of %s: %s", model, error)
        self._forget(model)

    def _forget(self, model: str) -> None:
        self._folders.discard(model)
        if self._records.pop(model, None) is not None:
            self._llm.models.unregister(model)

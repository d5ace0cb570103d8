"""The behavior of the models view: list, download, pause, continue, check, delete."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from pywebllm import AsyncWebLLM, Support, WebLLMError

from . import view
from .view import Action, Entry, Filters, Row, StorageBar

if TYPE_CHECKING:
    from pywebllm.types import DownloadProgress, StorageInfo

__all__ = ["ModelsController", "ModelsPage"]

_logger = logging.getLogger("page")


class ModelsPage(Protocol):
    """The elements of the view, as the controller sees it."""

    def show_status(self, text: str) -> None:
        """Show the line above the list."""
        ...

    def show_problem(self, text: str) -> None:
        """Show what went wrong with the list as a whole; an empty string hides it."""
        ...

    def show_storage(self, storage: StorageBar) -> None:
        """Show how much space there is."""
        ...

    def show_row(self, row: Row) -> None:
        """Show a model, in place of what was shown of it before."""
        ...

    def show_only(self, ids: list[str]) -> None:
        """Show these rows, in this order, and hide all others."""
        ...

    def filters(self) -> Filters:
        """Return what the visitor looks for."""
        ...


class ModelsController:
    """Keeps the list, and one task for each model that is downloaded or checked."""

    def __init__(
        self,
        *,
        page: ModelsPage,
        llm: AsyncWebLLM,
        check_support: Callable[[], Awaitable[Support]],
    ) -> None:
        self._page = page
        self._llm = llm
        self._check_support = check_support
        self._support: Support | None = None
        self._entries: dict[str, Entry] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._opening: asyncio.Task[None] | None = None
        self._storage: StorageInfo | None = None
        self._is_confirming = False

    def open(self) -> None:
        """Show the view: read the list at the first time, and what is stored at each."""
        if self._opening is None or self._opening.done():
            self._opening = asyncio.ensure_future(self._guarded(self._open))

    async def settled(self) -> None:
        """Wait until all that has been begun is over."""
        while pending := [task for task in self._all_tasks() if not task.done()]:
            await asyncio.wait(pending)

    def search(self) -> None:
        """Show the models that the visitor looks for."""
        wanted = self._page.filters()
        found = [entry for entry in self._entries.values() if wanted.match(entry, self._support)]
        # What is stored, or being stored, comes first.
        found.sort(key=lambda entry: not (entry.is_busy or entry.stored))
        self._page.show_only([entry.id for entry in found])
        downloads = sum(entry.is_busy for entry in self._entries.values())
        self._page.show_status(view.status_of(len(found), len(self._entries), downloads))

    def act(self, action: Action, model: str) -> None:
        """Do what a button says; nothing if it is late."""
        entry = self._entries.get(model)
        if entry is None or action not in view.row_of(entry, self._support).actions:
            return
        entry.error = entry.found = None
        if action in ("download", "continue"):
            self._begin(entry, self._download)
        elif action == "repair":
            self._begin(entry, self._repair)
        elif action == "pause":
            self._tasks[model].cancel()
        elif action == "confirm-delete":
            entry.is_confirming = False
            self._tasks[model] = asyncio.ensure_future(self._guarded(self._delete, entry))
        else:
            entry.is_confirming = action == "delete"
            self._show(entry)

    def persist(self) -> None:
        """Ask the browser to keep the files."""
        self._tasks[""] = asyncio.ensure_future(self._guarded(self._persist))

    def delete_all(self) -> None:
        """Delete all models; the first press only asks."""
        self._is_confirming = not self._is_confirming
        if self._is_confirming:
            self._show_storage()
        else:
            self._tasks[""] = asyncio.ensure_future(self._guarded(self._delete_all))

    async def _open(self) -> None:
        if not self._entries:
            self._page.show_status("Reading the list of models…")
            self._support = await self._check_support()
            for info in await self._llm.models.list():
                self._entries[info.id] = Entry(id=info.id, info=info)
        await self._refresh()

    async def _refresh(self) -> None:
        """Read what is stored, and show everything."""
        stored = {model.id: model for model in await self._llm.models.cached()}
        for name in stored:
            self._entries.setdefault(name, Entry(id=name))
        for entry in list(self._entries.values()):
            entry.stored = stored.get(entry.id)
            if entry.stored is None and entry.info is None:
                del self._entries[entry.id]
            else:
                self._show(entry)
        self._storage = await self._llm.models.storage()
        self._is_confirming = False
        self._show_storage()
        self.search()

    def _begin(self, entry: Entry, work: Callable[[Entry], Awaitable[None]]) -> None:
        entry.is_busy, entry.progress = True, None
        self._show(entry)
        self._tasks[entry.id] = asyncio.ensure_future(self._work(entry, work))
        self.search()

    async def _work(self, entry: Entry, work: Callable[[Entry], Awaitable[None]]) -> None:
        try:
            await work(entry)
        except asyncio.CancelledError:
            pass  # the visitor paused it
        except WebLLMError as error:
            entry.error = error
        finally:
            entry.is_busy, entry.progress = False, None
        await self._guarded(self._refresh)

    async def _download(self, entry: Entry) -> None:
        await self._llm.models.download(entry.id, on_progress=self._follow(entry))

    async def _repair(self, entry: Entry) -> None:
        report = self._follow(entry)
        entry.found = await self._llm.models.verify(entry.id, on_progress=report)

    async def _delete(self, entry: Entry) -> None:
        try:
            await self._llm.models.delete(entry.id)
        except WebLLMError as error:
            entry.error = error
        await self._refresh()

    async def _delete_all(self) -> None:
        try:
            await self._llm.models.delete_all()
        finally:
            await self._refresh()

    async def _persist(self) -> None:
        await self._llm.models.persist()
        await self._refresh()

    def _follow(self, entry: Entry) -> Callable[[DownloadProgress], None]:
        def report(progress: DownloadProgress) -> None:
            entry.progress = progress
            self._show(entry)

        return report

    def _show_storage(self) -> None:
        if self._storage is not None:
            stored = sum(entry.stored is not None for entry in self._entries.values())
            bar = view.storage_bar(self._storage, stored, is_confirming=self._is_confirming)
            self._page.show_storage(bar)

    def _show(self, entry: Entry) -> None:
        self._page.show_row(view.row_of(entry, self._support))

    def _all_tasks(self) -> list[asyncio.Task[None]]:
        return [*self._tasks.values(), *([self._opening] if self._opening else [])]

    async def _guarded(self, work: Callable[..., Awaitable[None]], *arguments: Entry) -> None:
        try:
            await work(*arguments)
            self._page.show_problem("")
        except WebLLMError as error:
            self._page.show_problem(str(error))
        except Exception as error:
            # The view's top handler: the visitor sees every error.
            _logger.exception("Unexpected error in the models view")
            self._page.show_problem(f"{type(error).__name__}: {error}")

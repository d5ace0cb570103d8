"""The behavior of the models view: list, download, pause, continue, check, delete."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from pywebllm import BUILTIN_MODEL, AsyncWebLLM, StorageError, Support, WebLLMError

from page.problems import problem_of
from page.setup.controller import SetupController
from page.setup.view import State
from page.tasks import Tasks
from page.texts import text, text_of_count

from . import space, view
from .entry import Entry, Usage
from .own import OwnModels
from .sources import SourceProblem
from .space import StorageBar
from .view import Action, Filters, Row

if TYPE_CHECKING:
    from pywebllm.types import DownloadProgress, StorageInfo

__all__ = ["ModelsController", "ModelsPage"]

_USAGES: Mapping[State, Usage] = {"ready": "used", "loading": "loading", "checking": "loading"}

# A phone shows no more at once than a visitor reads through.
_MOST = 30

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

    def remove_row(self, model: str) -> None:
        """Remove a model that is in no list and has no files."""
        ...

    def show_only(self, ids: list[str], more: str) -> None:
        """Show these rows, in this order, and hide all others.

        `more` is on the button that shows further rows; empty hides it.
        """
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
        setup: SetupController,
        own: OwnModels,
        check_support: Callable[[], Awaitable[Support]],
    ) -> None:
        self._page = page
        self._llm = llm
        self._setup = setup
        self._own = own
        self._check_support = check_support
        self._support: Support | None = None
        self._entries: dict[str, Entry] = {}
        self._tasks = Tasks()
        # The downloads and checks that run, by model.
        self._work: dict[str, asyncio.Future[None]] = {}
        self._opening: asyncio.Future[None] | None = None
        self._storage: StorageInfo | None = None
        self._is_confirming = False
        self._shows_all = False
        setup.changed.subscribe(lambda _screen: self._on_model())

    def open(self) -> None:
        """Show the view: what is stored may have changed since it was shown before."""
        if self._opening is None or self._opening.done():
            self._opening = self._tasks.begin(self._guarded(self._open))

    async def settled(self) -> None:
        """Wait until all that has been begun is over."""
        await self._tasks.settled()

    def search(self) -> None:
        """Show the models that the visitor looks for."""
        wanted = self._page.filters()
        found = [entry for entry in self._entries.values() if wanted.match(entry, self._support)]
        # What is stored, or being stored, comes first; then the visitor's own.
        found.sort(key=lambda entry: (not (entry.is_busy or entry.stored), not entry.is_own))
        shown = found if self._shows_all else found[:_MOST]
        more = len(found) - len(shown)
        label = text_of_count("models.more", more) if more else ""
        self._page.show_only([entry.id for entry in shown], label)
        downloads = sum(entry.is_busy for entry in self._entries.values())
        self._page.show_status(space.status_of(len(found), len(self._entries), downloads))

    def show_all(self) -> None:
        """Show all models that were found, also when others are looked for."""
        self._shows_all = True
        self.search()

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
            self._work[model].cancel()
        elif action == "use":
            self._use(model)
        elif action == "confirm-delete":
            entry.is_confirming = False
            self._tasks.begin(self._guarded(self._delete, entry))
        else:
            entry.is_confirming = action == "delete"
            self._show(entry)

    def persist(self) -> None:
        """Ask the browser to keep the files."""
        self._tasks.begin(self._guarded(self._persist))

    def delete_all(self) -> None:
        """Delete all models; the first press only asks."""
        self._is_confirming = not self._is_confirming
        if self._is_confirming:
            self._show_storage()
        else:
            self._tasks.begin(self._guarded(self._delete_all))

    async def _open(self) -> None:
        if self._support is None:
            self._page.show_status(text("models.reading"))
            self._support = await self._check_support()
        await self._list()
        await self._refresh()

    async def _list(self) -> None:
        """Read which models there are."""
        listed = {info.id: info for info in await self._llm.models.list()}
        for entry in self._entries.values():
            entry.info = listed.get(entry.id)
        for name, info in listed.items():
            entry = self._entries.setdefault(name, Entry(id=name))
            entry.info, entry.is_gguf = info, self._own.is_gguf(name)
            entry.usage = self._usage_of(name)

    async def _refresh(self) -> None:
        """Read what is stored, and show everything."""
        stored = {model.id: model for model in await self._llm.models.cached()}
        for name in stored:
            self._entries.setdefault(name, Entry(id=name))
        for entry in list(self._entries.values()):
            entry.stored = stored.get(entry.id)
            if entry.stored is None and entry.info is None:
                del self._entries[entry.id]
                self._page.remove_row(entry.id)
            else:
                self._show(entry)
        self._storage = await self._llm.models.storage()
        self._is_confirming = False
        self._show_storage()
        self.search()

    def _begin(self, entry: Entry, work: Callable[[Entry], Awaitable[None]]) -> None:
        entry.is_busy, entry.progress = True, None
        self._show(entry)
        self._work[entry.id] = self._tasks.begin(self._do(entry, work))
        self.search()

    async def _do(self, entry: Entry, work: Callable[[Entry], Awaitable[None]]) -> None:
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
        if entry.usage and not entry.is_builtin:
            self._use(None)
        try:
            if entry.stored is not None:
                await self._llm.models.delete(entry.id)
            await self._own.remove(entry.id)
        except WebLLMError as error:
            entry.error = error
        except SourceProblem as error:
            entry.error = StorageError(str(error))
        await self._list()
        await self._refresh()

    def _use(self, model: str | None) -> None:
        self._setup.choose(None if model == BUILTIN_MODEL else model)

    def _usage_of(self, model: str) -> Usage:
        if model != (self._setup.model or BUILTIN_MODEL):
            return ""
        return _USAGES.get(self._setup.screen.state, "")

    def _on_model(self) -> None:
        """Mark the model that the page uses; after a load its files are there."""
        for entry in self._entries.values():
            usage = self._usage_of(entry.id)
            if usage != entry.usage:
                entry.usage = usage
                self._show(entry)
        if self._entries and self._setup.screen.state in ("ready", "failed"):
            self.open()

    async def _delete_all(self) -> None:
        try:
            await self._llm.models.delete_all()
            await self._own.remove_folders()
        except SourceProblem as error:
            raise StorageError(str(error)) from error
        finally:
            await self._list()
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
            bar = space.storage_bar(self._storage, stored, is_confirming=self._is_confirming)
            self._page.show_storage(bar)

    def _show(self, entry: Entry) -> None:
        self._page.show_row(view.row_of(entry, self._support))

    async def _guarded(self, work: Callable[..., Awaitable[None]], *arguments: Entry) -> None:
        try:
            await work(*arguments)
            self._page.show_problem("")
        except WebLLMError as error:
            self._page.show_problem(str(problem_of(error)))
        except Exception as error:
            # The view's top handler: the visitor sees every error.
            _logger.exception("Unexpected error in the models view")
            self._page.show_problem(f"{type(error).__name__}: {error}")

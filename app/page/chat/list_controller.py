"""The behavior of the list of conversations: search, rename, delete, undo, export, import."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from page.rereading import with_changes
from page.storage import StorageProblem, Store
from page.tasks import Tasks
from page.texts import text, text_of_count

from .controller import ChatController
from .conversation import Conversation
from .exchange import ImportProblem, read_import, to_json, to_markdown
from .records import from_record
from .runs import Runs
from .saver import Saver

__all__ = ["Entry", "ListController", "ListPage", "ListScreen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A conversation in the list."""

    id: str
    title: str
    updated: int
    is_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScreen:
    """The list: its entries, newest first, a line about it, and the deletion to undo."""

    entries: tuple[Entry, ...]
    status: str = ""
    undo: str = ""
    problem: str = ""


class ListPage(Protocol):
    """The elements of the list, as the controller sees them."""

    def show_list(self, screen: ListScreen) -> None:
        """Replace the list."""
        ...

    def offer_file(self, name: str, content: str) -> None:
        """Let the visitor save a file."""
        ...

    def leave(self) -> None:
        """Go to the address of a new conversation."""
        ...


class ListController:
    """Keeps the titles of all conversations; the conversations themselves stay in the store."""

    def __init__(
        self,
        *,
        page: ListPage,
        chat: ChatController,
        store: Store,
        saver: Saver,
        runs: Runs,
        new_id: Callable[[], str],
        now: Callable[[], int],
    ) -> None:
        self._page = page
        self._chat = chat
        self._store = store
        self._saver = saver
        self._runs = runs
        self._new_id = new_id
        self._now = now
        self._entries: dict[str, Entry] = {}
        self._words = ""
        self._found: set[str] | None = None
        self._deleted: Conversation | None = None
        self._problem = ""
        self._tasks = Tasks()
        chat.opened.subscribe(lambda _conversation: self._show())
        chat.kept.subscribe(self._on_kept)

    def open(self) -> None:
        """Read the list."""
        self._begin(self._read())

    def search(self, words: str) -> None:
        """Show only conversations that have these words in their title or messages."""
        self._words = words.strip()
        self._begin(self._search(self._words))

    def delete(self) -> None:
        """Delete the conversation that is shown; `undo` brings it back."""
        if self._chat.is_kept:
            self._begin(self._delete(self._chat.conversation))

    def undo(self) -> None:
        """Bring the conversation back that was deleted last."""
        if self._deleted is not None:
            conversation, self._deleted = self._deleted, None
            self._saver.restore(conversation)
            self._chat.show(conversation)
            self._on_kept(conversation)

    def export(self, kind: Literal["json", "markdown", "all"]) -> None:
        """Offer a file with the conversation that is shown, or with all of them."""
        if kind == "all":
            self._begin(self._export_all())
            return
        conversation = self._chat.conversation
        if kind == "json":
            self._page.offer_file(f"{_file_name(conversation)}.json", to_json([conversation]))
        else:
            self._page.offer_file(f"{_file_name(conversation)}.md", to_markdown(conversation))

    def read_file(self, name: str, content: str) -> None:
        """Import the conversations of a file, and show the first."""
        self._begin(self._import(name, content))

    async def settled(self) -> None:
        """Wait until all that has been begun is over."""
        await self._tasks.settled()

    async def _read(self) -> None:
        # After what this page still writes, so that nothing of it is missing.
        await self._saver.settled()
        before = dict(self._entries)
        records = await self._store.read_summaries("conversations", "messages")
        found = {entry.id: entry for entry in map(_entry, records)}
        self._entries = with_changes(found, before=before, now=self._entries)
        if self._chat.is_kept:
            # It may not be written yet.
            self._on_kept(self._chat.conversation)
        self._show()

    async def _search(self, words: str) -> None:
        found = await self._store.search("conversations", words) if words else None
        if words == self._words:
            self._found = None if found is None else set(found)
            self._show()

    async def _delete(self, conversation: Conversation) -> None:
        self._runs.forget(conversation)
        await self._saver.delete(conversation.id)
        self._deleted = conversation
        self._entries.pop(conversation.id, None)
        self._page.leave()
        self._chat.visit("")
        self._show()

    async def _export_all(self) -> None:
        records = await self._store.read_all("conversations")
        name = text("chat.export.name")
        self._page.offer_file(f"{name}.json", to_json(from_record(record) for record in records))

    async def _import(self, name: str, content: str) -> None:
        try:
            found = read_import(name, content, new_id=self._new_id, now=self._now())
        except ImportProblem as problem:
            self._problem = str(problem)
            self._show()
            return
        for conversation in found:
            self._saver.save(conversation)
            self._entries[conversation.id] = _entry_of(conversation)
        await self._saver.settled()
        self._chat.show(found[0])
        self._show()

    def _on_kept(self, conversation: Conversation) -> None:
        entry = _entry_of(conversation)
        if self._saver.is_deleted(entry.id) or self._entries.get(entry.id) == entry:
            return
        if entry.id not in self._entries:
            # The visitor has gone on: a deletion before is final.
            self._deleted = None
        self._entries[entry.id] = entry
        self._show()

    def _show(self) -> None:
        shown = self._chat.conversation.id if self._chat.is_kept else ""
        newest_first = sorted(self._entries.values(), key=lambda entry: -entry.updated)
        entries = [
            replace(entry, is_shown=entry.id == shown)
            for entry in newest_first
            if self._found is None or entry.id in self._found
        ]
        self._page.show_list(
            ListScreen(
                entries=tuple(entries),
                status=self._status(entries),
                undo=text("chat.deleted", title=self._deleted.title) if self._deleted else "",
                problem=self._problem,
            )
        )

    def _status(self, entries: Sequence[Entry]) -> str:
        if self._found is not None:
            return text_of_count("chat.found", len(entries))
        return "" if entries else text("chat.list.empty")

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.begin(self._guard(work))

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        # It was of an action before this one.
        self._problem = ""
        try:
            await work
        except StorageProblem as problem:
            self._problem = text("chat.unreadable", reason=str(problem))
            self._show()


def _entry(record: Mapping[str, Any]) -> Entry:
    return _entry_of(from_record(record))


def _entry_of(conversation: Conversation) -> Entry:
    return Entry(
        id=conversation.id,
        title=conversation.title or text("chat.untitled"),
        updated=conversation.updated,
    )


def _file_name(conversation: Conversation) -> str:
    kept = "".join(c if c.isalnum() else "-" for c in conversation.title.lower())
    words = [word for word in kept.split("-") if word]
    return "-".join(words)[:50] or "conversation"

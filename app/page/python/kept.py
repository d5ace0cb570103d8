"""The visitor's programs as the browser keeps them, and which one was open last."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from page.rereading import with_changes
from page.storage import Store

__all__ = ["Entry", "KeptPrograms"]

# The record of what was open last, in the store of settings.
_OPEN = "python"


@dataclass(slots=True, kw_only=True)
class Entry:
    """A program of the visitor.

    Attributes:
        id: Its ID in the store.
        name: Its name in the menu.
        code: Its text.
        changed: When it was changed last, in seconds since 1970.
        tools: What it offers to the chat, as `ToolsFound.descriptions`.
        tools_code: Its text when it was run, to which these belong.
    """

    id: str
    name: str
    code: str
    changed: float = 0
    tools: list[dict[str, Any]] = field(default_factory=list)
    tools_code: str = ""


class KeptPrograms:
    """Reads and writes the programs; all methods that wait raise StorageProblem.

    Attributes:
        entries: The programs by ID, those changed last first when they were read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.entries: dict[str, Entry] = {}
        self._removing: set[str] = set()
        # Those that are in the store, unless another tab has deleted them since.
        self._stored: set[str] = set()

    async def read(self) -> None:
        """Read all programs."""
        before = dict(self.entries)
        found = await self._all()
        self.entries = with_changes(found, before=before, now=self.entries)
        self._stored |= found.keys()

    async def changes(self) -> dict[str, Entry | None]:
        """Return what other tabs have made of the programs, by ID; None is one that is deleted."""
        found = await self._all()
        changes: dict[str, Entry | None] = {
            one.id: one for one in found.values() if self._is_newer(one)
        }
        gone = (self._stored & self.entries.keys()) - found.keys()
        return changes | dict.fromkeys(gone)

    def take(self, changes: dict[str, Entry | None]) -> None:
        """Take over what other tabs have made of the programs."""
        for program, entry in changes.items():
            if entry is None:
                self.entries.pop(program, None)
                self._stored.discard(program)
            else:
                self.entries[program] = entry
                self._stored.add(program)

    async def keep(self, entry: Entry) -> None:
        """Write a program."""
        await self._store.write("programs", asdict(entry))
        self._stored.add(entry.id)

    async def remove(self, entry: Entry) -> None:
        """Delete a program that is no longer among the entries."""
        self._removing.add(entry.id)
        try:
            await self._store.remove("programs", entry.id)
        finally:
            self._removing.discard(entry.id)

    async def last(self) -> str:
        """Return what was open last, an example or the ID of a program; empty if nothing was."""
        found = await self._store.read("settings", _OPEN)
        return "" if found is None else str(found["program"])

    async def remember(self, program: str) -> None:
        """Write what is open."""
        await self._store.write("settings", {"id": _OPEN, "program": program})

    async def _all(self) -> dict[str, Entry]:
        found = await self._store.read_all("programs")
        newest_first = sorted(found, key=lambda record: -record["changed"])
        return {record["id"]: Entry(**record) for record in newest_first}

    def _is_newer(self, found: Entry) -> bool:
        if found.id in self._removing:
            return False
        known = self.entries.get(found.id)
        return known is None or found.changed > known.changed

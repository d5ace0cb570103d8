"""What the page keeps in this browser between visits: records in IndexedDB, by kind.

`static/libraries/storage.js` is the other half.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

__all__ = ["Kind", "Record", "StorageProblem", "Store", "browser_store"]

# As `STORES` in storage.js.
Kind: TypeAlias = Literal["conversations", "personas", "programs", "settings"]

# A JSON object with an `id`, a string.
Record: TypeAlias = Mapping[str, Any]


class StorageProblem(Exception):  # noqa: N818 - shown to visitors
    """The browser could not keep or find a record, for example because it has no room left."""


class Store(Protocol):
    """Keeps records; all of its methods raise StorageProblem when the browser refuses."""

    async def read_all(self, kind: Kind) -> list[dict[str, Any]]:
        """Return all records of a kind, in the order of their IDs."""
        ...

    async def read(self, kind: Kind, record_id: str) -> dict[str, Any] | None:
        """Return one record; None if there is none."""
        ...

    async def read_summaries(self, kind: Kind, without: str) -> list[dict[str, Any]]:
        """Return all records of a kind without one of their fields, which may be long."""
        ...

    async def search(self, kind: Kind, words: str) -> list[str]:
        """Return the IDs of the records in which all of these words occur, in any case."""
        ...

    async def write(self, kind: Kind, record: Record) -> None:
        """Keep a record, in place of one with the same ID."""
        ...

    async def change(self, kind: Kind, changes: Record) -> bool:
        """Change some fields of the record with this ID, and return whether there is one.

        A list has records with IDs: those given replace the ones with their IDs or come last, and
        the others stay.
        """
        ...

    async def remove(self, kind: Kind, record_id: str) -> None:
        """Delete one record."""
        ...

    async def remove_all(self) -> None:
        """Delete all records of all kinds."""
        ...


class _BrowserStore:
    """The store over IndexedDB."""

    async def read_all(self, kind: Kind) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(await _call("readAll", kind))
        return found

    async def read(self, kind: Kind, record_id: str) -> dict[str, Any] | None:
        found = await _call("read", kind, record_id)
        return json.loads(found) if found else None

    async def read_summaries(self, kind: Kind, without: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(await _call("readSummaries", kind, without))
        return found

    async def search(self, kind: Kind, words: str) -> list[str]:
        found: list[str] = json.loads(await _call("search", kind, words))
        return found

    async def write(self, kind: Kind, record: Record) -> None:
        await _call("write", kind, json.dumps(record))

    async def change(self, kind: Kind, changes: Record) -> bool:
        return bool(json.loads(await _call("change", kind, json.dumps(changes))))

    async def remove(self, kind: Kind, record_id: str) -> None:
        await _call("remove", kind, record_id)

    async def remove_all(self) -> None:
        await _call("removeAll")


def browser_store() -> Store:
    """Return the store of this browser."""
    return _BrowserStore()


async def _call(name: str, *arguments: str) -> str:
    # Here, so that what keeps records can be tested without a browser.
    from .libraries import import_library  # noqa: PLC0415

    try:
        storage = await import_library("storage")
        found = await getattr(storage, name)(*arguments)
    except Exception as error:
        # A JsException of the browser: a full disk, a private window, a damaged database.
        raise StorageProblem(str(error)) from error
    return found or ""

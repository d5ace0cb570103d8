"""What the storage and the list as a whole show: values and texts, no DOM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from page.texts import text, text_of_count

from .amounts import size

if TYPE_CHECKING:
    from pywebllm.types import StorageInfo

__all__ = ["StorageBar", "status_of", "storage_bar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageBar:
    """The storage of this site as it is shown.

    Attributes:
        text: How much is used and left.
        ratio: The part that is used, 0 to 1.
        note: Whether the browser keeps the files.
        can_persist: True if the visitor can ask the browser to keep them.
        delete_label: The words on the button that deletes all models; empty hides it.
    """

    text: str
    ratio: float = 0.0
    note: str = ""
    can_persist: bool = False
    delete_label: str = ""


def status_of(shown: int, total: int, downloads: int) -> str:
    """Return the line above the list."""
    if shown == total:
        found = text_of_count("models.found", total)
    else:
        found = text("models.found.some", shown=shown, count=total)
    if downloads == 0:
        return found
    return f"{found} {text_of_count('models.running', downloads)}"


def storage_bar(storage: StorageInfo, stored: int, *, is_confirming: bool = False) -> StorageBar:
    """Return how the storage is shown.

    Args:
        storage: What the browser says.
        stored: The number of models with files.
        is_confirming: True while the visitor is asked whether to delete all models.
    """
    label = ""
    if stored > 0:
        label = text("models.delete.all.confirm" if is_confirming else "models.delete.all")
    if storage.used is None or storage.quota is None:
        return StorageBar(text=text("models.space.unknown"), delete_label=label)
    used, free = size(storage.used), size(storage.free or 0)
    return StorageBar(
        text=text("models.space.of", used=used, free=free),
        ratio=min(storage.used / storage.quota, 1.0) if storage.quota else 1.0,
        note=text("models.persisted" if storage.persisted else "models.not.persisted"),
        can_persist=not storage.persisted,
        delete_label=label,
    )

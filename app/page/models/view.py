"""What the models view shows: values and texts, no DOM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pywebllm import Support, WebLLMError

if TYPE_CHECKING:
    from pywebllm.types import CachedModel, DownloadProgress, ModelInfo, StorageInfo, Verification

__all__ = ["Action", "Entry", "Filters", "Row", "StorageBar", "row_of", "status_of", "storage_bar"]

Action: TypeAlias = Literal[
    "download", "pause", "continue", "repair", "delete", "confirm-delete", "keep"
]

# The words on the buttons.
ACTIONS: Mapping[Action, str] = {
    "download": "Download",
    "pause": "Pause",
    "continue": "Continue",
    "repair": "Check and repair",
    "delete": "Delete",
    "confirm-delete": "Delete its files",
    "keep": "Keep them",
}

_KINDS = {"language": "chat", "vision": "chat with images", "embedding": "embeddings"}
_FEATURES = {"shader-f16": "16-bit floats"}
_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "KB"))
_MINUTE = 60
_HOUR = 3600


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is known of one model.

    Attributes:
        id: Its ID.
        info: Its entry in the list of models; None for files of an unknown model.
        stored: What the browser has of it; None if nothing.
        progress: The latest progress while something is done with it.
        is_busy: True while it is downloaded or checked.
        is_confirming: True while the visitor is asked whether to delete it.
        error: Why the last download or check failed.
        found: What the last check found.
    """

    id: str
    info: ModelInfo | None = None
    stored: CachedModel | None = None
    progress: DownloadProgress | None = None
    is_busy: bool = False
    is_confirming: bool = False
    error: WebLLMError | None = None
    found: Verification | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model as it is shown.

    Attributes:
        id: Its ID, the heading.
        facts: Short facts, one line.
        note: Whether it runs here, one sentence; empty if that is not known.
        can_run: False if this machine cannot run it.
        status: What the browser has of it, or what is being done.
        ratio: Progress, 0 to 1; None if nothing is being done and nothing is incomplete.
        problem: What went wrong; may be empty.
        actions: The buttons, in order.
    """

    id: str
    facts: str
    note: str = ""
    can_run: bool = True
    status: str = ""
    ratio: float | None = None
    problem: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the visitor looks for.

    Attributes:
        text: Words that the ID must contain.
        kind: A kind of model; empty for all.
        runs_here: Only models that this machine can run.
        stored: Only models of which the browser has files.
    """

    text: str = ""
    kind: str = ""
    runs_here: bool = False
    stored: bool = False

    def match(self, entry: Entry, support: Support | None) -> bool:
        """Return True if the entry is to be shown."""
        info = entry.info
        kind = "language" if info is None else info.kind
        if self.stored and entry.stored is None and not entry.is_busy:
            return False
        if self.kind and kind != self.kind:
            return False
        if self.runs_here and not _can_run(info, support):
            return False
        return all(word in entry.id.lower() for word in self.text.lower().split())


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


def row_of(entry: Entry, support: Support | None) -> Row:
    """Return how a model is shown on this machine."""
    can_run = _can_run(entry.info, support)
    return Row(
        id=entry.id,
        facts=_facts(entry),
        note=_note(entry.info, support),
        can_run=can_run,
        status=_status(entry),
        ratio=_ratio(entry),
        problem=_problem(entry.error),
        actions=_actions(entry),
    )


def status_of(shown: int, total: int, downloads: int) -> str:
    """Return the line above the list."""
    found = f"{total} models" if shown == total else f"{shown} of {total} models"
    if downloads == 0:
        return f"{found}."
    return f"{found}. {downloads} download{'s' if downloads > 1 else ''} running or waiting."


def storage_bar(storage: StorageInfo, stored: int, *, is_confirming: bool = False) -> StorageBar:
    """Return how the storage is shown.

    Args:
        storage: What the browser says.
        stored: The number of models with files.
        is_confirming: True while the visitor is asked whether to delete all models.
    """
    label = "Delete all models" if stored > 0 else ""
    if is_confirming and label:
        label = "Press again to delete all models"
    if storage.used is None or storage.quota is None:
        text = "This browser does not say how much space it has."
        return StorageBar(text=text, delete_label=label)
    used, free = size(storage.used), size(storage.free or 0)
    note = (
        "The browser keeps these files until you delete them."
        if storage.persisted
        else "The browser may delete these files when the disk is full."
    )
    return StorageBar(
        text=f"{used} used, {free} free for this site.",
        ratio=min(storage.used / storage.quota, 1.0) if storage.quota else 1.0,
        note=note,
        can_persist=not storage.persisted,
        delete_label=label,
    )


def size(count: float) -> str:
    """Return a number of bytes in words."""
    for unit, name in _UNITS:
        if count >= unit:
            digits = 0 if name == "KB" or count >= 100 * unit else 1
            return f"{count / unit:.{digits}f} {name}"
    return f"{count:.0f} bytes"


def duration(seconds: float) -> str:
    """Return a time that is left in words."""
    if seconds < _MINUTE:
        return f"{max(round(seconds), 1)} s left"
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min left"
    return f"{seconds / _HOUR:.1f} h left"


def _facts(entry: Entry) -> str:
    info = entry.info
    if info is None:
        return "files of a model that is in no list"
    parts = [_KINDS[info.kind]]
    if info.owned_by == "pywebllm":
        parts.append("built in")
    if info.vram_required_mb is not None:
        parts.append(f"{size(info.vram_required_mb * 10**6)} of GPU memory")
    if info.context_window_size is not None:
        parts.append(f"context of {info.context_window_size:,} tokens")
    parts += [_FEATURES.get(name, name) for name in info.required_features]
    return " · ".join(parts)


def _missing(info: ModelInfo, support: Support) -> list[str]:
    lacking = [name for name in info.required_features if name not in support.features]
    return [_FEATURES.get(name, name) for name in lacking]


def _can_run(info: ModelInfo | None, support: Support | None) -> bool:
    if info is None or support is None:
        return True
    return support.ok and not _missing(info, support)


def _note(info: ModelInfo | None, support: Support | None) -> str:
    if info is None or support is None:
        return ""
    if not support.ok:
        return "Does not run here: " + (support.problem or "this browser cannot run models.")
    missing = _missing(info, support)
    if missing:
        return f"Does not run here: the GPU has no {' and no '.join(missing)}."
    return "Runs on this machine."


def _status(entry: Entry) -> str:
    progress, stored = entry.progress, entry.stored
    if entry.is_confirming and stored is not None:
        return f"Delete {size(stored.size)}? A later use downloads them again."
    if entry.is_busy:
        return "Starting…" if progress is None else _doing(progress)
    if entry.found is not None:
        return _findings(entry.found)
    if stored is None:
        return ""
    if stored.complete:
        return f"Stored: {size(stored.size)}."
    of = f" of {size(stored.total)}" if stored.total else ""
    return f"Incomplete: {size(stored.size)}{of} stored."


def _doing(progress: DownloadProgress) -> str:
    if progress.phase == "queued":
        return "Waiting for another download."
    # What it waits for, a server or another tab, is in the text.
    if ": waiting" in progress.text or ": trying" in progress.text:
        return progress.text + "."
    parts = [size(progress.received) + (f" of {size(progress.total)}" if progress.total else "")]
    if progress.phase == "check":
        return f"Checking: {parts[0]}."
    if progress.rate is not None:
        parts.append(f"{size(progress.rate)}/s")
    if progress.seconds_left is not None:
        parts.append(duration(progress.seconds_left))
    return " · ".join(parts)


def _findings(found: Verification) -> str:
    wrong = len(found.damaged) + len(found.missing)
    if wrong == 0:
        return f"All {found.files} files are as they should be: {size(found.size)}."
    files = "1 file was" if wrong == 1 else f"{wrong} files were"
    return f"{files} damaged or missing, and downloaded again."


def _ratio(entry: Entry) -> float | None:
    if entry.is_busy:
        return 0.0 if entry.progress is None else entry.progress.ratio
    stored = entry.stored
    if stored is None or stored.complete or not stored.total:
        return None
    return min(stored.size / stored.total, 1.0)


def _problem(error: WebLLMError | None) -> str:
    return "" if error is None else str(error)


def _actions(entry: Entry) -> tuple[Action, ...]:
    if entry.is_busy:
        return ("pause",)
    if entry.is_confirming:
        return ("confirm-delete", "keep")
    if entry.stored is None:
        return ("download",)
    if entry.info is None:
        return ("delete",)
    return ("repair", "delete") if entry.stored.complete else ("continue", "delete")

"""What the browser has of a model and what is being done with it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from page.texts import text, text_of_count

from .amounts import duration, size
from .entry import Entry

if TYPE_CHECKING:
    from pywebllm.types import CachedModel, DownloadProgress, Verification

__all__ = ["ratio_of", "status_words"]


def status_words(entry: Entry) -> str:
    """Return one line about the files of a model; may be empty."""
    progress, stored = entry.progress, entry.stored
    if entry.is_confirming:
        return _question(stored)
    if entry.is_busy:
        return text("models.begins") if progress is None else _doing(progress)
    if entry.found is not None:
        return _findings(entry.found)
    return "" if stored is None else _what_is_there(stored)


def _question(stored: CachedModel | None) -> str:
    if stored is None:
        return text("models.delete.own")
    return text("models.delete.question", size=size(stored.size))


def _what_is_there(stored: CachedModel) -> str:
    if stored.complete:
        return text("models.stored.all", size=size(stored.size))
    if stored.total:
        return text("models.stored.of", size=size(stored.size), total=size(stored.total))
    return text("models.stored.part", size=size(stored.size))


def _doing(progress: DownloadProgress) -> str:
    if progress.phase == "queued":
        return text("models.queued")
    # What it waits for, a server or another tab, is in the text.
    if ": waiting" in progress.text or ": trying" in progress.text:
        return progress.text + "."
    received = size(progress.received)
    if progress.total:
        received = text("models.received", size=received, total=size(progress.total))
    if progress.phase == "check":
        return text("models.checking", received=received)
    parts = [received]
    if progress.rate is not None:
        parts.append(text("models.rate", size=size(progress.rate)))
    if progress.seconds_left is not None:
        parts.append(duration(progress.seconds_left))
    return " · ".join(parts)


def _findings(found: Verification) -> str:
    wrong = len(found.damaged) + len(found.missing)
    if wrong == 0:
        return text("models.checked", count=found.files, size=size(found.size))
    return text_of_count("models.repaired", wrong)


def ratio_of(entry: Entry) -> float | None:
    """Return how much is done or there, 0 to 1; None if nothing is being done or incomplete."""
    if entry.is_busy:
        return 0.0 if entry.progress is None else entry.progress.ratio
    stored = entry.stored
    if stored is None or stored.complete or not stored.total:
        return None
    return min(stored.size / stored.total, 1.0)

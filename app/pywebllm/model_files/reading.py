"""From the JSON that the bridge sends about files to values.

Pure functions. Unknown keys are ignored; a missing one is an `EngineError`.
"""

from __future__ import annotations

from typing import Any

from pywebllm.types import CachedModel, DownloadProgress, StorageInfo, Verification
from pywebllm.wire import parsing

__all__ = [
    "read_cached",
    "read_persisted",
    "read_progress",
    "read_storage",
    "read_verification",
]

_PHASES = ("queued", "download", "check")


def read_cached(found: Any) -> tuple[CachedModel, ...]:
    """Read a list of stored models."""
    with parsing("a list of stored models", found):
        return tuple(
            CachedModel(
                id=str(model["id"]),
                size=int(model["size"]),
                complete=bool(model["complete"]),
                total=_maybe(model.get("total")),
                created=_maybe(model.get("time")),
                url=str(model["url"]),
                files=int(model["files"]),
            )
            for model in found
        )


def read_progress(model: str, found: Any) -> DownloadProgress:
    """Read the progress of work with the files of `model`."""
    with parsing("progress", found):
        phase = found["phase"]
        if phase not in _PHASES:
            raise ValueError(f"unknown phase: {phase!r}")
        rate = found.get("rate")
        return DownloadProgress(
            model=model,
            phase=phase,
            received=int(found["received"]),
            total=int(found["total"]) or None,
            rate=None if rate is None else float(rate),
            file=str(found["file"]),
            text=str(found["text"]),
        )


def read_verification(model: str, found: Any) -> Verification:
    """Read what a check of the files of `model` has found."""
    with parsing("the findings of a check", found):
        return Verification(
            id=model,
            files=int(found["files"]),
            size=int(found["bytes"]),
            damaged=tuple(map(str, found["damaged"])),
            missing=tuple(map(str, found["missing"])),
            repaired=bool(found["repaired"]),
        )


def read_storage(found: Any) -> StorageInfo:
    """Read a description of the storage."""
    with parsing("a description of the storage", found):
        return StorageInfo(
            used=_maybe(found.get("usage")),
            quota=_maybe(found.get("quota")),
            persisted=bool(found["persisted"]),
        )


def read_persisted(found: Any) -> bool:
    """Read whether the browser keeps the files."""
    with parsing("an answer about persistence", found):
        if not isinstance(found, bool):
            raise TypeError(f"must be true or false, got {found!r}")
        return found


def _maybe(found: Any) -> int | None:
    return None if found is None else int(found)

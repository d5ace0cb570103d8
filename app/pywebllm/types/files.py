"""The files of models in the browser's storage: what is there, downloads, checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .value import Value

__all__ = ["CachedModel", "DownloadProgress", "ModelDeleted", "StorageInfo", "Verification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedModel(Value):
    """A model of which the browser has files, complete or not.

    Attributes:
        id: The ID of the model; for files of an unknown model the URL of their folder.
        size: Bytes on disk, including those of files that are not complete.
        complete: True if a load need not download anything.
        total: Bytes of all its files, as far as their sizes are known; None if they are not.
        created: When its newest file was stored, a Unix timestamp in seconds; None if not known.
        url: The URL of its folder.
        files: The number of its files that are stored, complete or not.
        object: Always `model`.
    """

    id: str
    size: int
    complete: bool
    total: int | None = None
    created: int | None = None
    url: str = ""
    files: int = 0
    object: Literal["model"] = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgress(Value):
    """The progress of a download or a check.

    Attributes:
        model: The ID of the model.
        phase: `queued` (another download runs), `download`, or `check` (reading stored files).
        received: Bytes so far, including those that were stored before.
        total: Bytes of all files; None until it is known.
        rate: Bytes per second over the last seconds; None until it is known.
        file: The name of the file that is being received or read; may be empty.
        text: One line for users; says also what it waits for.
    """

    model: str
    phase: Literal["queued", "download", "check"]
    received: int
    total: int | None = None
    rate: float | None = None
    file: str = ""
    text: str = ""

    @property
    def ratio(self) -> float:
        """The part that is done, 0 to 1; 0 until the total is known."""
        return 0.0 if not self.total else min(self.received / self.total, 1.0)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at the present rate; None until it is known."""
        if self.total is None or not self.rate:
            return None
        return max(self.total - self.received, 0) / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Value):
    """What a check of a model's stored files has found.

    Attributes:
        id: The ID of the model.
        files: The number of files that were read.
        size: Their bytes.
        damaged: The names of files that were not as they should be.
        missing: The names of files that were not there.
        repaired: True if those were downloaded, and the model is complete now.
    """

    id: str
    files: int
    size: int
    damaged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    repaired: bool = False

    @property
    def ok(self) -> bool:
        """True if the model is complete and undamaged now."""
        return self.repaired or not (self.damaged or self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDeleted(Value):
    """The result of deleting a model's files, as in the OpenAI reference.

    Attributes:
        id: The ID of the model.
        size: The bytes that were deleted; files that another model uses stay.
        deleted: Always True.
        object: Always `model`.
    """

    id: str
    size: int
    deleted: bool = True
    object: Literal["model"] = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageInfo(Value):
    """The storage that the browser gives this site.

    Attributes:
        used: Bytes that this site uses, for models and everything else; None if not known.
        quota: Bytes that it may use, an estimate of the browser; None if not known.
        persisted: True if the browser keeps the files until the visitor deletes them; otherwise
            it may evict them when the disk is full.
    """

    used: int | None = None
    quota: int | None = None
    persisted: bool = False

    @property
    def free(self) -> int | None:
        """Bytes that this site may still use; None if not known."""
        if self.used is None or self.quota is None:
            return None
        return max(self.quota - self.used, 0)

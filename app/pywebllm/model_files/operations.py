"""What can be done with the files of models, over a pool of engines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pywebllm.engine.pool import Pool
from pywebllm.errors import EngineError
from pywebllm.events import check_plain
from pywebllm.records import Model, id_of
from pywebllm.request.checks import string
from pywebllm.types import (
    CachedModel,
    DownloadProgress,
    ModelDeleted,
    StorageInfo,
    Verification,
)

from .reading import read_cached, read_persisted, read_progress, read_storage, read_verification

__all__ = ["cached", "delete", "delete_all", "download", "persist", "storage", "verify"]

OnProgress = Callable[[DownloadProgress], object] | None


async def download(pool: Pool, model: Model, on_progress: OnProgress) -> CachedModel:
    """Download what is missing of a model; return it as it is stored then.

    Cancelled, the download stops, and what has arrived is kept.
    """
    target = pool.resolve(model)
    name, disposals = id_of(target), pool.disposals
    await pool.files.about("files.download", target, report=_reporting(name, on_progress))
    pool.check(disposals)
    for found in await cached(pool):
        if found.id == name:
            return found
    raise EngineError(f"{name} was downloaded, and its files are not there")


async def verify(
    pool: Pool, model: Model, on_progress: OnProgress, *, repair: bool
) -> Verification:
    """Read all stored files of a model; download those that are damaged or missing.

    Cancelled, the work stops, and can be begun again.
    """
    target = pool.resolve(model)
    name = id_of(target)
    report = _reporting(name, on_progress)
    found = await pool.files.about("files.verify", target, report=report, repair=repair)
    return read_verification(name, found)


async def cached(pool: Pool) -> tuple[CachedModel, ...]:
    """Return the models of which files are stored. Cancellation has no side effects."""
    return read_cached(await pool.files.ask("files.cached", records=pool.records))


async def delete(pool: Pool, model: object) -> ModelDeleted:
    """Delete the files of the model with this id. Cancelled, they may be deleted nevertheless."""
    string("model", model)
    deleted = await pool.files.ask("files.delete", records=pool.records, id=model)
    (found,) = read_cached(deleted)
    return _deleted(found)


async def delete_all(pool: Pool) -> tuple[ModelDeleted, ...]:
    """Delete the files of all models. Cancelled, they may be deleted nevertheless."""
    deleted = await pool.files.ask("files.delete", records=pool.records)
    return tuple(map(_deleted, read_cached(deleted)))


async def storage(pool: Pool) -> StorageInfo:
    """Return the storage of this site. Cancellation has no side effects."""
    return read_storage(await pool.files.ask("files.storage"))


async def persist(pool: Pool) -> bool:
    """Ask the browser to keep the files; return whether it does. Cancellation changes nothing."""
    return read_persisted(await pool.files.ask("files.persist"))


def _deleted(model: CachedModel) -> ModelDeleted:
    return ModelDeleted(id=model.id, size=model.size)


def _reporting(model: str, on_progress: OnProgress) -> Callable[[Any], object]:
    if on_progress is None:
        return partial(read_progress, model)
    check_plain("on_progress", on_progress)
    return lambda found: on_progress(read_progress(model, found))

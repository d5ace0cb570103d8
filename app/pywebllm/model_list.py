"""The models that a request can name: the built-in one, custom records, WebLLM's list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from .builtin import BUILTIN_CONTEXT_WINDOW, BUILTIN_MODEL
from .records import ModelRecord
from .types import ModelInfo

__all__ = ["list_models"]

# Kinds by WebLLM's `ModelType`; all others are language models.
_KINDS: Mapping[int, Literal["embedding", "vision"]] = MappingProxyType(
    {1: "embedding", 2: "vision"}
)


def list_models(
    known: Iterable[ModelInfo], *, records: Iterable[ModelRecord], loaded: Collection[str]
) -> tuple[ModelInfo, ...]:
    """Return the built-in model, then `records`, then `known`; each id once.

    If several have the same id, the first one is returned, as in a request.

    Args:
        known: The models of WebLLM's list.
        records: Custom records.
        loaded: The ids of the models that are loaded; `loaded` of these is True.
    """
    listed = tuple(known)
    found: dict[str, ModelInfo] = {}
    builtin = ModelInfo(
        id=BUILTIN_MODEL, owned_by="pywebllm", context_window_size=BUILTIN_CONTEXT_WINDOW
    )
    own = (_judged(model, listed) for model in (builtin, *map(_info_of, records)))
    for model in (*own, *listed):
        found.setdefault(model.id, replace(model, loaded=model.id in loaded))
    return tuple(found.values())


def _judged(model: ModelInfo, listed: Iterable[ModelInfo]) -> ModelInfo:
    """Return a model with what the GPU lacks of its needs, by what it lacks for the listed ones."""
    known = [it for it in listed if it.runnable is not None]
    if not known:
        return model
    lacks = {name for it in known for name in it.lacking}
    needs = {"webgpu", *model.required_features}
    lacking = tuple(sorted(lacks & needs))
    return replace(model, runnable=not lacking, lacking=lacking)


def _info_of(record: ModelRecord) -> ModelInfo:
    window = (record.overrides or {}).get("context_window_size")
    return ModelInfo(
        id=record.model_id,
        owned_by="user",
        kind=_KINDS.get(record.model_type or 0, "language"),
        vram_required_mb=record.vram_required_mb,
        context_window_size=window if isinstance(window, int) else None,
        required_features=record.required_features or (),
    )

"""Requests of a model that someone else loads."""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.engine.engine import Engine, Kind
from pywebllm.engine.streams import EngineStream
from pywebllm.records import Model, ModelRecord

__all__ = ["LoadedModel"]


class LoadedModel:
    """Makes requests of the service's model, and only while it is loaded.

    Loading is what `initialize` is for, which tells how it goes.
    """

    def __init__(self, engine: Engine, model: str | ModelRecord | None) -> None:
        self._engine = engine
        self._model = model

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None
    ) -> EngineStream:
        """Return what a request brings; the service's model answers, whatever `model` says."""
        return self._engine.stream(kind, body, model=self._model, loads=False)

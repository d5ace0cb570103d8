"""The chunks of one request, which share their `id`, `created` and `model`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from pywebllm.ids import new_id
from pywebllm.types import Usage

__all__ = ["ChunkFactory"]

ChunkT = TypeVar("ChunkT")


class ChunkFactory(Generic[ChunkT]):
    """Makes the chunks of one request.

    Their ID is generated here, because the choices of one request are several requests to the
    engine.

    Args:
        chunk_type: The class of the chunks.
        id_prefix: The beginning of their ID, for example `chatcmpl`.
    """

    def __init__(self, chunk_type: Callable[..., ChunkT], *, id_prefix: str) -> None:
        self._chunk_type = chunk_type
        self._id = new_id(f"{id_prefix}-")
        self._created = int(time.time())
        self._model = ""

    def set_model(self, model: str) -> None:
        """Set the model's ID for all further chunks, unless it is known already."""
        self._model = self._model or model

    def chunk(self, *choices: object, usage: Usage | None = None) -> ChunkT:
        """Return a chunk with these choices."""
        return self._chunk_type(
            id=self._id, created=self._created, model=self._model, choices=choices, usage=usage
        )

"""What requests mean by a model: an id, a custom record, a name without a build, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from pywebllm import wire
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.echo import shown
from pywebllm.errors import InvalidRequestError, ModelNotFoundError
from pywebllm.records import Model, ModelRecord

from .records import records_by_id
from .variants import Variants

__all__ = ["Names"]


class Names:
    """The models that requests can name; the arguments are those of `Pool`.

    Raises:
        InvalidRequestError: An argument is invalid, or two models have the same id.
    """

    def __init__(self, model: Model, records: Iterable[ModelRecord | Mapping[str, Any]]) -> None:
        self._records = records_by_id(records)
        self._variants = Variants()
        default = self._named(model)
        self.remember(default)
        self._default = None if default == BUILTIN_MODEL else default

    @property
    def default(self) -> str | ModelRecord | None:
        """The model of requests that name none; None is the built-in one."""
        return self._default

    @property
    def records(self) -> tuple[ModelRecord, ...]:
        """The custom records."""
        return tuple(self._records.values())

    def register(self, record: ModelRecord | Mapping[str, Any]) -> None:
        """Add a custom record; see `Pool.register`."""
        self._records = records_by_id([*self._records.values(), record])

    def unregister(self, model: str) -> None:
        """Remove a custom record; see `Pool.unregister`."""
        if isinstance(self._default, ModelRecord) and self._default.model_id == model:
            raise InvalidRequestError(f"{shown(model)} is the client's default model")
        self._records.pop(model, None)

    def resolve(self, model: Model) -> str | ModelRecord | None:
        """Return what a request means by `model`; see `Pool.resolve`."""
        found = self._variants.known(self._default if model is None else self._named(model))
        if model is None:
            return found
        self._check_id(found)
        return None if found == BUILTIN_MODEL and self._default is None else found

    def remember(self, model: str | ModelRecord | None) -> None:
        """Let requests name a record that came with one.

        Raises:
            InvalidRequestError: Another model has its id.
        """
        self._check_id(model)
        if isinstance(model, ModelRecord):
            self._records[model.model_id] = model

    async def find(
        self,
        model: str | ModelRecord | None,
        error: ModelNotFoundError,
        *,
        query: Callable[[Mapping[str, object]], Awaitable[Any]],
    ) -> str:
        """Return the build that is meant by the name of a model that was not found.

        Cancelled, nothing is left open. The arguments and errors are those of `Variants.find`.
        """
        return await self._variants.find(model, error, query=query, known=self._records)

    def _named(self, model: Model) -> str | ModelRecord | None:
        found = wire.read_model(model)
        return self._records.get(found, found) if isinstance(found, str) else found

    def _check_id(self, model: str | ModelRecord | None) -> None:
        if isinstance(model, ModelRecord):
            records_by_id([*self._records.values(), model])

"""Base classes of objects that leaving a `with` or `async with` block closes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["AsyncClosing", "Closing"]


class Closing(ABC):
    """An object that leaving `with` closes, by `_leave`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave(error)

    @abstractmethod
    def _leave(self, error: BaseException | None) -> None: ...


class AsyncClosing(ABC):
    """An object that leaving `async with` closes, by `_leave`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._leave()

    @abstractmethod
    async def _leave(self) -> None: ...

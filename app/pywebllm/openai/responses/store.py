"""The latest responses, which a request continues by their ID. They are gone with the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pywebllm.request.checks import refuse_value, string

from .items import Event

__all__ = ["ResponseStore"]

Item: TypeAlias = Mapping[str, Any]

_MOST = 100


class ResponseStore:
    """Keeps responses with `store`, the latest 100 of them, in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Event, tuple[Item, ...]]] = {}

    def keep(self, response: Event, items: Sequence[Item]) -> None:
        """Keep a response, and the items that led to it."""
        self._kept[response["id"]] = response, (*items, *response["output"])
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

    def get(self, response_id: str) -> Event | None:
        """Return a response; None if it is not kept."""
        found = self._kept.get(response_id)
        return None if found is None else found[0]

    def delete(self, response_id: str) -> bool:
        """Forget a response; return whether it was kept."""
        return self._kept.pop(response_id, None) is not None

    def items(self, response_id: object) -> tuple[Item, ...]:
        """Return the items of the conversation up to the end of a response.

        Raises:
            InvalidRequestError: It is not kept.
        """
        path = "previous_response_id"
        if string(path, response_id) not in self._kept:
            why = f"the page keeps the latest {_MOST} with `store`, until it is closed"
            refuse_value(path, "the ID of a stored response", response_id, why=why)
        return self._kept[str(response_id)][1]

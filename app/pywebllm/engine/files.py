"""Queries about the files of models, through a bridge that never loads one.

A bridge of its own, because `unload` frees a model with everything that its bridge runs, and a
download may well be of another model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from pywebllm import wire
from pywebllm.bridge import Bridge, Stream
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import DisposedError, EngineError, WebLLMError
from pywebllm.records import ModelRecord, WllamaRecord, engine_of
from pywebllm.values import EngineChoice

from .connection import Connection

__all__ = ["ModelFiles"]


class ModelFiles:
    """Asks the bridge about the files of models, and lets it download and check them.

    Args:
        open_bridge: Opens a bridge; called when one is first needed, and again after `release`.
    """

    def __init__(self, open_bridge: Callable[[], Awaitable[Bridge]]) -> None:
        self._connection = Connection(open_bridge, on_loss=self._on_loss)

    async def about(
        self,
        kind: str,
        model: str | ModelRecord | None,
        *,
        report: Callable[[Any], object],
        **fields: object,
    ) -> Any:
        """Return the result of a query about one model; pass each progress to `report`.

        Args:
            kind: The kind of query, see `bridge/downloads/requests.js`.
            model: The model; None is the built-in one.
            report: Called with each progress as the bridge sends it. An exception ends the work.
            fields: Further fields of the query.

        Cancelled, the work stops; what has been downloaded is kept.

        Raises:
            WebLLMError: The query failed.
        """
        bridge = await self._open()
        if model == BUILTIN_MODEL:
            model = None  # WebLLM's list does not contain it
        found = model if isinstance(model, str) else await bridge.locate(model)
        return await _result(bridge, wire.files_request(kind, fields, model=found), report)

    async def ask(self, kind: str, *, records: Iterable[ModelRecord] = (), **fields: object) -> Any:
        """Return the result of a query that is not about one model.

        Args:
            kind: The kind of query, see `bridge/downloads/requests.js`.
            records: Custom records, to find the models of files.
            fields: Further fields of the query.

        Cancelled, nothing is left open.

        Raises:
            WebLLMError: The query failed.
        """
        bridge = await self._open()
        absolute = [await bridge.locate(record) for record in records]
        return await _result(bridge, wire.files_request(kind, fields, records=absolute), _ignore)

    async def open_query(
        self, request: Mapping[str, Any], *, lent: Any, model: str | ModelRecord | None
    ) -> Stream:
        """Return the stream of a query of another context, see `relay`.

        Args:
            request: The query.
            lent: What stands in it for the model of the client that lends its models.
            model: That model; None is the built-in one.

        Cancelled, nothing is left open.

        Raises:
            WebLLMError: There is no bridge.
        """
        bridge = await self._open()
        if request.get("model") != lent:
            return bridge.query(wire.query_request(request))
        found = model if isinstance(model, str) else await bridge.locate(model)
        fields = {k: v for k, v in request.items() if k not in ("kind", "model", "records")}
        return bridge.query(wire.files_request(request["kind"], fields, model=found))

    async def engine_of(self, model: str | ModelRecord | None) -> EngineChoice:
        """Return the engine that runs a model here, see `relay`.

        Cancelled, nothing is left open.

        Raises:
            WebLLMError: There is no bridge.
        """
        bridge = await self._open()
        found = model if isinstance(model, str) else await bridge.locate(model)
        reason = found.reason if isinstance(found, WllamaRecord) else ""
        return EngineChoice(engine=engine_of(found), reason=reason)

    def release(self) -> asyncio.Task[None]:
        """End all downloads and checks at once; return the task that ends when they have ended."""
        return self._connection.dispose()

    async def _open(self) -> Bridge:
        return await self._connection.open(self._connection.disposals)

    def _on_loss(self, bridge: Bridge, error: WebLLMError) -> None:
        if isinstance(error, DisposedError) and self._connection.is_open(bridge):
            self._connection.forget()  # disposed elsewhere: the next query opens another


async def _result(bridge: Bridge, request: str, report: Callable[[Any], object]) -> Any:
    stream = bridge.query(request)
    try:
        while (text := await stream.next()) is not None:
            item = wire.read_result(text)
            with wire.parsing("an item of a query about files", item):
                is_last = "result" in item
                found = item["result"] if is_last else item["progress"]
            if is_last:
                return found
            report(found)
    finally:
        stream.stop()
    raise EngineError("the bridge returned no result")


def _ignore(progress: Any) -> None:
    pass

"""Lends the models of a client to another context, such as a worker with Python of its own.

`relayed` is the other side, and has the messages between the two.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from . import wire
from .browser import message_port
from .client import AsyncWebLLM
from .errors import EngineError, WebLLMError
from .records import Model
from .rejections import name_for
from .relayed import LENDERS_MODEL, Port, borrow_from, support_fields

__all__ = ["Lending", "borrow_models", "lend_models"]

_logger = logging.getLogger("pywebllm")

_LENT = json.loads(wire.load_request(LENDERS_MODEL))["model"]


def lend_models(
    llm: AsyncWebLLM, port: Any, *, model: Callable[[], Model] | None = None
) -> Lending:
    """Let Python in another context use the models of a client.

    Its requests are queued with those of the client, and load a model as those do.

    Args:
        llm: The client.
        port: Where the other context calls `borrow_models`: its `Worker`, or a `MessagePort`.
        model: Returns the model of requests that name none; None: the client's default.
    """
    return Lending(llm, _port(port), model=model)


def borrow_models(port: Any) -> None:
    """Let all clients that are created in this Python from now on use the models of another one.

    Args:
        port: Where the other context calls `lend_models`: a `MessagePort`, or in a worker
            `js.globalThis`.
    """
    borrow_from(_port(port))


class Lending:
    """Answers what another context asks; `lend_models` makes it."""

    def __init__(
        self, llm: AsyncWebLLM, port: Port, *, model: Callable[[], Model] | None = None
    ) -> None:
        self._llm = llm
        self._pool = llm._pool
        self._port = port
        self._model = model
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._is_closed = False
        port.listen(self._receive)

    def close(self) -> None:
        """Stop everything that runs for the other context, whose requests fail from now on.

        May be called again.
        """
        if not self._is_closed:
            self._is_closed = True
            self._post({"closed": True})
        self._port.close()
        for task in self._tasks.values():
            task.cancel()

    def _receive(self, text: str) -> None:
        message = json.loads(text)
        if "stop" in message:
            task = self._tasks.get(message["stop"])
            if task is not None:
                task.cancel()
        elif "open" in message:
            number = message["open"]
            self._tasks[number] = asyncio.ensure_future(self._serve(number, message))
            self._tasks[number].add_done_callback(lambda _task: self._tasks.pop(number, None))

    async def _serve(self, number: int, message: Mapping[str, Any]) -> None:
        methods = {
            "load": self._load,
            "generate": self._generate,
            "query": self._query,
            "locate": self._locate,
            "support": self._support,
        }
        outcome: dict[str, object] = {"end": True}
        try:
            await methods[message["method"]](number, message)
        except WebLLMError as error:
            outcome = {"error": _described(error)}
        except Exception as error:
            # Whatever it is: the other side must not wait without end.
            _logger.exception("A request of another context failed")
            outcome = {"error": _described(EngineError(f"{type(error).__name__}: {error}"))}
        self._post({"id": number, **outcome})

    async def _load(self, number: int, message: Mapping[str, Any]) -> None:
        model = self._named(json.loads(message["request"])["model"])
        await self._pool.load(
            model, on_progress=lambda progress: self._text(number, asdict(progress))
        )

    async def _generate(self, number: int, message: Mapping[str, Any]) -> None:
        request = json.loads(message["request"])
        model = self._named(message["model"])
        stream = self._pool.stream(request["kind"], request["request"], model=model)
        try:
            async for chunk in stream:
                self._text(number, [chunk])
        finally:
            stream.close()

    async def _query(self, number: int, message: Mapping[str, Any]) -> None:
        request, model = json.loads(message["request"]), self._pool.resolve(self._named(_LENT))
        stream = await self._pool.files.open_query(request, lent=_LENT, model=model)
        try:
            while (text := await stream.next()) is not None:
                self._post({"id": number, "text": text})
        finally:
            stream.stop()

    async def _locate(self, number: int, message: Mapping[str, Any]) -> None:
        model = self._pool.resolve(self._named(json.loads(message["request"])["model"]))
        self._text(number, asdict(await self._pool.files.engine_of(model)))

    async def _support(self, number: int, _message: Mapping[str, Any]) -> None:
        self._text(number, support_fields(await self._llm.check_support()))

    def _named(self, model: Any) -> Model:
        if model != _LENT:
            named: Model = model
            return named
        return None if self._model is None else self._model()

    def _text(self, number: int, value: object) -> None:
        self._post({"id": number, "text": json.dumps(value)})

    def _post(self, message: Mapping[str, object]) -> None:
        self._port.post(json.dumps(message))


def _described(error: WebLLMError) -> dict[str, str | None]:
    return {"name": name_for(error), "problem": error.problem, "advice": error.advice}


def _port(port: Any) -> Port:
    is_port = all(hasattr(port, name) for name in ("post", "listen", "close"))
    return port if is_port else message_port(port)

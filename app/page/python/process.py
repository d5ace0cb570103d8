"""The worker with the Python of the visitor's programs, to which the page lends its models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import js
from pyodide.ffi import create_proxy, to_js
from pywebllm import AsyncWebLLM, Lending, lend_models

from page.texts import text

__all__ = ["WorkerProcess"]

_SCRIPT = "python/worker.js"

# SIGINT, as Pyodide reads it.
_INTERRUPT = 2


class WorkerProcess:
    """A module worker, see static/python/worker.js.

    Args:
        llm: The client whose models the programs use.
        model: Returns the model of programs that name none; None is the built-in one.
    """

    def __init__(self, llm: AsyncWebLLM, model: Callable[[], str | None]) -> None:
        self._llm = llm
        self._model = model
        self._worker: Any = None
        self._lending: Lending | None = None
        self._proxies: list[Any] = []
        # Shared memory needs a page that is isolated from other origins.
        self._signal: Any = None
        if js.globalThis.crossOriginIsolated:
            self._signal = js.Uint8Array.new(js.SharedArrayBuffer.new(1))

    @property
    def can_interrupt(self) -> bool:
        """True in a page that is isolated from other origins."""
        return self._signal is not None

    def start(self, on_message: Callable[[str], object]) -> None:
        """Start it; call `on_message` with each of its messages, JSON strings."""
        address = js.URL.new(_SCRIPT, js.document.baseURI).href
        options = js.Object.fromEntries([["type", "module"], ["name", "program"]])
        self._worker = js.Worker.new(address, options)
        self._listen("message", lambda event: on_message(event.data))
        self._listen("error", lambda event: on_message(_failure(event)))
        channel = js.MessageChannel.new()
        self._lending = lend_models(self._llm, channel.port1, model=self._model)
        message = js.Object.fromEntries([["start", channel.port2], ["interrupt", self._signal]])
        self._worker.postMessage(message, to_js([channel.port2]))

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message."""
        self._worker.postMessage(js.JSON.parse(json.dumps(message)))

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the program, wherever it is."""
        self._signal[0] = _INTERRUPT

    def end(self) -> None:
        """End the worker, and what the page's model does for it."""
        self._worker.terminate()
        if self._lending is not None:
            self._lending.close()
        for proxy in self._proxies:
            proxy.destroy()
        self._proxies = []

    def _listen(self, name: str, handler: Callable[[Any], object]) -> None:
        proxy = create_proxy(handler)
        self._proxies.append(proxy)
        self._worker.addEventListener(name, proxy)


def _failure(event: Any) -> str:
    event.preventDefault()
    return json.dumps({"failed": event.message or text("python.worker.failed")})

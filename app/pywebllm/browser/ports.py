"""Ports of JavaScript, for the Python of another context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pywebllm.relayed import Port

from . import host

__all__ = ["message_port"]


def message_port(port: Any) -> Port:
    """Return a JavaScript object that posts messages as a `Port`.

    Args:
        port: A `MessagePort`, a `Worker`, or the global object of a dedicated worker.
    """
    return JsPort(port)


class JsPort:
    """A port of JavaScript; only strings cross."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._proxies: list[Any] = []

    def post(self, text: str) -> None:
        self._port.postMessage(text)

    def listen(self, handler: Callable[[str], object]) -> None:
        proxy = host.ffi.create_proxy(lambda event: handler(str(event.data)))
        self._proxies.append(proxy)
        self._port.addEventListener("message", proxy)
        if hasattr(self._port, "start"):  # a MessagePort keeps its messages until then
            self._port.start()

    def close(self) -> None:
        proxies, self._proxies = self._proxies, []
        for proxy in proxies:
            self._port.removeEventListener("message", proxy)
            proxy.destroy()

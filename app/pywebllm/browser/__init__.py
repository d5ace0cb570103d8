"""The border to JavaScript: the only package of the library that imports `js` and `pyodide`.

It implements the Protocols of `bridge` over `webllm_bridge.js`, locates that file, and publishes
the files in the wheel to the browser. Only JSON strings, `None` and two methods cross, never a
Python callable; a rejected promise becomes a `WebLLMError` here. On CPython the package can be
imported, and its functions raise `SupportError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

from .opening import check_support, open_bridge

if TYPE_CHECKING:
    from .obstacles import Obstacle, obstacle_to
    from .opening import browser_model_state, open_browser_model
    from .ports import message_port
    from .suspending import run_sync

__all__ = [
    "Obstacle",
    "browser_model_state",
    "check_support",
    "message_port",
    "obstacle_to",
    "open_bridge",
    "open_browser_model",
    "run_sync",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "Obstacle": ".obstacles",
        "browser_model_state": ".opening",
        "message_port": ".ports",
        "obstacle_to": ".obstacles",
        "open_browser_model": ".opening",
        "run_sync": ".suspending",
    },
)

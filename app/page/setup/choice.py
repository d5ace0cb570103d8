"""Which model the visitor chose, kept in the browser's local storage.

There, since `static/start/engine.js` reads it as soon as the page begins.
"""

from __future__ import annotations

import js
from pyodide.ffi import JsException

__all__ = ["keep_choice", "read_choice"]

# As in static/start/engine.js.
_KEY = "pywebllm-model"


def read_choice() -> str | None:
    """Return the ID of the model that was chosen last; None is the built-in one."""
    try:
        return js.localStorage.getItem(_KEY) or None
    except JsException:  # the visitor has turned storage off
        return None


def keep_choice(model: str | None) -> None:
    """Keep which model was chosen; None is the built-in one."""
    try:
        if model is None:
            js.localStorage.removeItem(_KEY)
        else:
            js.localStorage.setItem(_KEY, model)
    except JsException:  # it is used all the same, during this visit
        pass

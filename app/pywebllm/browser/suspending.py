"""Waiting without `await`, by JavaScript Promise Integration."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TypeVar

from pywebllm.errors import SupportError

from . import host

__all__ = ["run_sync"]

T = TypeVar("T")


def run_sync(awaitable: Awaitable[T]) -> T:
    """Wait for `awaitable` without `await` and return its result; the page stays responsive.

    It needs JavaScript Promise Integration (JSPI): a browser that has it, and Python code that
    was started in a way that can be suspended.

    Raises:
        SupportError: One of the two is missing, or Python does not run in a browser; nothing
            was started.
        BaseException: Whatever `awaitable` raises.
    """
    try:
        _require_suspension()
    except SupportError:
        if inspect.iscoroutine(awaitable):
            awaitable.close()  # Python warns of a coroutine that is never awaited
        raise
    found: T = host.ffi.run_sync(awaitable)
    return found


def _require_suspension() -> None:
    host.require_browser()
    if not hasattr(host.ffi, "can_run_sync"):  # before 0.26
        raise host.unsupported("old-pyodide")
    if not hasattr(host.js.WebAssembly, "Suspending"):
        raise host.unsupported("no-jspi")
    if not host.ffi.can_run_sync():
        raise host.unsupported("no-suspension")

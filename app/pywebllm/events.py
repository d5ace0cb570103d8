"""Events: a list of plain functions that are called with each new value."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from .echo import shown

__all__ = ["Event", "check_plain"]

T = TypeVar("T")

_logger = logging.getLogger("pywebllm")


def check_plain(what: str, callback: object) -> None:
    """Check that `callback` is a plain function; `what` names it in the error.

    Raises:
        TypeError: `callback` is not a function, or is a coroutine function, whose result would
            never be awaited.
    """
    if not callable(callback):
        raise TypeError(f"{what} must be a function, got {shown(callback)}")
    if inspect.iscoroutinefunction(callback):
        raise TypeError(
            f"{what} must be a plain function, got the coroutine function"
            f" {shown(callback)};"
            " start a task in a plain function instead"
        )


class Event(Generic[T]):
    """A list of subscribers that are called with each new value.

    Subscribers are called in the order in which they subscribed. An exception of one is logged
    and does not affect the others. Subscribing and unsubscribing are safe at any time, also in a
    subscriber: a new one is called from the next value on, a removed one is not called again.
    """

    def __init__(self) -> None:
        # A unique key for each subscription, so that one function may subscribe twice.
        self._subscribers: dict[object, Callable[[T], object]] = {}

    def subscribe(self, callback: Callable[[T], object]) -> Callable[[], None]:
        """Call `callback` with each new value; return a function that ends this subscription.

        The returned function may be called more than once. What `callback` returns is ignored.

        Raises:
            TypeError: `callback` is not a function, or is a coroutine function; start a task in a
                plain function instead.
        """
        check_plain("a subscriber", callback)
        key = object()
        self._subscribers[key] = callback
        return lambda: self._remove(key)

    def unsubscribe(self, callback: Callable[[T], object]) -> None:
        """End the latest subscription of `callback`; do nothing if there is none."""
        for key, subscriber in reversed(self._subscribers.items()):
            # Equal, not identical: each access to a bound method creates a new object.
            if subscriber == callback:
                return self._remove(key)
        return None

    def emit(self, value: T) -> None:
        """Call every subscriber with `value`; for the owner of the event."""
        for key, subscriber in tuple(self._subscribers.items()):
            if key not in self._subscribers:
                continue
            try:
                subscriber(value)
            except Exception:
                # The caller's code: its exceptions must not reach the engine or other subscribers.
                _logger.exception("A subscriber raised: %r", subscriber)

    def _remove(self, key: object) -> None:
        self._subscribers.pop(key, None)

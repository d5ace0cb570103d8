"""From keyword arguments to the body of a request, and how long its answer may take."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pywebllm.errors import InvalidRequestError
from pywebllm.request.checks import refuse
from pywebllm.request.table import merged

__all__ = ["one_answer_body", "read_timeout", "request_body"]


def request_body(parameters: Mapping[str, object], **more: object) -> dict[str, object]:
    """Return what goes to the core: what was given, `more` on top, without `timeout`."""
    given = {**parameters, **more}
    return {name: it for name, it in given.items() if it is not None and name != "timeout"}


def one_answer_body(
    parameters: Mapping[str, object], *, refused: Mapping[str, str]
) -> dict[str, object]:
    """Return what goes to the core from a method that deals with one whole answer by itself.

    `extra_body` is part of it. `refused` says of each parameter that the method does not take
    why that is so.

    Raises:
        InvalidRequestError: One of these is given, or `n` is not 1.
    """
    body = merged(request_body(parameters))
    for name, why in refused.items():
        if body.get(name) is not None:
            refuse(name, f"cannot be had here: {why}")
    if body.get("n") not in (None, 1):
        refuse("n", f"is 1, for there is one answer here, got {body['n']!r}")
    return body


def read_timeout(seconds: object, default: float | None = None) -> float | None:
    """Return how many seconds to wait, None for ever; `seconds` None takes the default.

    Raises:
        InvalidRequestError: It is no number above 0.
    """
    if seconds is None:
        return default
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise InvalidRequestError(
            f"timeout is a number of seconds above 0, got {seconds!r}", param="timeout"
        )
    # A browser takes a timer of infinite length for one that is over at once.
    return None if math.isinf(seconds) else float(seconds)

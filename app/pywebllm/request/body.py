"""From keyword arguments to the body of a request."""

from __future__ import annotations

from collections.abc import Mapping

from .checks import refuse, refuse_value
from .table import merged

__all__ = ["one_answer_body", "request_body"]


def request_body(parameters: Mapping[str, object], **more: object) -> dict[str, object]:
    """Return the parameters that were given, overridden by `more`, without `timeout`."""
    given = {**parameters, **more}
    return {name: it for name, it in given.items() if it is not None and name != "timeout"}


def one_answer_body(
    parameters: Mapping[str, object], *, refused: Mapping[str, str]
) -> dict[str, object]:
    """Return the body for a method that processes one whole answer, `extra_body` merged into it.

    Args:
        parameters: The keyword arguments of the method.
        refused: The parameters that the method does not take, and why.

    Raises:
        InvalidRequestError: One of these is given, or `n` is not 1.
    """
    body = merged(request_body(parameters))
    for name, why in refused.items():
        if body.get(name) is not None:
            refuse(name, f"is not supported here: {why}")
    if body.get("n") not in (None, 1):
        refuse_value("n", "1", body["n"], why="this method returns one answer")
    return body

"""A table of parameters: which are honored or refused, and how to read a request by it.

Each endpoint has its own table; `common` holds the parameters they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .checks import Check, closest, mapping, plain, refuse, refuse_value, shown

__all__ = [
    "Parameter",
    "Table",
    "honored",
    "merged",
    "no_effect",
    "only",
    "read_parameters",
    "refused",
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """How a parameter is treated.

    Attributes:
        how: `honored`; `no effect`, if it only concerns OpenAI's servers; or `refused`.
        check: Returns the value to use, or None for one that has no effect; raises for a wrong one.
        why: Why it has no effect or is refused.
    """

    how: Literal["honored", "no effect", "refused"]
    check: Check
    why: str = ""


Table: TypeAlias = Mapping[str, Parameter]


def honored(check: Check) -> Parameter:
    """Return the entry of a parameter that is used as `check` returns it."""
    return Parameter("honored", check)


def no_effect(check: Check, why: str) -> Parameter:
    """Return the entry of a parameter that is checked and then ignored."""
    return Parameter("no effect", check, why)


def refused(why: str, *, off: tuple[float, ...] = ()) -> Parameter:
    """Return the entry of a parameter that is refused, except with the numbers that turn it off."""

    def check(path: str, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool) and value in off:
            return None
        refuse(path, f"is not supported: {why}")

    return Parameter("refused", check, why)


def only(*, allowed: object, why: str) -> Parameter:
    """Return the entry of a parameter that has no effect and must have this one value."""

    def check(path: str, value: object) -> object:
        if plain(value, path) != allowed or isinstance(value, bool) != isinstance(allowed, bool):
            refuse_value(path, repr(allowed), value, why=why)
        return value

    return no_effect(check, why)


def read_parameters(body: Mapping[str, object], table: Table) -> dict[str, object]:
    """Return the parameters of a request that are given and have an effect, each checked.

    `extra_body` is merged into the request, as in the official SDK.

    Args:
        body: The request; None stands for "not given".
        table: The parameters of the endpoint.

    Raises:
        InvalidRequestError: A parameter is unknown, refused or out of range.
    """
    values: dict[str, object] = {}
    for name, value in merged(body).items():
        if value is None:
            continue
        if name not in table:
            refuse(
                name if isinstance(name, str) else shown(name),
                f"is not a known parameter.{closest(name, table)}",
            )
        checked = table[name].check(name, value)
        if checked is not None and table[name].how == "honored":
            values[name] = checked
    return values


def merged(body: Mapping[str, object]) -> dict[str, object]:
    """Return the request with the keys of its `extra_body`, which override its own.

    Raises:
        InvalidRequestError: The request or its `extra_body` is not a mapping, or `extra_body`
            contains another, or `stream`.
    """
    if not isinstance(body, Mapping):
        refuse_value("the request", "a mapping", body)
    extra = {} if body.get("extra_body") is None else mapping("extra_body", body["extra_body"])
    if "extra_body" in extra:
        refuse("extra_body", "cannot contain another `extra_body`")
    # The method has decided by its keyword argument what it returns.
    if extra.get("stream") is not None:
        refuse("stream", "cannot be in `extra_body`. Pass it as a keyword argument.")
    return {name: value for name, value in body.items() if name != "extra_body"} | extra

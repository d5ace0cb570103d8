"""Signatures for people: parameters that are taken by `Unpack` are shown by their names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Required, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["spelled_out"]

F = TypeVar("F", bound=Callable[..., object])


def spelled_out(function: F) -> F:
    """Let `inspect.signature` show what `function` takes by `**parameters: Unpack[…]`.

    Type checkers know it by themselves; `help()` and the completion of notebooks ask for this.
    """
    signature = inspect.signature(function)
    (unpacked,) = get_args(get_type_hints(function)["parameters"])
    own = [it for it in signature.parameters.values() if it.kind is not Parameter.VAR_KEYWORD]
    hints = get_type_hints(unpacked, include_extras=True)
    named = [_parameter(name, hint) for name, hint in hints.items()]
    # What must be given comes first.
    shown = sorted(own + named, key=lambda it: it.default is not Parameter.empty)
    # `setattr`: functions have this attribute only once it is given.
    setattr(function, "__signature__", signature.replace(parameters=shown))  # noqa: B010
    return function


def _parameter(name: str, hint: object) -> Parameter:
    if get_origin(hint) is Required:
        (given,) = get_args(hint)
        return Parameter(name, Parameter.KEYWORD_ONLY, annotation=given)
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=hint, default=None)

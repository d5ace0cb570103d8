"""Readable signatures: parameters declared by `Unpack` are listed by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Required, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["spelled_out"]

F = TypeVar("F", bound=Callable[..., object])


def spelled_out(function: F) -> F:
    """Make `inspect.signature` list the parameters in `**parameters: Unpack[…]` of `function`.

    `help()` and the completion of notebooks use it; type checkers understand `Unpack` themselves.
    """
    signature = inspect.signature(function)
    (unpacked,) = get_args(get_type_hints(function)["parameters"])
    own = [it for it in signature.parameters.values() if it.kind is not Parameter.VAR_KEYWORD]
    hints = get_type_hints(unpacked, include_extras=True)
    named = [_parameter(name, hint) for name, hint in hints.items()]
    # Required parameters come first.
    shown = sorted(own + named, key=lambda it: it.default is not Parameter.empty)
    # `setattr`, because type checkers do not know this attribute of functions.
    setattr(function, "__signature__", signature.replace(parameters=shown))  # noqa: B010
    return function


def _parameter(name: str, hint: object) -> Parameter:
    if get_origin(hint) is Required:
        (given,) = get_args(hint)
        return Parameter(name, Parameter.KEYWORD_ONLY, annotation=given)
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=hint, default=None)

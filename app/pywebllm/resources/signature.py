"""Readable signatures: parameters declared by `Unpack` are listed by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from inspect import Parameter
from typing import Any, Required, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["spelled_out"]

F = TypeVar("F", bound=Callable[..., object])


def spelled_out(parameters: Any) -> Callable[[F], F]:
    """Make `inspect.signature` list the parameters of a function declared by `Unpack`.

        @spelled_out(ChatParameters)
        def create(self, **parameters: Unpack[ChatParameters]) -> ChatCompletion: ...

    `help()` and the completion of notebooks use it; type checkers understand `Unpack` themselves.
    """

    def spell_out(function: F) -> F:
        signature = inspect.signature(function)
        own = [it for it in signature.parameters.values() if it.kind is not Parameter.VAR_KEYWORD]
        # Required parameters come first.
        shown = sorted([*own, *_named(parameters)], key=_is_optional)
        # `setattr`, because type checkers do not know this attribute of functions.
        setattr(function, "__signature__", signature.replace(parameters=shown))  # noqa: B010
        return function

    return spell_out


def _is_optional(parameter: Parameter) -> bool:
    return parameter.default is not Parameter.empty


@cache
def _named(parameters: Any) -> list[Parameter]:
    hints = get_type_hints(parameters, include_extras=True)
    return [_parameter(name, hint) for name, hint in hints.items()]


def _parameter(name: str, hint: object) -> Parameter:
    if get_origin(hint) is Required:
        (given,) = get_args(hint)
        return Parameter(name, Parameter.KEYWORD_ONLY, annotation=given)
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=hint, default=None)

"""The arguments of a call: JSON text in, values of the types that the function declares out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import field, fields, make_dataclass
from typing import Any, get_type_hints

from pywebllm import schema

__all__ = ["read_arguments"]

_OMITTED: Any = object()


def read_arguments(function: Callable[..., object], text: str) -> dict[str, object]:
    """Return the keyword arguments that `text`, a JSON object, stands for.

    Raises:
        ParseError: It does not fit the function's signature.
    """
    hints = get_type_hints(function, include_extras=True)
    members = [
        (name, hints.get(name, Any), _member(parameter))
        for name, parameter in inspect.signature(function).parameters.items()
    ]
    shape = make_dataclass("Arguments", members, kw_only=True)
    found = schema.build(shape, text)
    values = {it.name: getattr(found, it.name) for it in fields(shape)}
    return {name: value for name, value in values.items() if value is not _OMITTED}


def _member(parameter: inspect.Parameter) -> Any:
    required = parameter.default is inspect.Parameter.empty
    return field() if required else field(default=_OMITTED)

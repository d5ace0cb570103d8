"""Python functions as tools: described by signature and docstring, called with JSON.

Examples:
    >>> def weather(city: str, days: int = 1) -> str:
    ...     '''Get the weather.'''
    >>> tool_of(weather)["function"]["description"]
    'Get the weather.'
    >>> arguments_of(weather, '{"city": "Bath"}')
    {'city': 'Bath'}
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from pywebllm.echo import shown
from pywebllm.errors import InvalidRequestError
from pywebllm.request.checks import TOOL_NAME

from .describing import describe_members
from .docs import read_docs
from .hints import MISSING, Member, hints_of
from .reading import read_members

__all__ = ["arguments_of", "tool_of"]

if sys.version_info >= (3, 14):
    # All annotations are evaluated when one is accessed, unless unknown names may stay strings.
    import annotationlib

    _signature = partial(inspect.signature, annotation_format=annotationlib.Format.FORWARDREF)
    _annotations = partial(inspect.get_annotations, format=annotationlib.Format.FORWARDREF)
else:
    _signature, _annotations = inspect.signature, inspect.get_annotations

_NAME = re.compile(TOOL_NAME)
_ADVICE = "Give the model a plain function: `def name(text: str, count: int = 1) -> str`."


def tool_of(function: Callable[..., Any]) -> dict[str, object]:
    """Describe a function as a tool of the OpenAI reference ("Function calling").

    The first paragraph of the docstring describes the tool, and its section of parameters (in the
    style of Google, NumPy or Sphinx) or `Annotated[type, "description"]` each parameter. Parameters
    with a default are optional.

    Args:
        function: A function or bound method, `async` or not, with annotated parameters.

    Raises:
        InvalidRequestError: It is something else, or the type of a parameter has no JSON form.
    """
    members = _members(function)
    docs = read_docs(function)
    name = function.__name__
    parameters = describe_members(members, param="tools", path=name, descriptions=docs.parameters)
    described = {"description": docs.summary} if docs.summary else {}
    return {
        "type": "function",
        "function": {"name": name, **described, "parameters": parameters},
    }


def arguments_of(function: Callable[..., Any], text: str) -> dict[str, object]:
    """Read the arguments of a call, a JSON object, as the function's keyword arguments.

    An empty string means no arguments. Parameters that are missing are left to their defaults.

    Raises:
        ParseError: The text is not JSON, or does not fit the function's parameters.
        InvalidRequestError: The function cannot be a tool.
    """
    return read_members(_members(function), text if text.strip() else "{}")


def _members(function: Callable[..., Any]) -> list[Member]:
    name = _name(function)
    hints = hints_of(_parameters(function), param="tools")
    return [
        _member(name, parameter, hints) for parameter in _signature(function).parameters.values()
    ]


def _parameters(function: Callable[..., Any]) -> SimpleNamespace:
    """Take the attributes that `hints_of` uses, without the return type, which may be unknown."""
    hints = {name: hint for name, hint in _annotations(function).items() if name != "return"}
    return SimpleNamespace(
        __name__=function.__name__,
        __annotations__=hints,
        __globals__=getattr(inspect.unwrap(function), "__globals__", {}),
        __type_params__=getattr(function, "__type_params__", ()),
    )


def _name(function: Callable[..., Any]) -> str:
    if not (inspect.isfunction(function) or inspect.ismethod(function)):
        raise _refusal(f"{shown(function)} is not a function")
    name = function.__name__
    if _NAME.fullmatch(name) is None:
        raise _refusal(f"a tool cannot be named {shown(name)}: only ASCII letters, digits, - and _")
    return name


def _member(function: str, parameter: inspect.Parameter, hints: dict[str, Any]) -> Member:
    where = f"{function}({parameter.name})"
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise _refusal(f"{where}: a tool cannot have * or ** parameters")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise _refusal(f"{where}: a tool is called by keywords, so no parameter is positional only")
    if parameter.name not in hints:
        raise _refusal(f"{where}: has no annotation, so the model cannot know its type")
    required = parameter.default is parameter.empty
    default = MISSING if required else parameter.default
    return Member(parameter.name, hints[parameter.name], required=required, default=default)


def _refusal(problem: str) -> InvalidRequestError:
    return InvalidRequestError(problem, advice=_ADVICE, param="tools")

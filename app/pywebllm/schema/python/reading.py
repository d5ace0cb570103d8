"""From JSON text to values of a Python type.

Examples:
    >>> from datetime import date
    >>> build(list[date], '["2026-01-31"]')
    [datetime.date(2026, 1, 31)]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, NoReturn, TypeAlias

from pywebllm.echo import shown
from pywebllm.errors import InvalidRequestError, ParseError
from pywebllm.json_text import read_json

from .hints import Member, class_of, members_of, unwrapped
from .scalars import Scalar
from .shapes import Alias, Choices, Items, Members, Model, Names, Tuple, Union, shape_of

__all__ = ["build", "read_members"]


_Plain: TypeAlias = Scalar | Choices | Union | Items | Tuple | Names | Members | Model


class _MismatchError(Exception):
    """A value is not of its type; the path says where."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


def build(type_: Any, text: str) -> Any:
    """Read JSON text as a value of a type: the inverse of `schema_of`.

    Fields that are missing take their defaults. Keywords in `Annotated` are not checked again, as
    the grammar enforced them.

    Raises:
        ParseError: The text is not JSON, or does not fit the type; the error says where.
        InvalidRequestError: The type is not supported.
    """
    found, _ = unwrapped(type_)
    if isinstance(shape_of(found), Model):
        return _validated(found, text, "$", text)
    value = _loaded(text)
    try:
        return _read(type_, value, "$")
    except _MismatchError as error:
        raise ParseError(f"the answer does not fit: {error}", text=text) from error


def read_members(members: list[Member], text: str) -> dict[str, object]:
    """Read a JSON object with these fields, of which those with a default may be missing.

    Raises:
        ParseError: The text is not JSON, or does not fit the fields.
    """
    value = _loaded(text)
    try:
        return _fields(members, value, "$")
    except _MismatchError as error:
        raise ParseError(f"the arguments do not fit: {error}", text=text) from error


def _loaded(text: str) -> Any:
    try:
        return read_json(text, parse_constant=_refuse)
    except ValueError as error:
        raise ParseError(f"the text is not JSON: {error}", text=text) from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read(type_: Any, value: Any, path: str) -> Any:
    found, _ = unwrapped(type_)
    shape = shape_of(found)
    if shape is None:
        raise InvalidRequestError(
            f"{path}: {shown(found)} cannot be read from JSON", param="response_format"
        )
    if isinstance(shape, Alias):
        return _read(shape.value, value, path)
    return _shaped(shape, value, path)


def _shaped(shape: _Plain, value: Any, path: str) -> Any:
    match shape:
        case Scalar():
            return _scalar(shape, value, path)
        case Choices(values):
            return _choice(values, value, path)
        case Union(options):
            return _union(options, value, path)
        case Members(type_):
            return _made(type_, value, path)
        case Model(type_):
            return _validated(type_, json.dumps(value), path, None)
        case _:
            return _collection(shape, value, path)


def _collection(shape: Items | Tuple | Names, value: Any, path: str) -> Any:
    if isinstance(shape, Names):
        _check(value, dict, "an object", path)
        return {
            _read(shape.key, name, f"{path} (a key)"): _read(shape.value, item, f"{path}.{name}")
            for name, item in value.items()
        }
    _check(value, list, "an array", path)
    if isinstance(shape, Items):
        items = [_read(shape.item, it, f"{path}[{at}]") for at, it in enumerate(value)]
        return _made_of(items, shape.make, path)
    if len(value) != len(shape.items):
        raise _MismatchError(path, f"there must be {len(shape.items)} items, got {len(value)}")
    pairs = enumerate(zip(shape.items, value, strict=True))
    return tuple(_read(type_, item, f"{path}[{at}]") for at, (type_, item) in pairs)


def _made_of(items: list[Any], make: Callable[[Iterable[Any]], Any], path: str) -> Any:
    try:
        return make(items)
    except TypeError as error:  # a list in a set
        raise _MismatchError(path, str(error)) from error


def _check(value: Any, type_: type, wanted: str, path: str) -> None:
    if not isinstance(value, type_):
        raise _MismatchError(path, f"{_shown(value)} is not {wanted}")


def _scalar(shape: Scalar, value: Any, path: str) -> object:
    try:
        return shape.read(value)
    except (ValueError, OverflowError) as error:
        raise _MismatchError(path, f"{_shown(value)} is not {shape.wanted}") from error


def _choice(values: tuple[Any, ...], value: Any, path: str) -> Any:
    for choice in values:
        plain = choice.value if isinstance(choice, Enum) else choice
        # 1 equals True in Python, and not in JSON.
        if plain == value and isinstance(plain, bool) is isinstance(value, bool):
            return choice
    shown = ", ".join(_shown(it.value if isinstance(it, Enum) else it) for it in values)
    raise _MismatchError(path, f"{_shown(value)} is not one of {shown}")


def _union(options: tuple[Any, ...], value: Any, path: str) -> Any:
    # The option that is the type of the value comes first: `float | int` reads 1 as an int.
    exact = [option for option in options if unwrapped(option)[0] is type(value)]
    problems = []
    for option in (*exact, *options):
        try:
            return _read(option, value, path)
        except _MismatchError as error:
            problems.append(str(error))
    raise _MismatchError(path, f"no option fits ({'; '.join(dict.fromkeys(problems))})")


def _made(type_: Any, value: Any, path: str) -> Any:
    arguments = _fields(members_of(type_, param="response_format"), value, path)
    class_ = class_of(type_)
    try:
        return class_(**arguments)
    except (TypeError, ValueError) as error:
        raise _MismatchError(path, f"{class_.__name__} refuses it: {error}") from error


def _fields(members: list[Member], value: Any, path: str) -> dict[str, object]:
    _check(value, dict, "an object", path)
    known = {member.name: member for member in members}
    for name in value:
        if name not in known:
            raise _MismatchError(
                path, f"there is no {shown(name)}, only {', '.join(known) or 'nothing'}"
            )
    for member in members:
        if member.required and member.name not in value:
            raise _MismatchError(path, f"{member.name!r} is missing")
    return {name: _read(known[name].type, item, f"{path}.{name}") for name, item in value.items()}


def _validated(class_: Any, text: str, path: str, answer: str | None) -> Any:
    try:
        return class_.model_validate_json(text)
    except ValueError as error:  # pydantic's own error is one
        if answer is None:
            raise _MismatchError(path, str(error)) from error
        raise ParseError(f"the answer does not fit: {error}", text=answer) from error


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 60

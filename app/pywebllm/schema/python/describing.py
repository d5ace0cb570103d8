"""From Python types to JSON Schema.

Examples:
    >>> schema_of(dict[str, int | None])["additionalProperties"]
    {'anyOf': [{'type': 'integer'}, {'type': 'null'}]}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

from pywebllm.echo import shortened, shown
from pywebllm.errors import InvalidRequestError

from .annotated import keywords_of
from .docs import read_docs
from .hints import Member, is_pydantic_dataclass, members_of, unwrapped
from .lengths import FEWEST_TO_DIFFER
from .models import model_schema
from .scalars import Scalar
from .shapes import (
    Alias,
    Choices,
    Items,
    Members,
    Model,
    Names,
    Shape,
    Tuple,
    Union,
    shape_of,
)

__all__ = ["describe_members", "schema_of"]

_SUPPORTED = (
    "Use str, int, float, bool, None, date, datetime, time, timedelta, UUID, Decimal, bytes, Path,"
    " IPv4Address, IPv6Address, Any, Literal, Enum, Union, list, tuple, set, dict with strings as"
    " keys, Annotated, a dataclass, a TypedDict, a NamedTuple or a pydantic class."
)


def schema_of(type_: Any, *, param: str = "response_format") -> dict[str, object]:
    """Describe a Python type as JSON Schema, draft 2020-12.

    Fields without a default are required. In `Annotated`, a string is the description, a mapping
    contains keywords of JSON Schema such as `{"maxLength": 40}`, and the classes of
    `annotated_types` mean what they mean to pydantic; `Predicate` and `Timezone` are refused, as
    JSON Schema cannot express them. A pydantic class describes itself.

    Args:
        type_: A type or class.
        param: The parameter of the request that the type was passed as, for errors.

    Raises:
        InvalidRequestError: A type in it has no JSON form, or an annotation no keyword; the error
            of a type names the field.
    """
    name = shortened(getattr(unwrapped(type_)[0], "__name__", "the type"))
    return _Describer(param).document(type_, name)


def describe_members(
    members: list[Member], *, param: str, path: str, descriptions: Mapping[str, str]
) -> dict[str, object]:
    """Describe an object with these fields."""
    describer = _Describer(param)
    return describer.with_definitions(describer.members(members, path, descriptions))


class _Describer:
    """Describes one type; named types inside it go to `$defs`, so that they may be recursive."""

    def __init__(self, param: str) -> None:
        self._param = param
        # A list, as a generic type that contains a mapping is not hashable.
        self._references: list[tuple[Any, str]] = []
        self._definitions: dict[str, object] = {}
        # True while the fields of a pydantic dataclass are described.
        self._is_validated = False

    def document(self, type_: Any, path: str) -> dict[str, object]:
        """Describe the root."""
        found, annotations = unwrapped(type_)
        shape = self._shape(found, path)
        if not isinstance(shape, Members | Model | Alias):
            return self.with_definitions(self.any(type_, path))
        self._references.append((found, "#"))
        return self.with_definitions(self._annotated(found, annotations, self._named(shape, path)))

    def with_definitions(self, schema: dict[str, object]) -> dict[str, object]:
        """Add the definitions that the schema refers to."""
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def any(self, type_: Any, path: str) -> dict[str, object]:
        """Describe a type anywhere inside."""
        found, annotations = unwrapped(type_)
        shape = self._shape(found, path)
        if isinstance(shape, Members | Model | Alias):
            schema: dict[str, object] = {"$ref": self._reference(found, shape, path)}
        else:
            schema = self._plain(shape, path)
        return self._annotated(found, annotations, schema)

    def members(
        self, members: list[Member], path: str, descriptions: Mapping[str, str]
    ) -> dict[str, object]:
        """Describe an object with these fields."""
        properties: dict[str, object] = {}
        for member in members:
            schema = self.any(member.type, f"{path}.{member.name}")
            description = member.description or descriptions.get(member.name)
            if description and "description" not in schema:
                schema["description"] = description
            if _is_plain(member.default):
                schema["default"] = member.default
            properties[member.name] = schema
        return {
            "type": "object",
            "properties": properties,
            "required": [member.name for member in members if member.required],
            "additionalProperties": False,
        }

    def _annotated(
        self, type_: Any, annotations: tuple[object, ...], schema: dict[str, object]
    ) -> dict[str, object]:
        validated = self._is_validated
        return keywords_of(
            annotations, schema, type_=type_, param=self._param, is_validated=validated
        )

    def _shape(self, type_: Any, path: str) -> Shape:
        shape = shape_of(type_)
        if shape is None:
            raise InvalidRequestError(
                f"{shortened(path)}: {_name(type_)} has no JSON form that is supported",
                advice=_SUPPORTED,
                param=self._param,
            )
        return shape

    def _reference(self, type_: Any, shape: Shape, path: str) -> str:
        known = self._known_reference(type_)
        if known is not None:
            return known
        name = self._free(_name(type_).split("[")[0])
        reference = f"#/$defs/{name}"
        self._references.append((type_, reference))
        self._definitions[name] = {}  # keeps the name while the type is described
        self._definitions[name] = self._named(shape, _name(type_))
        return reference

    def _known_reference(self, type_: Any) -> str | None:
        return next((found for known, found in self._references if known == type_), None)

    def _free(self, name: str) -> str:
        found, count = name, 1
        while found in self._definitions:
            count += 1
            found = f"{name}_{count}"
        return found

    def _named(self, shape: Shape, path: str) -> dict[str, object]:
        if isinstance(shape, Alias):
            return self.any(shape.value, path)
        if isinstance(shape, Model):
            return self._model(shape)
        assert isinstance(shape, Members)
        docs = read_docs(shape.type)
        members = members_of(shape.type, param=self._param)
        before, self._is_validated = self._is_validated, is_pydantic_dataclass(shape.type)
        schema = self.members(members, path, docs.parameters)
        self._is_validated = before
        return {"description": docs.summary, **schema} if docs.summary else schema

    def _model(self, shape: Model) -> dict[str, object]:
        # Its own definitions stay under it, so that no two classes can have the same name.
        here = self._known_reference(shape.type)
        assert here is not None
        found: dict[str, object] = _without_unique(
            model_schema(shape.type, here + "/$defs/{model}")
        )
        return found

    def _plain(self, shape: Shape, path: str) -> dict[str, object]:
        match shape:
            case Scalar(schema):
                return dict(schema)
            case Choices(values):
                return _choices(values)
            case Union(options):
                return {"anyOf": [self.any(option, path) for option in options]}
            case Items(item):
                return {"type": "array", "items": self.any(item, f"{path}[]")}
            case Tuple(items):
                return self._tuple(items, path)
            case _:
                assert isinstance(shape, Names)
                return self._map(shape, path)

    def _tuple(self, items: tuple[Any, ...], path: str) -> dict[str, object]:
        if not items:
            return {"type": "array", "maxItems": 0}
        return {
            "type": "array",
            "prefixItems": [self.any(item, f"{path}[{at}]") for at, item in enumerate(items)],
            "items": False,
            "minItems": len(items),
            "maxItems": len(items),
        }

    def _inlined(self, type_: Any, path: str) -> dict[str, object]:
        """Describe a type where a reference is not allowed."""
        found, annotations = unwrapped(type_)
        shape = self._shape(found, path)
        if not isinstance(shape, Alias):
            return self.any(type_, path)
        return self._annotated(found, annotations, self._inlined(shape.value, path))

    def _map(self, shape: Names, path: str) -> dict[str, object]:
        value = self.any(shape.value, f"{path}[]")
        key = self._inlined(shape.key, f"{path} (its keys)")
        names = key.get("enum")
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return {
                "type": "object",
                "properties": {str(name): value for name in names},
                "additionalProperties": False,
            }
        if key.get("type") != "string":
            raise InvalidRequestError(
                f"{shortened(path)}: the keys of a dict must be strings",
                advice=_SUPPORTED,
                param=self._param,
            )
        names_schema = {} if key == {"type": "string"} else {"propertyNames": key}
        return {"type": "object", "additionalProperties": value, **names_schema}


def _without_unique(value: Any) -> Any:
    """Drop `uniqueItems` for pydantic sets: duplicates are removed on parsing.

    Where a set must have two or more items it is kept, and refused by the grammar: without the
    duplicates there could be too few.
    """
    if isinstance(value, list):
        return [_without_unique(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_set = value.get("type") == "array" and value.get("uniqueItems") is True
    drop = is_set and value.get("minItems", 0) < FEWEST_TO_DIFFER
    return {
        name: _without_unique(inner)
        for name, inner in value.items()
        if not (drop and name == "uniqueItems")
    }


def _choices(values: tuple[Any, ...]) -> dict[str, object]:
    return {"enum": [value.value if isinstance(value, Enum) else value for value in values]}


def _name(type_: Any) -> str:
    name = getattr(type_, "__name__", None)
    return shortened(name) if isinstance(name, str) else shown(type_)


def _is_plain(value: object) -> bool:
    if isinstance(value, Enum):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)

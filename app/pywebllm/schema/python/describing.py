"""From Python types to JSON Schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

from pywebllm.errors import InvalidRequestError

from .annotated import keywords_of
from .docs import read_docs
from .hints import Member, members_of, unwrapped
from .lengths import FEWEST_TO_DIFFER
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
    "Use str, int, float, bool, None, date, datetime, time, UUID, Decimal, Any, Literal, Enum,"
    " Union, list, tuple, set, dict with texts as keys, Annotated, a dataclass, a TypedDict, a"
    " NamedTuple or a class of pydantic."
)


def schema_of(type_: Any, *, param: str = "response_format") -> dict[str, object]:
    """Describe a Python type as JSON Schema, draft 2020-12.

    Fields without a default are required. In `Annotated`, a text is the description, a mapping
    holds keywords of JSON Schema such as `{"maxLength": 40}`, and the classes of
    `annotated_types` say what they say to pydantic; `Predicate` and `Timezone` are refused, as no
    schema can say them. A class of pydantic describes itself.

    Args:
        type_: A type or class.
        param: The parameter of the request that the type came by, for errors.

    Raises:
        InvalidRequestError: A type in it has no JSON form, or a note no keyword; the error of a
            type names the field.
    """
    name = getattr(unwrapped(type_)[0], "__name__", "the type")
    return _Describer(param).document(type_, name)


def describe_members(
    members: list[Member], *, param: str, path: str, descriptions: Mapping[str, str]
) -> dict[str, object]:
    """Describe an object with these fields."""
    describer = _Describer(param)
    return describer.with_definitions(describer.members(members, path, descriptions))


class _Describer:
    """Describes one type; the named types inside go to `$defs`, where they may meet themselves."""

    def __init__(self, param: str) -> None:
        self._param = param
        # Searched and not looked up: a generic that holds a mapping has no hash.
        self._references: list[tuple[Any, str]] = []
        self._definitions: dict[str, object] = {}

    def document(self, type_: Any, path: str) -> dict[str, object]:
        """Describe the root."""
        found, notes = unwrapped(type_)
        shape = self._shape(found, path)
        if not isinstance(shape, Members | Model | Alias):
            return self.with_definitions(self.any(type_, path))
        self._references.append((found, "#"))
        return self.with_definitions(self._noted(found, notes, self._named(shape, path)))

    def with_definitions(self, schema: dict[str, object]) -> dict[str, object]:
        """Add the definitions that the schema refers to."""
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def any(self, type_: Any, path: str) -> dict[str, object]:
        """Describe a type anywhere inside."""
        found, notes = unwrapped(type_)
        shape = self._shape(found, path)
        if isinstance(shape, Members | Model | Alias):
            schema: dict[str, object] = {"$ref": self._reference(found, shape, path)}
        else:
            schema = self._plain(shape, path)
        return self._noted(found, notes, schema)

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

    def _noted(
        self, type_: Any, notes: tuple[object, ...], schema: dict[str, object]
    ) -> dict[str, object]:
        return keywords_of(notes, schema, type_=type_, param=self._param)

    def _shape(self, type_: Any, path: str) -> Shape:
        shape = shape_of(type_)
        if shape is None:
            raise InvalidRequestError(
                f"{path}: {_name(type_)} has no JSON form that is supported",
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
        self._definitions[name] = {}  # keeps its place while it is described
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
        schema = self.members(members, path, docs.parameters)
        return {"description": docs.summary, **schema} if docs.summary else schema

    def _model(self, shape: Model) -> dict[str, object]:
        # Its own definitions stay under it, so no two classes can meet under one name.
        here = self._known_reference(shape.type)
        assert here is not None
        found: dict[str, object] = _folding(
            shape.type.model_json_schema(ref_template=here + "/$defs/{model}")
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
        """Describe a type where no reference may stand."""
        found, notes = unwrapped(type_)
        shape = self._shape(found, path)
        if not isinstance(shape, Alias):
            return self.any(type_, path)
        return self._noted(found, notes, self._inlined(shape.value, path))

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
                f"{path}: the keys of a dict must be texts", advice=_SUPPORTED, param=self._param
            )
        names_schema = {} if key == {"type": "string"} else {"propertyNames": key}
        return {"type": "object", "additionalProperties": value, **names_schema}


def _folding(value: Any) -> Any:
    """Take `uniqueItems` off a set of pydantic's, which folds what comes twice when it is read.

    Where two items or more must differ it stays, and is refused: folded there may be too few.
    """
    if isinstance(value, list):
        return [_folding(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_set = value.get("type") == "array" and value.get("uniqueItems") is True
    drop = is_set and value.get("minItems", 0) < FEWEST_TO_DIFFER
    return {
        name: _folding(inner)
        for name, inner in value.items()
        if not (drop and name == "uniqueItems")
    }


def _choices(values: tuple[Any, ...]) -> dict[str, object]:
    return {"enum": [value.value if isinstance(value, Enum) else value for value in values]}


def _name(type_: Any) -> str:
    return type_.__name__ if isinstance(type_, type) else str(getattr(type_, "__name__", type_))


def _is_plain(value: object) -> bool:
    if isinstance(value, Enum):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)

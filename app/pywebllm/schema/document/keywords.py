"""The keywords of JSON Schema (draft 2020-12): supported ones, annotations and refused ones.

`KEYWORDS` is where a keyword is added: what its value must be, which types it limits, and how two
values of it become one. An annotation limits nothing and is skipped. A keyword that limits values
in a way no grammar can express is refused, and so is one that is most likely a misspelling.

Examples:
    >>> checked({"title": "Age", "type": "integer", "minimum": 0}, Place())
    {'type': 'integer', 'minimum': 0}
    >>> limiting({"type": ["integer", "string"], "minimum": 0, "pattern": "a"}, "integer")
    {'minimum': 0}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pywebllm.echo import shown
from pywebllm.schema.typed.formats import KNOWN_FORMATS
from pywebllm.schema.typed.place import Place

from . import checks, joins
from .checks import Check

__all__ = ["KEYWORDS", "Schema", "checked", "limited_types", "limiting"]

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Keyword:
    """A supported keyword.

    Attributes:
        check: What its value must be.
        types: The types whose values it limits; none for keywords that apply to all types.
        join: Makes one value of two that both apply; None: they must be equal.
    """

    check: Check
    types: tuple[str, ...] = ()
    join: Callable[[Any, Any], object] | None = None


_OBJECT, _ARRAY, _STRING = ("object",), ("array",), ("string",)
_NUMBER = ("number", "integer")

KEYWORDS: Mapping[str, Keyword] = MappingProxyType(
    {
        "$ref": Keyword(checks.REFERENCE),
        "additionalProperties": Keyword(checks.SCHEMA, _OBJECT, joins.all_of),
        "allOf": Keyword(checks.SCHEMAS),
        "anyOf": Keyword(checks.SCHEMAS, (), joins.several),
        "const": Keyword(checks.ANYTHING),
        "contains": Keyword(checks.SCHEMA, _ARRAY),
        # Rewritten as choices by `conditions`.
        "dependencies": Keyword(checks.DEPENDENCIES),
        "dependentRequired": Keyword(checks.NAMES_BY_NAME),
        "dependentSchemas": Keyword(checks.PROPERTIES),
        "else": Keyword(checks.SCHEMA),
        "enum": Keyword(checks.VALUES, (), joins.of_enums),
        "exclusiveMaximum": Keyword(checks.NUMBER, _NUMBER, min),
        "exclusiveMinimum": Keyword(checks.NUMBER, _NUMBER, max),
        "format": Keyword(checks.FORMAT, (*_STRING, *_NUMBER), joins.several),
        "if": Keyword(checks.SCHEMA),
        "items": Keyword(checks.SCHEMA, _ARRAY, joins.all_of),
        "maxContains": Keyword(checks.COUNT, _ARRAY),
        "maxItems": Keyword(checks.COUNT, _ARRAY, min),
        "maxLength": Keyword(checks.COUNT, _STRING, min),
        "maxProperties": Keyword(checks.COUNT, _OBJECT, min),
        "maximum": Keyword(checks.NUMBER, _NUMBER, min),
        "minContains": Keyword(checks.COUNT, _ARRAY),
        "minItems": Keyword(checks.COUNT, _ARRAY, max),
        "minLength": Keyword(checks.COUNT, _STRING, max),
        "minProperties": Keyword(checks.COUNT, _OBJECT, max),
        "minimum": Keyword(checks.NUMBER, _NUMBER, max),
        "multipleOf": Keyword(checks.STEP, _NUMBER, joins.of_steps),
        # Of a flat schema: what its values must not be, as `exclusions` writes it.
        "not": Keyword(checks.SCHEMA, (), joins.exclusions),
        "nullable": Keyword(checks.FLAG),
        "oneOf": Keyword(checks.SCHEMAS, (), joins.several),
        "pattern": Keyword(checks.PATTERN, _STRING, joins.several),
        "patternProperties": Keyword(checks.PROPERTIES, _OBJECT, joins.by_pattern),
        "prefixItems": Keyword(checks.SCHEMAS, _ARRAY),
        # Joined by `merging`, as what one schema does not name its `additionalProperties` limit.
        "properties": Keyword(checks.PROPERTIES, _OBJECT, lambda left, _: left),
        "propertyNames": Keyword(checks.SCHEMA, _OBJECT, joins.all_of),
        "required": Keyword(checks.NAMES, _OBJECT, joins.of_names),
        "then": Keyword(checks.SCHEMA),
        "type": Keyword(checks.TYPE, (), joins.of_types),
        # Resolved by `unevaluated`, before a schema is joined with another.
        "unevaluatedItems": Keyword(checks.SCHEMA, _ARRAY),
        "unevaluatedProperties": Keyword(checks.SCHEMA, _OBJECT),
        "uniqueItems": Keyword(checks.FLAG, _ARRAY, joins.of_flags),
    }
)
_ANNOTATIONS = frozenset(
    {
        "$comment", "$defs", "$id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveAnchor",
        "$vocabulary", "contentEncoding",
        "contentMediaType", "contentSchema", "default", "definitions", "deprecated", "description",
        "discriminator", "example", "examples", "externalDocs", "readOnly", "title", "writeOnly",
        "xml",
    }
)  # fmt: skip
_REFUSED = frozenset({"$dynamicRef", "$recursiveRef"})


def checked(schema: object, place: Place) -> Schema:
    """Take the keywords of a schema that limit what fits it; `{}` and `true` have none.

    Raises:
        InvalidRequestError: It is not a schema, or has a keyword that is not supported.
    """
    if schema is True:
        return {}
    if not isinstance(schema, Mapping):
        raise place.error(
            f"a schema must be an object, true or false, got {shown(schema)}",
            advice=f"Write for example {checks.SCHEMA.example}.",
        )
    schema = _modern(schema)
    return {name: value for name, value in schema.items() if _limits(name, value, place)}


def _modern(schema: Schema) -> Schema:
    """Replace a list in `items`, as it was before draft 2020-12."""
    items = schema.get("items")
    found = {name: value for name, value in schema.items() if name != "additionalItems"}
    if not isinstance(items, list | tuple):
        return found
    del found["items"]
    if items:
        found["prefixItems"] = items
    if "additionalItems" in schema:
        found["items"] = schema["additionalItems"]
    return found


def limited_types(schema: Schema) -> tuple[str, ...]:
    """List the types that the keywords of a flat schema limit."""
    return tuple(name for name in checks.TYPES if not _BY_TYPE[name].isdisjoint(schema))


def limiting(schema: Schema, type_: str) -> Schema:
    """Take the keywords that limit values of one type, in their order."""
    names = _BY_TYPE[type_] | {"not"}
    return {name: value for name, value in schema.items() if name in names}


_BY_TYPE = MappingProxyType(
    {
        type_: frozenset(name for name, keyword in KEYWORDS.items() if type_ in keyword.types)
        for type_ in checks.TYPES
    }
)


def _limits(name: object, value: object, place: Place) -> bool:
    if not isinstance(name, str):
        raise place.error(
            f"a keyword must be a string, got {shown(name)}", advice="Use strings as keys."
        )
    if name in KEYWORDS:
        check = KEYWORDS[name].check
        if not check.accepts(value):
            raise place.error(
                f"{name!r} must be {check.must_be}, got {shown(value)}",
                advice=f"Write for example {check.example}.",
            )
        if name == "format" and isinstance(value, str):
            return value in KNOWN_FORMATS  # another one is an annotation
        return not (name == "uniqueItems" and value is False)
    if name in _REFUSED:
        raise place.error(
            f"{name!r} cannot be expressed in a grammar",
            advice="Leave it out, and check the answer in Python.",
        )
    _check_spelling(name, place)
    return False


def _check_spelling(name: str, place: Place) -> None:
    # An underscore in front is deliberate, as is the `x-` of an extension.
    meant = None if name.startswith("_") else _BY_FOLDED.get(_folded(name))
    if meant is not None and name not in _ANNOTATIONS:
        raise place.error(
            f"{shown(name)} is not a keyword of JSON Schema", advice=f"Write {meant!r}."
        )


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


_BY_FOLDED = MappingProxyType({_folded(name): name for name in (*KEYWORDS, *_REFUSED)})

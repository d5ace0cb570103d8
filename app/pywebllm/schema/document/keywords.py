"""The keywords of JSON Schema (draft 2020-12): which are honoured, which say nothing, which cannot.

A keyword that limits nothing is skipped. One that would limit what may be written, and cannot be
put into a grammar, is refused, and so is one that is only a misspelling away from being known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from .place import Place

__all__ = ["TYPES", "Schema", "checked"]

Schema = Mapping[str, object]

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")

_ANNOTATIONS = frozenset(
    {
        "$comment", "$defs", "$id", "$schema", "$anchor", "$vocabulary", "contentEncoding",
        "contentMediaType", "contentSchema", "default", "definitions", "deprecated", "description",
        "discriminator", "example", "examples", "externalDocs", "readOnly", "title", "writeOnly",
        "xml",
    }
)  # fmt: skip
_REFUSED = frozenset(
    {
        "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef", "additionalItems",
        "contains", "dependencies", "dependentRequired", "dependentSchemas", "else", "if",
        "maxContains", "minContains", "not", "patternProperties", "then", "unevaluatedItems",
        "unevaluatedProperties",
    }
)  # fmt: skip


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_step(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and value > 0


def _is_schema(value: object) -> bool:
    return isinstance(value, bool | Mapping)


def _is_schemas(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_schema, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_type(value: object) -> bool:
    names = value if isinstance(value, list | tuple) else [value]
    return bool(names) and all(name in TYPES for name in names)


def _is_properties(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _is_schema(inner) for name, inner in value.items()
    )


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value)


_Check = tuple[Callable[[object], bool], str]
_COUNT: _Check = (_is_count, "a whole number that is not negative")
_NUMBER: _Check = (_is_number, "a number")
_SCHEMA: _Check = (_is_schema, "a schema")
_SCHEMAS: _Check = (_is_schemas, "a list of schemas")
_TEXT: _Check = (_is_text, "a text")
_FLAG: _Check = (_is_flag, "true or false")

_HONOURED: Mapping[str, _Check] = MappingProxyType(
    {
        "$ref": _TEXT,
        "additionalProperties": _SCHEMA,
        "allOf": _SCHEMAS,
        "anyOf": _SCHEMAS,
        "const": (lambda _: True, "any value"),
        "enum": (_is_list, "a list of values"),
        "exclusiveMaximum": _NUMBER,
        "exclusiveMinimum": _NUMBER,
        "format": _TEXT,
        "items": _SCHEMA,
        "maxItems": _COUNT,
        "maxLength": _COUNT,
        "maxProperties": _COUNT,
        "maximum": _NUMBER,
        "minItems": _COUNT,
        "minLength": _COUNT,
        "minProperties": _COUNT,
        "minimum": _NUMBER,
        "multipleOf": (_is_step, "a number above zero"),
        "nullable": _FLAG,
        "oneOf": _SCHEMAS,
        "pattern": _TEXT,
        "prefixItems": _SCHEMAS,
        "properties": (_is_properties, "an object of schemas"),
        "propertyNames": _SCHEMA,
        "required": (_is_names, "a list of names"),
        "type": (_is_type, f"one or more of {', '.join(TYPES)}"),
        "uniqueItems": _FLAG,
    }
)


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


_BY_FOLDED = MappingProxyType({_folded(name): name for name in (*_HONOURED, *_REFUSED)})


def checked(schema: object, place: Place) -> Schema:
    """Take the keywords of a schema that limit what fits it; `{}` and `true` have none.

    Raises:
        InvalidRequestError: It is no schema, or has a keyword that cannot be honoured.
    """
    if schema is True:
        return {}
    if not isinstance(schema, Mapping):
        raise place.error(
            f"a schema is an object, true or false, got {schema!r:.80}", advice="Mend the schema."
        )
    return {name: value for name, value in schema.items() if _limits(name, value, place)}


def _limits(name: object, value: object, place: Place) -> bool:
    if not isinstance(name, str):
        raise place.error(f"{name!r} is no keyword", advice="Use texts as keys.")
    if name in _HONOURED:
        holds, wanted = _HONOURED[name]
        if not holds(value):
            raise place.error(f"{name!r} must be {wanted}, got {value!r:.80}", advice="Mend it.")
        return not (name == "uniqueItems" and value is False)
    if name in _REFUSED:
        raise place.error(
            f"{name!r} cannot be put into a grammar",
            advice="Leave it out, and check what comes back in Python.",
        )
    meant = _BY_FOLDED.get(_folded(name))
    if meant is not None and name not in _ANNOTATIONS:
        raise place.error(f"{name!r} is no keyword of JSON Schema", advice=f"Write {meant!r}.")
    return False

"""The JSON Schema of pydantic classes, with what pydantic checks and does not write.

pydantic's own generator says that a URL is any URI, that a `Decimal` may be any string, and that
the keys of `dict[int, str]` are any strings. A subclass of it says what is validated. It is made
from the module that the class has loaded: pydantic is never imported here.

Examples:
    >>> class Answer:
    ...     @classmethod
    ...     def model_json_schema(cls, ref_template):
    ...         return {"type": "null"}
    >>> model_schema(Answer, "#/$defs/{model}")
    {'type': 'null'}
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from pywebllm.errors import InvalidRequestError, WebLLMError

from .patterns import (
    COMPLEX,
    EMAIL,
    INTEGER_KEY,
    NAIVE_DATETIME,
    SPECIAL_DOMAINS,
    STRIPPED,
    at_least,
    at_most,
    url_pattern,
)

__all__ = ["model_schema"]

_ADVICE = "Use another type for the field, and convert the value in Python."


def model_schema(class_: Any, ref_template: str) -> dict[str, Any]:
    """Describe a pydantic class.

    Raises:
        InvalidRequestError: A field is validated in a way that JSON Schema cannot express, or the
            class has no schema.
    """
    try:
        return _described(class_, ref_template)
    except WebLLMError:
        raise
    except Exception as error:
        # pydantic's own, for a field without a schema or a class that is not complete.
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise _refusal(f"{class_.__name__} has no JSON Schema: {reason}") from error


def _described(class_: Any, ref_template: str) -> dict[str, Any]:
    module = sys.modules.get("pydantic.json_schema")
    if module is None or not hasattr(class_, "__pydantic_core_schema__"):
        return dict(class_.model_json_schema(ref_template=ref_template))
    generator = _generator(module.GenerateJsonSchema)
    found = class_.model_json_schema(ref_template=ref_template, schema_generator=generator)
    validated: dict[str, Any] = _validated(found)
    return validated


def _validated(value: Any) -> Any:
    """Replace what pydantic writes for types of its own by what it validates."""
    if isinstance(value, list):
        return [_validated(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("type") == "string" and value.get("format") in ("email", "name-email"):
        rest = {name: it for name, it in value.items() if name != "format"}
        return {**rest, "pattern": EMAIL, "not": {"pattern": SPECIAL_DOMAINS}}
    options = value.get("anyOf")
    if isinstance(options, list) and any(it.get("pattern") == _BYTE_SIZE for it in options):
        rest = {name: it for name, it in value.items() if name != "anyOf"}
        return {**rest, "type": "integer", "minimum": 0}
    return {name: _validated(item) for name, item in value.items()}


# The string of a `ByteSize`, of which pydantic takes known units only.
_BYTE_SIZE = r"^\s*(\d*\.?\d+)\s*(\w+)?"


@lru_cache(maxsize=1)
def _generator(base: Any) -> Any:
    """Make the subclass of pydantic's generator."""
    return type("_Generator", (_Methods, base), {})


class _Methods:
    """Methods named after the core schemas of pydantic, which override those of its generator."""

    by_alias: bool

    def model_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        before = self.by_alias
        # The names that this class reads, which are those of its aliases unless it says otherwise.
        self.by_alias = schema["cls"].model_config.get("validate_by_alias") is not False
        try:
            found: dict[str, object] = super().model_schema(schema)  # type: ignore[misc]
        finally:
            self.by_alias = before
        return found

    def model_field_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        if _is_path(schema.get("validation_alias")):
            raise _refusal("an alias that is a path into other values cannot be described")
        found: dict[str, object] = super().model_field_schema(schema)  # type: ignore[misc]
        return found

    def url_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        return {"type": "string", "pattern": url_pattern(schema.get("allowed_schemes"))}

    def multi_host_url_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        return self.url_schema(schema)

    def decimal_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        found: dict[str, object] = {"type": "number"}
        for name, keyword in _BOUNDS.items():
            if schema.get(name) is not None:
                found[keyword] = float(schema[name])
        step, digits = schema.get("multiple_of"), schema.get("max_digits")
        places = schema.get("decimal_places")
        if step is not None:
            found["multipleOf"] = float(step)
        elif places is not None:
            found["multipleOf"] = float(f"1e-{places}")
        if digits is not None:
            # All of the digits may be after the point, unless the places say how many are.
            whole = 10 ** (digits - (places or 0))
            limits = {"exclusiveMinimum": -whole, "exclusiveMaximum": whole}
            if places is None:
                found = {**found, "type": "integer"}
            return {"allOf": [found, {"type": "number", **limits}]}
        return found

    def date_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        _refuse_now(schema)
        patterns = [
            {"pattern": make(schema[name].isoformat(), exclusive=name in ("gt", "lt"))}
            for name, make in (("ge", at_least), ("gt", at_least), ("le", at_most), ("lt", at_most))
            if isinstance(schema.get(name), date)
        ]
        plain: dict[str, object] = {"type": "string", "format": "date"}
        return {**plain, "allOf": patterns} if patterns else plain

    def datetime_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        _refuse_now(schema)
        if any(isinstance(schema.get(name), datetime) for name in _BOUNDS):
            raise _refusal("bounds of a datetime cannot be expressed in JSON Schema")
        if schema.get("tz_constraint") == "naive":
            return {"type": "string", "pattern": NAIVE_DATETIME}
        return {"type": "string", "format": "date-time"}

    def complex_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        del schema
        return {"type": "string", "pattern": COMPLEX}

    def str_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        found: dict[str, object] = super().str_schema(schema)  # type: ignore[misc]
        if schema.get("strip_whitespace") and schema.get("min_length"):
            # The length counts after the white space around the string was removed.
            return {**found, "allOf": [{"pattern": STRIPPED}]}
        return found

    def json_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        del schema
        raise _refusal("a string that contains JSON cannot be expressed in JSON Schema")

    def dict_schema(self, schema: Mapping[str, Any]) -> dict[str, object]:
        found: dict[str, object] = super().dict_schema(schema)  # type: ignore[misc]
        if "keys_schema" not in schema:
            return found
        keys = self.generate_inner(schema["keys_schema"])  # type: ignore[attr-defined]
        if keys.get("type") == "integer":
            return {**found, "propertyNames": {"pattern": INTEGER_KEY}}
        if keys.get("type") in ("number", "boolean", "null"):
            raise _refusal(f"keys of a dict that are of the type {keys['type']} cannot be written")
        if keys.get("format") or keys.get("enum"):
            return {**found, "propertyNames": dict(keys)}
        return found


def _is_path(alias: object) -> bool:
    """Return True if an alias is no name: a path, or a choice of paths."""
    if not isinstance(alias, list):
        return False
    choices = alias if isinstance(alias[0], list) else [alias]
    return all(len(path) > 1 for path in choices)


_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def _refuse_now(schema: Mapping[str, Any]) -> None:
    if schema.get("now_op") is not None:
        raise _refusal("a date before or after today cannot be expressed in JSON Schema")


def _refusal(problem: str) -> InvalidRequestError:
    return InvalidRequestError(problem, advice=_ADVICE, param="response_format")

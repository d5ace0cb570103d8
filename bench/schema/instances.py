"""How an instance of a schema is written, and what it would be without undeclared properties.

Grammars write properties in the order of the schema, so an instance is sorted before it is tested.

Examples:
    >>> schema = {"properties": {"b": {}, "a": {}}}
    >>> Instances(schema).ordered({"a": 1, "b": 2, "c": 3})
    {'b': 2, 'a': 1, 'c': 3}
    >>> Instances(schema).ordered({"a": 1, "c": 3}, closed=True)
    {'a': 1}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pywebllm.schema.document.references import resolve
from pywebllm.schema.typed.place import Place

__all__ = ["Instances"]

_IN_PLACE = ("allOf", "anyOf", "oneOf")
_CONDITIONS = ("if", "then", "else", "not")
_BY_NAME = ("dependentSchemas", "dependencies")


class Instances:
    """Sorts the instances of one schema.

    Args:
        schema: The JSON Schema.
    """

    def __init__(self, schema: object) -> None:
        self._root = schema

    def ordered(self, value: Any, *, closed: bool = False) -> Any:
        """Sort the properties of all objects in a value as the schema does.

        Args:
            value: A JSON value.
            closed: Whether to drop properties of objects that the schema leaves open without
                saying so: those with `properties` and without `additionalProperties`.
        """
        return self._ordered(value, [self._root], closed=closed)

    def _ordered(self, value: Any, schemas: list[object], *, closed: bool) -> Any:
        here = list(self._applied(schemas))
        if isinstance(value, list):
            return [
                self._ordered(item, list(_of_item(here, at)), closed=closed)
                for at, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        names = list(dict.fromkeys(_names(here)))
        drops = closed and any("properties" in schema for schema in here)
        drops = drops and not any(_opens(schema) for schema in here)
        sorted_ = [name for name in names if name in value]
        rest = [] if drops else [name for name in value if name not in sorted_]
        return {
            name: self._ordered(value[name], list(_of_property(here, name)), closed=closed)
            for name in (*sorted_, *rest)
        }

    def _applied(self, schemas: list[object]) -> Iterator[Mapping[str, Any]]:
        """Yield all schemas that may apply to the value itself."""
        seen: set[int] = set()
        open_ = list(schemas)
        while open_:
            schema = open_.pop(0)
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema
            if isinstance(schema.get("$ref"), str):
                open_.append(self._target(schema["$ref"]))
            for keyword in _IN_PLACE:
                open_ += schema.get(keyword, [])
            open_ += [schema[keyword] for keyword in _CONDITIONS if keyword in schema]
            for keyword in _BY_NAME:
                inner = schema.get(keyword)
                open_ += inner.values() if isinstance(inner, Mapping) else ()

    def _target(self, reference: str) -> object:
        try:
            return resolve(self._root, reference, Place())
        except ValueError:
            return None


def _names(schemas: list[Mapping[str, Any]]) -> Iterator[str]:
    for keyword, kind in (("properties", dict), ("required", list)):
        for schema in schemas:
            names = schema.get(keyword)
            if isinstance(names, kind):
                yield from names


def _opens(schema: Mapping[str, Any]) -> bool:
    return any(name in schema for name in ("additionalProperties", "patternProperties"))


def _of_property(schemas: list[Mapping[str, Any]], name: str) -> Iterator[object]:
    for schema in schemas:
        properties = schema.get("properties")
        if isinstance(properties, dict) and name in properties:
            yield properties[name]
        else:
            yield schema.get("additionalProperties")
        patterns = schema.get("patternProperties")
        yield from patterns.values() if isinstance(patterns, dict) else ()


def _of_item(schemas: list[Mapping[str, Any]], at: int) -> Iterator[object]:
    for schema in schemas:
        items = schema.get("prefixItems", schema.get("items"))
        if isinstance(items, list):
            yield items[at] if at < len(items) else schema.get("additionalItems")
        yield schema.get("items")
        yield schema.get("contains")

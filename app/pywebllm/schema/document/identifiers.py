"""References to `$id` and `$anchor`, written as pointers into the document.

Examples:
    >>> schema = {"$defs": {"A": {"$anchor": "a", "type": "null"}}, "$ref": "#a"}
    >>> localized(schema)["$ref"]
    '#/$defs/A'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urldefrag, urljoin

__all__ = ["localized"]

_BASE = "https://document.invalid/"
_SCHEMAS = (
    "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not",
    "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties", "allOf", "anyOf",
    "oneOf", "prefixItems",
)  # fmt: skip
_BY_NAME = (
    "$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties",
)  # fmt: skip

# A schema, its pointer and its base URI.
_Found = tuple[Mapping[str, Any], str, str]


def localized(root: Any) -> Any:
    """Rewrite the references of a document that are not pointers from its root.

    Those to other documents, or to nothing, stay as they are.
    """
    if not isinstance(root, Mapping):
        return root
    schemas = list(_schemas(root))
    targets, dynamic = _targets(schemas)
    changes: dict[int, dict[str, str]] = {}
    for schema, _, base in schemas:
        change = _change(schema, base, targets, dynamic)
        if change:
            changes[id(schema)] = change
    return _copied(root, changes) if changes else root


def _targets(schemas: list[_Found]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """List the pointers of all URIs, and those of all dynamic anchors."""
    targets: dict[str, str] = {}
    dynamic: dict[str, list[str]] = {}
    for schema, pointer, base in schemas:
        if _identifier(schema) is not None or not pointer:
            targets.setdefault(base, pointer)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(schema.get(keyword), str):
                targets.setdefault(f"{base}#{schema[keyword]}", pointer)
        if isinstance(schema.get("$dynamicAnchor"), str):
            dynamic.setdefault(schema["$dynamicAnchor"], []).append(pointer)
    return targets, dynamic


def _schemas(root: Mapping[str, Any]) -> Iterator[_Found]:
    open_: list[tuple[Any, str, str]] = [(root, "", _BASE)]
    for value, pointer, base in open_:
        if isinstance(value, list | tuple):
            open_ += [(inner, f"{pointer}/{at}", base) for at, inner in enumerate(value)]
        if not isinstance(value, Mapping):
            continue
        identifier = _identifier(value)
        here = base if identifier is None else urldefrag(_joined(base, identifier))[0]
        yield value, pointer, here
        for keyword in _SCHEMAS:
            if keyword in value:
                open_.append((value[keyword], f"{pointer}/{keyword}", here))
        for keyword in _BY_NAME:
            inner = value.get(keyword)
            if isinstance(inner, Mapping):
                open_ += [
                    (one, f"{pointer}/{keyword}/{_step(name)}", here)
                    for name, one in inner.items()
                    if isinstance(name, str)
                ]


def _identifier(schema: Mapping[str, Any]) -> str | None:
    found = schema.get("$id", schema.get("id"))
    return found if isinstance(found, str) else None


def _joined(base: str, reference: str) -> str:
    if reference.startswith("#"):
        return base + reference  # `urljoin` would drop the fragment's base of a `urn:`
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def _step(name: str) -> str:
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~$")


def _change(
    schema: Mapping[str, Any], base: str, targets: dict[str, str], dynamic: dict[str, list[str]]
) -> dict[str, str]:
    """Write what replaces the references of one schema."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and not (_is_pointer(reference) and base == _root(targets)):
        target = _target(_joined(base, reference), targets)
        return {} if target is None else {"$ref": f"#{target}"}
    name = schema.get("$dynamicRef")
    if isinstance(name, str) and "$ref" not in schema:
        target = _target(_joined(base, name), targets)
        anchor = name.partition("#")[2]
        if target is not None and dynamic.get(anchor, [target]) == [target]:
            return {"$ref": f"#{target}", "$dynamicRef": ""}
    if schema.get("$recursiveRef") == "#" and "$ref" not in schema and base in targets:
        return {"$ref": f"#{targets[base]}", "$recursiveRef": ""}
    return {}


def _is_pointer(reference: str) -> bool:
    return reference == "#" or reference.startswith("#/")


def _root(targets: dict[str, str]) -> str:
    return next((base for base, pointer in targets.items() if not pointer), _BASE)


def _target(reference: str, targets: dict[str, str]) -> str | None:
    base, fragment = urldefrag(reference)
    if fragment and not fragment.startswith("/"):
        return targets.get(f"{base}#{fragment}")
    return None if base not in targets else targets[base] + fragment


def _copied(value: Any, changes: dict[int, dict[str, str]]) -> Any:
    if isinstance(value, list | tuple):
        return [_copied(inner, changes) for inner in value]
    if not isinstance(value, Mapping):
        return value
    change = changes.get(id(value), {})
    found = {name: _copied(inner, changes) for name, inner in value.items()}
    return {name: inner for name, inner in {**found, **change}.items() if change.get(name) != ""}

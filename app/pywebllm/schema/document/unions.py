"""`anyOf` and `oneOf`: branches, and the proof that those of `oneOf` exclude each other.

Examples:
    >>> schema = {"type": "string", "oneOf": [{"maxLength": 2}, {"type": "null"}]}
    >>> branches(schema, Place(), lambda schema, place: schema)
    [({'type': 'string', 'maxLength': 2}, Place(param='response_format', path='$.oneOf[0]',
    name='', depth=1))]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations, product
from typing import Any

from pywebllm.schema.typed.place import Place

from .canonical import as_json
from .keywords import Schema
from .merging import allowed_types, contradicts_itself, merged

__all__ = ["branches"]

Flatten = Callable[[object, Place], Schema | None]


def branches(schema: Schema, place: Place, flatten: Flatten) -> list[tuple[Schema, Place]] | None:
    """List the schemas that a flat schema chooses from; None when it makes no choice.

    Each is flat in turn and joined with the keywords beside the choice; a branch that contradicts
    these is left out.

    Raises:
        InvalidRequestError: Two branches of `oneOf` may fit the same value.
    """
    keyword = _choice(schema)
    if keyword is None:
        return None
    found = _options(schema, keyword, place, flatten)
    if keyword == "oneOf":
        _check_apart(found, place, flatten)
    return found


def _options(
    schema: Schema, keyword: str, place: Place, flatten: Flatten
) -> list[tuple[Schema, Place]]:
    rest = {name: value for name, value in schema.items() if name != keyword}
    options: Any = schema[keyword]
    found = []
    for at, option in enumerate(options):
        inner = place.at(keyword, at)
        flat = flatten(option, inner)
        both = None if flat is None else merged(rest, flat, inner)
        if both is not None and not contradicts_itself(both):
            found.append((both, inner))
    return found


def _choice(schema: Schema) -> str | None:
    return next((name for name in ("anyOf", "oneOf") if name in schema), None)


def _check_apart(found: list[tuple[Schema, Place]], place: Place, flatten: Flatten) -> None:
    for (left, ours), (right, theirs) in combinations(found, 2):
        sides = (_chosen(side, place, flatten) for side in (left, right))
        if not all(_apart(one, other, place, flatten) for one, other in product(*sides)):
            raise place.error(
                f"'oneOf': {ours.path} and {theirs.path} may both fit one value",
                advice="Use anyOf, or give each branch a required property with its own const.",
            )


def _chosen(schema: Schema, place: Place, flatten: Flatten) -> list[Schema]:
    """List the schemas a branch chooses from, without those that are choices in turn.

    `{"anyOf": [A, {"oneOf": [B, C]}]}` gives A, B and C; one that is not a choice gives itself.
    """
    found: dict[str, Schema] = {}
    open_ = [(schema, place)]
    while open_:
        option, inner = open_.pop()
        # Once for each: choices may share their options, or lead back to themselves.
        key, keyword = as_json(option), _choice(option)
        if keyword is not None and key not in found:
            open_ += _options(option, keyword, inner, flatten)
        found[key] = option
    return [option for option in found.values() if _choice(option) is None]


def _apart(left: Schema, right: Schema, place: Place, flatten: Flatten) -> bool:
    """Return whether it is certain that no value fits both."""
    if _apart_by_type(_types(left), _types(right)):
        return True
    ours, theirs = left.get("enum"), right.get("enum")
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return not {as_json(_number(v)) for v in ours} & {as_json(_number(v)) for v in theirs}
    if _types(left) != {"object"} or _types(right) != {"object"}:
        return False
    return _misses(left, right) or _misses(right, left) or _tagged(left, right, place, flatten)


def _types(schema: Schema) -> set[str]:
    named = allowed_types(schema)
    if named is not None:
        return set(named)
    values = schema.get("enum")
    if isinstance(values, list | tuple):
        return {_NAMES.get(type(value), "?") for value in values}
    return {"?"}


_NAMES = {
    str: "string", bool: "boolean", int: "number", float: "number", type(None): "null",
    dict: "object", list: "array",
}  # fmt: skip


def _apart_by_type(left: set[str], right: set[str]) -> bool:
    wide = [{"number" if name == "integer" else name for name in names} for names in (left, right)]
    return "?" not in left | right and not wide[0] & wide[1]


def _number(value: object) -> object:
    # 1 and 1.0 are one value.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _misses(left: Schema, right: Schema) -> bool:
    """Return whether one closed object lacks a property that the other requires."""
    required: Any = right.get("required", ())
    return left.get("additionalProperties") is False and any(
        name not in _properties(left) for name in required
    )


def _tagged(left: Schema, right: Schema, place: Place, flatten: Flatten) -> bool:
    """Return whether no value of a property that both require fits both.

    So it is with `kind` of `{"properties": {"kind": {"const": "cat"}}, "required": ["kind"]}` and
    the same with "dog".
    """
    ours, theirs = _properties(left), _properties(right)
    wanted: Any = left.get("required", ())
    also: Any = right.get("required", ())
    for name in wanted:
        if name in also and name in ours and name in theirs:
            one, other = flatten(ours[name], place), flatten(theirs[name], place)
            if (
                one is None
                or other is None
                or ("enum" in one and "enum" in other and _apart(one, other, place, flatten))
            ):
                return True
    return False


def _properties(schema: Schema) -> Mapping[str, object]:
    found = schema.get("properties", {})
    assert isinstance(found, Mapping)
    return found

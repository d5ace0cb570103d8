"""`anyOf` and `oneOf`: branches, and the proof that those of `oneOf` exclude each other.

Examples:
    >>> schema = {"type": "string", "oneOf": [{"maxLength": 2}, {"type": "null"}]}
    >>> branches(schema, Place(), lambda schema, place: schema)
    [({'type': 'string', 'maxLength': 2}, Place(param='response_format', path='$.oneOf[0]',
    name='', depth=1))]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from pywebllm.errors import InvalidRequestError
from pywebllm.schema.typed.place import Place

from .canonical import as_json
from .checks import Several
from .evaluation import fits
from .exclusions import Exclusions
from .keywords import Schema
from .merging import OpenProperties, allowed_types, contradicts_itself, merged
from .unevaluated import check_resolved

__all__ = ["branches"]

Flatten = Callable[[object, Place], Schema | None]
_Branches = list[tuple[Schema, Place]]


def branches(schema: Schema, place: Place, flatten: Flatten) -> _Branches | None:
    """List the schemas that a flat schema chooses from; None when it makes no choice.

    Each is flat in turn and joined with the keywords beside the choice; a branch that contradicts
    these is left out. Of several choices that all apply the first one is made.

    Raises:
        InvalidRequestError: Two branches of `oneOf` may fit the same value.
    """
    keyword = _choice(schema)
    if keyword is None:
        return _with_another(schema, place, flatten)
    found = _options(schema, keyword, place, flatten)
    return _apart_branches(found, place, flatten) if keyword == "oneOf" else found


# pydantic 2.12.5 lets a Decimal be a number, or a string whose pattern forgets the bounds.
_DECIMAL_TEXT = "^(?!^[-+.]*$)"


def _is_decimal_text(option: object, options: Sequence[object]) -> bool:
    if not isinstance(option, Mapping) or option.get("type") != "string":
        return False
    is_decimal = str(option.get("pattern", "")).startswith(_DECIMAL_TEXT)
    numbers = (it for it in options if isinstance(it, Mapping) and it.get("type") == "number")
    return is_decimal and next(numbers, None) is not None


def _options(schema: Schema, keyword: str, place: Place, flatten: Flatten) -> _Branches:
    rest = {name: value for name, value in schema.items() if name != keyword}
    options: Any = schema[keyword]
    if isinstance(options, Several):
        options, *others = options
        rest[keyword] = Several(others) if others[1:] else others[0]
    found = []
    for at, option in enumerate(options):
        if keyword == "anyOf" and _is_decimal_text(option, options):
            continue
        inner = place.at(keyword, at)
        flat = flatten(option, inner)
        if flat is not None:
            check_resolved(flat, rest, inner)
        both = None if flat is None else merged(rest, flat, inner)
        if both is not None and not _contradicts(both, inner, flatten):
            found.append((both, inner))
    return found


def _with_another(schema: Schema, place: Place, flatten: Flatten) -> _Branches | None:
    """List the schemas of objects that have a property besides some: a known one, or another."""
    excluded: Any = schema.get("not", {})
    if not excluded.get("others"):
        return None
    (names, value, _), *others = excluded["others"]
    rest = {**schema, "not": Exclusions({**excluded, "others": others})}
    allowed = flatten(names, place)
    options: list[Schema] = [
        {"required": [name], "properties": OpenProperties({name: value})}
        for name in _properties(schema)
        if fits(name, allowed, place, flatten)
    ]
    options.append({"not": Exclusions(last=[(names, value)])})
    joined = [merged(rest, {"type": "object", **option}, place) for option in options]
    return [(both, place) for both in joined if not _contradicts(both, place, flatten)]


def _contradicts(schema: Schema, place: Place, flatten: Flatten) -> bool:
    """Return whether no value fits a schema, as far as that is seen without reading it."""
    types = allowed_types(schema) or ()
    if contradicts_itself(schema) or (len(types) == 1 and _is_between_nothing(schema)):
        return True
    if types != ("object",):
        return False
    properties, required = _properties(schema), _names(schema)
    excluded: Any = schema.get("not", {})
    if not required.isdisjoint(excluded.get("required", ())):
        return True
    return any(
        name in properties and flatten(properties[name], place.at("properties", name)) is None
        for name in required
    )


def _choice(schema: Schema) -> str | None:
    return next((name for name in ("anyOf", "oneOf") if name in schema), None)


def _apart_branches(found: _Branches, place: Place, flatten: Flatten) -> _Branches:
    """Exclude from each branch of `oneOf` what fits another one."""
    others: list[list[Schema]] = [[] for _ in found]
    for (left, (ours, here)), (right, (theirs, there)) in combinations(enumerate(found), 2):
        sides = (_chosen(side, place, flatten) for side in (ours, theirs))
        if not all(_apart(one, other, place, flatten) for one, other in product(*sides)):
            others[left].append(theirs)
            others[right].append(ours)
            problem = f"'oneOf': {here.path} and {there.path} may both fit one value"
    try:
        return [
            (branch, inner)
            for (schema, inner), excluded in zip(found, others, strict=True)
            if (branch := _without(schema, excluded, inner, flatten)) is not None
        ]
    except InvalidRequestError as error:
        raise place.error(
            problem,
            advice="Use anyOf, or give each branch a required property with its own const.",
        ) from error


def _without(
    schema: Schema, excluded: list[Schema], place: Place, flatten: Flatten
) -> Schema | None:
    if not excluded:
        return schema
    # What both require is left out: a value that fits the one schema fits that of the other.
    rests = [
        {
            name: value
            for name, value in other.items()
            if schema.get(name) != value or name == "type"
        }
        for other in excluded
    ]
    found = flatten({"allOf": [schema, *({"not": rest} for rest in rests)]}, place)
    return None if found is None or _contradicts(found, place, flatten) else found


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
    for one, other in ((left, right), (right, left)):
        values = one.get("enum")
        if isinstance(values, list | tuple):
            return all(fits(value, other, place, flatten) is False for value in values)
    if _types(left) != {"object"} or _types(right) != {"object"}:
        return _apart_by_bounds(left, right)
    return _misses(left, right) or _misses(right, left) or _tagged(left, right, place, flatten)


def _apart_by_bounds(left: Schema, right: Schema) -> bool:
    """Return whether one of two schemas of one type ends where the other has not begun."""
    if len(_types(left) | _types(right)) > 1:
        return False
    both = merged(
        {name: value for name, value in left.items() if name in _BOUNDS},
        {name: value for name, value in right.items() if name in _BOUNDS},
        Place(),
    )
    return _is_between_nothing(both)


def _is_between_nothing(schema: Mapping[str, Any]) -> bool:
    """Return whether a lower bound is above an upper one."""
    for lower, upper in _PAIRS:
        low = max((schema[name] for name in lower if name in schema), default=None)
        high = min((schema[name] for name in upper if name in schema), default=None)
        if low is not None and high is not None and low > high:
            return True
    return False


_PAIRS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")),
    (("minLength",), ("maxLength",)),
    (("minItems",), ("maxItems",)),
    (("minProperties",), ("maxProperties",)),
)
_BOUNDS = frozenset(name for pair in _PAIRS for names in pair for name in names)


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


def _misses(left: Schema, right: Schema) -> bool:
    """Return whether one closed object lacks a property that the other requires."""
    excluded: Any = left.get("not", {})
    if not _names(right).isdisjoint(excluded.get("required", ())):
        return True
    is_closed = left.get("additionalProperties") is False and "patternProperties" not in left
    return is_closed and not _names(right) <= set(_properties(left))


def _names(schema: Schema) -> set[str]:
    required: Any = schema.get("required", ())
    return set(required)


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
            if one is None or other is None or _apart_values(one, other, place, flatten):
                return True
    return False


def _apart_values(left: Schema, right: Schema, place: Place, flatten: Flatten) -> bool:
    if _choice(left) or _choice(right):
        return False
    if _apart_by_type(_types(left), _types(right)):
        return True
    return ("enum" in left or "enum" in right) and _apart(left, right, place, flatten)


def _properties(schema: Schema) -> Mapping[str, object]:
    found = schema.get("properties", {})
    assert isinstance(found, Mapping)
    return found

"""How two values of one keyword become one that says the same as both.

Examples:
    >>> of_types("number", ["string", "integer"])
    ['integer']
    >>> of_enums([1, 2, True], [True, 2, 3])
    [2, True]
    >>> of_steps(4, 6)
    12
    >>> several("^a", "b$")
    ('^a', 'b$')
    >>> all_of({"minimum": 1}, {"type": "integer"})
    {'allOf': [{'minimum': 1}, {'type': 'integer'}]}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .canonical import as_json
from .checks import TYPES, Several

__all__ = [
    "all_of",
    "by_pattern",
    "exclusions",
    "of_enums",
    "of_flags",
    "of_names",
    "of_steps",
    "of_types",
    "several",
]


def of_types(left: Any, right: Any) -> list[str]:
    """Keep the types in both; an empty list when there is none, see `contradicts_itself`."""
    first, second = ([value] if isinstance(value, str) else list(value) for value in (left, right))
    both = [name for name in first if name in second]
    if "integer" not in both and (_narrows(first, second) or _narrows(second, first)):
        both.append("integer")
    return sorted(both, key=TYPES.index)


def of_enums(left: Any, right: Any) -> list[object]:
    """Keep the values in both."""
    texts = {as_json(value) for value in right}
    return [value for value in left if as_json(value) in texts]


def of_steps(left: Any, right: Any) -> Any:
    """Take the least common multiple of two steps."""
    first, second = Fraction(str(left)), Fraction(str(right))
    numerator = math.lcm(first.numerator, second.numerator)
    found = Fraction(numerator, math.gcd(first.denominator, second.denominator))
    return int(found) if found.denominator == 1 else float(found)


def of_names(left: Any, right: Any) -> list[object]:
    """List the names in either."""
    return [*left, *(name for name in right if name not in left)]


def of_flags(left: Any, right: Any) -> Any:
    """Set a flag that either sets."""
    return left or right


def all_of(left: Any, right: Any) -> Any:
    """Require both of two schemas, each requirement once.

    Definitions that refer to each other in `allOf` would otherwise grow with each level, and the
    reading of them would not end: `{"allOf": [N, M]}` and `{"allOf": [M, N]}` inside them join to
    `{"allOf": [N, M]}` again.
    """
    first, *others = _conjuncts(left, right).values()
    return {"allOf": [first, *others]} if others else first


def several(left: Any, right: Any) -> Several:
    """Keep all values of a keyword, each once."""
    both = (*_values(left), *_values(right))
    return Several({as_json(value): value for value in both}.values())


def by_pattern(left: Any, right: Any) -> dict[str, object]:
    """Require, of properties whose names match a pattern, what either requires of them."""
    both = {name: all_of(left[name], right[name]) for name in left if name in right}
    return {**left, **right, **both}


def exclusions(left: Any, right: Any) -> Any:
    """Exclude what either excludes."""
    names = (*left, *(name for name in right if name not in left))
    return type(left)({name: of_names(left.get(name, ()), right.get(name, ())) for name in names})


def _values(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, Several) else (value,)


def _narrows(narrow: list[str], wide: list[str]) -> bool:
    # An integer is a number as well.
    return "integer" in narrow and "number" in wide


def _conjuncts(*schemas: Any) -> dict[str, Any]:
    """List the schemas that must all be fitted for some schemas to be fitted, by their text."""
    found: dict[str, Any] = {}
    for schema in schemas:
        parts = schema["allOf"] if _is_all_of(schema) else None
        found.update({as_json(schema): schema} if parts is None else _conjuncts(*parts))
    return found


def _is_all_of(schema: Any) -> bool:
    if not isinstance(schema, Mapping) or schema.keys() != {"allOf"}:
        return False
    # Values that are not lists are refused when the schema is flattened.
    return isinstance(schema["allOf"], list | tuple) and bool(schema["allOf"])

"""From JSON Schema to a grammar in xgrammar's EBNF, of which every text fits the schema.

The texts are what `json.dumps(value, ensure_ascii=False)` writes: `{"a": 1, "b": [1, 2]}`. There is
no other white space, properties come in the order of the schema, numbers have no exponent, and a
character is escaped only where it must be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pywebllm.schema.document.flattening import Flattener
from pywebllm.schema.document.keywords import TYPES, Schema
from pywebllm.schema.document.merging import allowed_types
from pywebllm.schema.document.place import Place
from pywebllm.schema.document.unions import branches
from pywebllm.schema.ebnf.endings import endless
from pywebllm.schema.ebnf.factoring import factored
from pywebllm.schema.ebnf.nodes import NOTHING, Node, Rule, Text, choice, render
from pywebllm.schema.ebnf.pruning import pruned

from .arrays import array_node
from .literals import enum_values, exact_json, literal
from .numbers import integer_node, number_node
from .objects import object_node
from .strings import string_node

__all__ = ["grammar_of", "json_object_grammar"]

_ROOT = "root"


def grammar_of(
    schema: Mapping[str, object],
    *,
    param: str = "response_format",
) -> str:
    """Write the grammar of the JSON texts that fit a schema. Equal schemas give equal grammars.

    Args:
        schema: JSON Schema, draft 2020-12.
        param: The parameter of the request that the schema came by, for errors.

    Raises:
        InvalidRequestError: The schema holds what a grammar cannot say, or nothing fits it; the
            error names the keyword and its JSON path.
    """
    return _Grammar(schema).text(Place(param))


def json_object_grammar() -> str:
    """Write the grammar of any JSON object."""
    return grammar_of({"type": "object"})


class _Grammar:
    """Writes the schemas of one document into the rules of one grammar."""

    def __init__(self, schema: object) -> None:
        self._schema = schema
        self._flattener = Flattener(schema)
        self._rules: dict[str, Node] = {_ROOT: NOTHING}
        self._names: dict[str, str] = {}
        self._empty: set[str] = set()
        self._choosing: frozenset[str] = frozenset()
        self._choices: dict[str, Node] = {}

    def text(self, place: Place) -> str:
        """Write the whole grammar."""
        self._rules[_ROOT] = self.write(self._schema, place)
        rules = pruned(self._rules, _ROOT)
        if not rules:
            raise place.error("nothing fits this schema", advice="Mend what contradicts itself.")
        if endless(rules):
            raise place.error(
                "the schema requires itself inside itself, so no text of it ever ends",
                advice="Make the property that leads back optional, or let it be null.",
            )
        return render({name: factored(node) for name, node in rules.items()})

    def write(self, schema: object, place: Place) -> Node:
        """Write what fits a schema; `NOTHING` when nothing does."""
        flat = self.flat(schema, place)
        if flat is None:
            return NOTHING
        if not flat:
            # Anything, in a rule of its own: it holds itself.
            return self.rule("anything", lambda: self._plain(flat, Place(place.param)), name="json")
        options = branches(flat, place, self.flat)
        if options is None:
            return self._plain(flat, place)
        return self._one_of(flat, options, place)

    def flat(self, schema: object, place: Place) -> Schema | None:
        """Resolve `$ref`, `allOf` and `const` at the top of a schema; None when nothing fits."""
        return self._flattener.flat(schema, place)

    def rule(self, key: str, build: Callable[[], Node], *, name: str) -> Node:
        """Put a node into a rule of its own, once for each key, named like `name`."""
        if key not in self._names:
            self._names[key] = self._free(name)
            self._rules[self._names[key]] = NOTHING  # keeps the place while it is written
            self._write_rule(key, build)
        return NOTHING if key in self._empty else Rule(self._names[key])

    def _write_rule(self, key: str, build: Callable[[], Node]) -> None:
        # A rule starts with a text of its own, so choices behind it may come back to those before.
        before, self._choosing = self._choosing, frozenset()
        found = build()
        self._choosing = before
        # An empty rule keeps its name, too: rules that were written inside it may refer to it.
        self._rules[self._names[key]] = found
        if found == NOTHING:
            self._empty.add(key)

    def _free(self, name: str) -> str:
        stem = re.sub(r"[^a-zA-Z0-9_]+", "_", name).strip("_") or "value"
        stem = f"_{stem}" if stem[0].isdigit() else stem
        found, count = stem, 1
        while found in self._rules:
            count += 1
            found = f"{stem}_{count}"
        return found

    def _one_of(self, flat: Schema, options: list[tuple[Schema, Place]], place: Place) -> Node:
        # Once for each: choices that share what they choose from would be written 2ⁿ times.
        key = exact_json(flat)
        if key in self._choices:
            return self._choices[key]
        if key in self._choosing:
            raise place.error("the choice only leads back to itself", advice="Mend '$ref'.")
        before, self._choosing = self._choosing, self._choosing | {key}
        found = choice(*(self.write(option, inner) for option, inner in options))
        self._choosing = before
        self._choices[key] = found
        return found

    def _plain(self, schema: Schema, place: Place) -> Node:
        if "enum" in schema:
            return choice(*(literal(value, place) for value in enum_values(schema, place)))
        return choice(*(self._typed(name, schema, place) for name in _types(schema)))

    def _typed(self, name: str, schema: Schema, place: Place) -> Node:
        if name == "boolean":
            return choice(Text("true"), Text("false"))
        if name == "null":
            return Text("null")
        if name == "string":
            return string_node(schema, place, self)
        # In a rule of its own: it may come again, objects and arrays also inside themselves.
        words = {word: schema[word] for word in schema if word in _KEYWORDS_OF[name]}
        label = name if name in _NUMBERS else place.name or name
        write = _WRITERS[name]
        return self.rule(
            f"{name} {exact_json(words)}", lambda: write(words, place, self), name=label
        )


def _types(schema: Schema) -> list[str]:
    """List the types a flat schema is for: those it names, else those its keywords are for."""
    named = allowed_types(schema)
    if named is None:
        named = (
            tuple(name for name, words in _KEYWORDS_OF.items() if words & schema.keys()) or TYPES
        )
    return [name for name in named if name != "integer" or "number" not in named]


_WRITERS = {
    "object": object_node,
    "array": array_node,
    "number": number_node,
    "integer": integer_node,
}
_NUMBERS = ("number", "integer")
_OF_NUMBERS = {
    "exclusiveMaximum", "exclusiveMinimum", "format", "maximum", "minimum", "multipleOf",
}  # fmt: skip
_KEYWORDS_OF = {
    "object": {
        "additionalProperties", "maxProperties", "minProperties", "properties", "propertyNames",
        "required",
    },
    "array": {"items", "maxItems", "minItems", "prefixItems", "uniqueItems"},
    "string": {"format", "maxLength", "minLength", "pattern"},
    "number": _OF_NUMBERS,
    "integer": _OF_NUMBERS,
}  # fmt: skip

r"""From a typed schema to a grammar in xgrammar's EBNF, of which every text fits the schema.

The texts are what `json.dumps(value, ensure_ascii=False)` writes: `{"a": 1, "b": [1, 2]}`. There is
no other white space, properties come in the order of the schema, numbers have no exponent, and a
character is escaped only where it must be.

Examples:
    >>> yes_or_no = AnyOf((Enum(('"yes"',)), Enum(('"no"',))))
    >>> print(write_grammar(Document(yes_or_no, {})))
    root ::= "\"" ("yes\"" | "no\"")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable

from pywebllm.schema.ebnf.endings import endless
from pywebllm.schema.ebnf.factoring import factored
from pywebllm.schema.ebnf.nodes import NOTHING, Node, Rule, Text, choice, render
from pywebllm.schema.ebnf.pruning import pruned
from pywebllm.schema.ebnf.size import ADVICE, MOST, PROBLEM, TooLargeError, size_of_rules
from pywebllm.schema.typed.values import (
    BOOLEAN,
    NULL,
    AnyOf,
    Anything,
    Array,
    Document,
    Enum,
    Extra,
    Nothing,
    Number,
    Object,
    Ref,
    String,
    TypedSchema,
)

from .arrays import array_node
from .numbers import number_node
from .objects import object_node
from .strings import string_node

__all__ = ["GrammarWriter", "write_grammar"]

_ROOT = "root"
# web-xgrammar 0.1.27 reads the others as words of its own, not as names of rules, and ends.
_RESERVED = frozenset({_ROOT, "true", "false", "TagDispatch"})
_ANYTHING: tuple[TypedSchema, ...] = (
    Object(extras=(Extra(String(), Anything()),)),
    Array(items=Anything()),
    String(),
    Number(),
    BOOLEAN,
    NULL,
)


def write_grammar(document: Document) -> str:
    """Write the grammar of the JSON texts that fit a document. Equal ones give equal grammars.

    Raises:
        InvalidRequestError: The document says what a grammar cannot express, nothing fits it, or
            the grammar would be too large for the engine.
    """
    writer = GrammarWriter(document)
    try:
        root = writer.write(document.root)
    except TooLargeError as error:
        raise document.place.error(PROBLEM, advice=ADVICE) from error
    # Before anything is written out: what repeats share is stored once.
    if size_of_rules({_ROOT: root, **writer.rules}) > MOST:
        raise document.place.error(PROBLEM, advice=ADVICE)
    rules = pruned({_ROOT: root, **writer.rules}, _ROOT)
    if not rules:
        raise document.place.error(
            "nothing fits this schema", advice="Remove one of the keywords that contradict others."
        )
    if endless(rules):
        raise document.place.error(
            "the schema requires itself inside itself, so no text of it ever ends",
            advice="Make the property that leads back optional, or let it be null.",
        )
    return render({name: factored(node) for name, node in rules.items()})


class GrammarWriter:
    """Writes the schemas of one document into the rules of one grammar.

    Attributes:
        rules: The rules written so far, by name.
    """

    def __init__(self, document: Document) -> None:
        self.rules: dict[str, Node] = {}
        self._definitions = document.definitions
        self._names: dict[Hashable, str] = {}
        self._empty: set[Hashable] = set()
        self._counts: dict[str, int] = {}  # of rules that would have the same name

    def write(self, schema: TypedSchema) -> Node:
        """Write what fits a schema; `NOTHING` when nothing does."""
        match schema:
            case Nothing():
                return NOTHING
            case Ref(name):
                return self.write(self._definitions[name])
            case AnyOf(options):
                return choice(*map(self.write, options))
            case Enum(texts):
                return choice(*map(Text, texts))
            case _:
                return self._in_a_rule(schema)

    def shared(self, key: Hashable, build: Callable[[], Node], *, name: str) -> Node:
        """Put a node into a rule of its own, built once for each key and named like `name`."""
        if key not in self._names:
            found = self._names[key] = self._free(name)
            self.rules[found] = NOTHING  # keeps the name while the rule is written
            # An empty rule keeps it, too: rules that were written inside it may refer to it.
            self.rules[found] = build()
            if self.rules[found] == NOTHING:
                self._empty.add(key)
        return NOTHING if key in self._empty else Rule(self._names[key])

    def rule(self, node: Node, *, name: str) -> Node:
        """Put one node into a rule of its own, named like `name`."""
        found = self._free(name)
        self.rules[found] = node
        return Rule(found)

    def _in_a_rule(self, schema: Anything | String | Number | Array | Object) -> Node:
        # Equal values share a rule: for each rule the engine looks at all tokens once. Objects,
        # arrays and anything need one, because they may come again inside themselves.
        match schema:
            case Anything():
                name = "json"
            case String():
                name = (*schema.formats, *("pattern" for _ in schema.patterns), "string")[0]
            case Number():
                name = "integer" if schema.step else "number"
            case Array():
                name = schema.place.name or "array"
            case Object():
                name = schema.place.name or "object"
        return self.shared(schema, lambda: self._node(schema), name=name)

    def _node(self, schema: Anything | String | Number | Array | Object) -> Node:
        match schema:
            case Anything():
                return choice(*map(self.write, _ANYTHING))
            case String():
                return string_node(schema, self)
            case Number():
                return number_node(schema, self)
            case Array():
                return array_node(schema, self)
            case Object():
                return object_node(schema, self)

    def _free(self, name: str) -> str:
        stem = re.sub(r"[^a-zA-Z0-9_]+", "_", name).strip("_") or "value"
        stem = f"_{stem}" if stem[0].isdigit() else stem
        found = stem
        while found in self.rules or found in _RESERVED:
            self._counts[stem] = self._counts.get(stem, 1) + 1
            found = f"{stem}_{self._counts[stem]}"
        return found

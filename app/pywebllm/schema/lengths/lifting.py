r"""Documents without the lengths that the bridge can count, and where it counts them.

The bridge reads the answer as JSON and follows it through `nodes`. A node says what the values at
one place are: `string` is an index of `strings`, `object` and `array` are the nodes of definitions.
In these, `names` and `other` are the nodes of properties, `first` and `items` those of items; with
`unique` these are strings that differ. Node 0 is any place where nothing is counted. A place where
two schemas with strings, objects or arrays may apply is one, as the bridge would not know which of
them does.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> short = {"type": "string", "maxLength": 80}
    >>> _, table = lifted(read_document({"properties": {"a": short}}))
    >>> table["root"], table["nodes"]
    (3, [{}, {'names': {'a': 2}, 'other': 0}, {'string': 0}, {'object': 1}])
    >>> table["strings"]
    [{'most': 80}]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from pywebllm.schema.typed.values import (
    AnyOf,
    Anything,
    Array,
    Document,
    Enum,
    Extra,
    Object,
    Ref,
    String,
    TypedSchema,
    any_of,
)

from .counts import Count, counted

__all__ = ["Table", "lifted"]

Table: TypeAlias = dict[str, Any]


def lifted(document: Document) -> tuple[Document, Table] | None:
    """Take the lengths out of a document.

    Returns:
        The document without them, and the table for the bridge; None: nothing is taken out.
    """
    lifter = _Lifter(document)
    root, node = lifter.place(document.root)
    if not lifter.strings and not any("unique" in node for node in lifter.nodes):
        return None
    table = {"root": node, "nodes": lifter.nodes, "strings": lifter.strings}
    return replace(document, root=root, definitions=lifter.definitions), table


class _Lifter:
    def __init__(self, document: Document) -> None:
        self.definitions = dict(document.definitions)
        self.nodes: list[dict[str, Any]] = [{}]
        self.strings: list[dict[str, Any]] = []
        self._given = document.definitions
        self._unsure = _unsure(document)
        self._known: dict[str, int] = {}
        self._numbers: dict[tuple[tuple[str, Any], ...], int] = {}
        self._counted: dict[String, tuple[String, int] | None] = {}

    def place(self, schema: TypedSchema) -> tuple[TypedSchema, int]:
        """Take the lengths out of the schema of one place; return it with its node."""
        options = _options(schema)
        node: dict[str, Any] = {}
        found: list[TypedSchema] = []
        for option in options:
            match option:
                case String() if _is_sure(options, String, self._given):
                    found.append(self._string(option, node))
                case Ref(name) if name not in self._unsure:
                    found.append(option)
                    kind = "object" if isinstance(self._given[name], Object) else "array"
                    node[kind] = self._definition(name)
                case _:
                    found.append(option)
        return any_of(*found), self._numbered(node)

    def _string(self, string: String, node: dict[str, Any]) -> String:
        if string not in self._counted:
            pair = counted(string)
            self._counted[string] = None
            if pair is not None:
                self.strings.append(_row(pair[1]))
                self._counted[string] = pair[0], len(self.strings) - 1
        known = self._counted[string]
        if known is None:
            return string
        node["string"] = known[1]
        return known[0]

    def _definition(self, name: str) -> int:
        if name in self._known:
            return self._known[name]
        number = self._known[name] = len(self.nodes)
        node: dict[str, Any] = {}
        self.nodes.append(node)
        match self._given[name]:
            case Object() as object_:
                self.definitions[name] = self._object(object_, node)
            case Array() as array:
                self.definitions[name] = self._array(array, node)
        return number

    def _object(self, object_: Object, node: dict[str, Any]) -> Object:
        names: dict[str, int] = {}
        properties = []
        for each in object_.properties:
            schema, names[each.name] = self.place(each.schema)
            properties.append(replace(each, schema=schema))
        node["names"], node["other"] = names, 0
        found = replace(object_, properties=tuple(properties))
        if not _has_one_schema(object_):
            return found
        schema, node["other"] = self.place(object_.extras[0].schema)
        extras = tuple(Extra(each.names, schema) for each in object_.extras)
        lasts = tuple(Extra(each.names, schema) for each in object_.lasts)
        return replace(found, extras=extras, lasts=lasts)

    def _array(self, array: Array, node: dict[str, Any]) -> Array:
        if array.contained is not None or (array.unique and not _may_differ(array)):
            return array
        if array.unique:
            node["unique"] = True
        first = [self.place(each) for each in array.prefix]
        items, node["items"] = self.place(array.items)
        node["first"] = [number for _, number in first]
        prefix = tuple(schema for schema, _ in first)
        return replace(array, prefix=prefix, items=items, unique=False)

    def _numbered(self, node: dict[str, Any]) -> int:
        if not node:
            return 0
        key = tuple(sorted(node.items()))
        if key not in self._numbers:
            self.nodes.append(node)
            self._numbers[key] = len(self.nodes) - 1
        return self._numbers[key]


def _may_differ(array: Array) -> bool:
    """Return whether there is always another item: the bridge keeps strings of any text apart."""
    items = array.items
    return (
        not array.prefix
        and isinstance(items, String)
        and items == String(min_length=items.min_length)
    )


def _row(count: Count) -> dict[str, Any]:
    row: dict[str, Any] = {} if count.most is None else {"most": count.most}
    if count.parts:
        row["parts"] = [
            {"most": part.most, "ends": part.ends, "after": part.after} for part in count.parts
        ]
    if count.automaton is not None:
        row["classes"] = [
            [code for span in one for code in span] for one in count.automaton.classes
        ]
        row["steps"] = [list(steps) for steps in count.automaton.steps]
        row["needed"] = list(count.needed)
    if count.checked:
        row |= {"checked": count.checked, "strict": sorted(count.strict)}
    return row


def _options(schema: TypedSchema) -> tuple[TypedSchema, ...]:
    return schema.options if isinstance(schema, AnyOf) else (schema,)


def _is_sure(options: Iterable[TypedSchema], kind: type, given: Any) -> bool:
    """Return whether at most one of some options has values of a kind."""
    count = 0
    for option in options:
        match option:
            case Anything():
                return False
            case Ref(name):
                count += isinstance(given[name], kind)
            case Enum(texts):
                count += kind is String and any(text.startswith('"') for text in texts)
                count += kind is Object and any(text.startswith("{") for text in texts)
                count += kind is Array and any(text.startswith("[") for text in texts)
            case _:
                count += isinstance(option, kind)
    return count <= 1


def _unsure(document: Document) -> set[str]:
    """Name the definitions that the bridge may meet without knowing it."""
    found: set[str] = set()
    open_: list[str] = []
    for schema, is_known in _places(document):
        for kind in (Object, Array):
            if is_known and _is_sure(_options(schema), kind, document.definitions):
                continue
            open_ += _references(schema, kind, document)
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            for schema, _ in _inside(document.definitions[name]):
                open_ += _references(schema, Object | Array, document)
    return found


def _places(document: Document) -> Iterator[tuple[TypedSchema, bool]]:
    yield document.root, True
    for definition in document.definitions.values():
        yield from _inside(definition)


def _inside(definition: TypedSchema) -> Iterator[tuple[TypedSchema, bool]]:
    """Yield the schemas in a definition, and whether the bridge knows where each applies."""
    match definition:
        case Object() as object_:
            for each in object_.properties:
                yield each.schema, True
            has_one = _has_one_schema(object_)
            for extra in (*object_.extras, *object_.lasts):
                yield extra.schema, has_one
        case Array() as array:
            is_plain = array.contained is None and not array.unique
            for schema in (*array.prefix, array.items):
                yield schema, is_plain
            if array.contained is not None:
                yield array.contained.schema, False
                yield array.contained.others, False


def _has_one_schema(object_: Object) -> bool:
    extras = [extra.schema for extra in (*object_.extras, *object_.lasts)]
    return len(set(extras)) == 1 and bool(object_.extras)


def _references(schema: TypedSchema, kind: Any, document: Document) -> Iterator[str]:
    for option in _options(schema):
        if isinstance(option, Ref) and isinstance(document.definitions[option.name], kind):
            yield option.name

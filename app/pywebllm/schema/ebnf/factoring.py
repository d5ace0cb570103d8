"""Choices rewritten so that no two options start with the same text, class or rule.

xgrammar 0.1.27 joins options that start alike, and of `"ab" | "abb"` it makes something that also
accepts "abbb". Factored, `"ab" "b"?`, the choice accepts exactly the same texts.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> print(render({"root": factored(choice(Text("ab"), Text("ac"), Text("abb")))}))
    root ::= "a" ("b" "b"? | "c")
"""

from __future__ import annotations

from os.path import commonprefix

from .nodes import (
    EMPTY,
    Ahead,
    Choice,
    Node,
    Repeat,
    Sequence,
    Text,
    choice,
    optional,
    repeat,
    sequence,
)

__all__ = ["factored"]


def factored(node: Node) -> Node:
    """Rewrite all choices in a node."""
    match node:
        case Choice(options):
            return _choice([factored(option) for option in options])
        case Sequence(parts):
            return sequence(*(factored(part) for part in parts))
        case Repeat(part, least, most):
            return repeat(factored(part), least, most)
        case Ahead(part, ahead):
            return Ahead(factored(part), ahead)
        case _:
            return node


def _choice(options: list[Node]) -> Node:
    groups: dict[Node, list[Node]] = {}
    for option in _flat(options):
        groups.setdefault(_head(option), []).append(option)
    found = [
        members[0] if len(members) == 1 else _joined(head, members)
        for head, members in groups.items()
        if head != EMPTY
    ]
    return optional(choice(*found)) if EMPTY in groups else choice(*found)


def _flat(options: list[Node]) -> list[Node]:
    """Take apart the choices and optional parts among options."""
    flat: list[Node] = []
    for option in options:
        match option:
            case Choice(inner):
                flat += _flat([*inner])
            case Repeat(part, 0, most):
                flat += [EMPTY, *_flat([repeat(part, 1, most)])]
            case _:
                flat.append(option)
    return flat


def _joined(head: Node, members: list[Node]) -> Node:
    # As many characters at once as all start with: one at a time would nest as deeply.
    common = commonprefix([_start(member) for member in members])  # noqa: RUF071, of characters
    if len(common) > 1:
        return sequence(Text(common), _choice([_cut(member, len(common)) for member in members]))
    return sequence(head, _choice([_after(member) for member in members]))


def _start(node: Node) -> str:
    """Take the text that a node starts with, as far as one part has it."""
    match node:
        case Text(text):
            return text
        case Sequence(parts):
            return _start(parts[0])
        case _:
            return ""


def _cut(node: Node, length: int) -> Node:
    """Take what follows so many characters of a node that starts with text."""
    match node:
        case Text(text):
            return Text(text[length:])
        case Sequence(parts):
            return sequence(_cut(parts[0], length), *parts[1:])
        case _:
            return node


def _head(node: Node) -> Node:
    """Take what a node starts with: a character, a class, a rule or a part with its quantifier."""
    match node:
        case Text(text):
            return Text(text[:1])
        case Sequence(parts):
            return _head(parts[0])
        case Repeat(part, least, _) if least > 0:
            return _head(part)
        case _:
            return node


def _after(node: Node) -> Node:
    """Take what follows a node's head."""
    match node:
        case Text(text):
            return Text(text[1:])
        case Sequence(parts):
            return sequence(_after(parts[0]), *parts[1:])
        case Repeat(part, least, most) if least > 0:
            fewer = repeat(part, least - 1, None if most is None else most - 1)
            return sequence(_after(part), fewer)
        case _:
            return EMPTY

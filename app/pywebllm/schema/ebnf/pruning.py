"""The rules of a grammar without those that no text fits, and those that are not used.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import Text
    >>> rules = {"root": choice(Rule("a"), Rule("b")), "a": Text("a"), "b": NOTHING, "c": Text("c")}
    >>> pruned(rules, "root")
    {'root': Rule(name='a'), 'a': Text(text='a')}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .nodes import (
    EMPTY,
    NOTHING,
    Ahead,
    Choice,
    Node,
    Repeat,
    Rule,
    Sequence,
    choice,
    repeat,
    sequence,
)

__all__ = ["pruned"]


def pruned(rules: Mapping[str, Node], root: str) -> dict[str, Node]:
    """Take the rules that the root uses, in their order; none when no text fits the root.

    A rule may turn out to be `NOTHING` when others already refer to it: those that lead back to it
    are written before it is complete. Without it some of these may be `NOTHING` too, or accept only
    the empty text, which is then written in their place.
    """
    found = dict(rules)
    while trivial := {name: node for name, node in found.items() if node in (NOTHING, EMPTY)}:
        found = {
            name: _replaced(trivial, node) for name, node in found.items() if name not in trivial
        }
    needed = _needed(found, root)
    return {name: node for name, node in found.items() if name in needed}


def _replaced(trivial: Mapping[str, Node], node: Node) -> Node:
    match node:
        case Rule(name):
            return trivial.get(name, node)
        case Sequence(parts):
            return sequence(*(_replaced(trivial, part) for part in parts))
        case Choice(options):
            return choice(*(_replaced(trivial, option) for option in options))
        case Repeat(part, least, most):
            return repeat(_replaced(trivial, part), least, most)
        case Ahead(part, ahead):
            return Ahead(_replaced(trivial, part), ahead)
        case _:
            return node


def _needed(rules: Mapping[str, Node], root: str) -> set[str]:
    needed: set[str] = set()
    open_ = [root] if root in rules else []
    while open_:
        name = open_.pop()
        if name not in needed:
            needed.add(name)
            open_ += _named(rules[name])
    return needed


def _named(node: Node) -> Iterator[str]:
    match node:
        case Rule(name):
            yield name
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from _named(part)
        case Repeat(part, _, _) | Ahead(part, _):
            yield from _named(part)

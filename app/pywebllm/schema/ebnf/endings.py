"""Whether every rule of a grammar accepts a finite text.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import Text
    >>> again = Sequence((Text("a"), Rule("loop")))
    >>> endless({"root": Choice((Text("b"), again)), "loop": again})
    ['loop']
"""

from __future__ import annotations

from collections.abc import Mapping

from .nodes import Ahead, Choice, Node, Repeat, Rule, Sequence

__all__ = ["endless"]


def endless(rules: Mapping[str, Node]) -> list[str]:
    """List the rules without a finite text, because each of their texts contains another one."""
    ending: set[str] = set()
    left = list(rules)
    found = True
    while found:
        before = len(ending)
        for name in left:
            if _ends(rules[name], ending):
                ending.add(name)
        found = len(ending) > before
        # A chain of rules is followed in one pass, in one of the two directions.
        left = [name for name in reversed(left) if name not in ending]
    return [name for name in rules if name not in ending]


def _ends(node: Node, ending: set[str]) -> bool:
    match node:
        case Rule(name):
            return name in ending
        case Sequence(parts):
            return all(_ends(part, ending) for part in parts)
        case Choice(options):
            return any(_ends(option, ending) for option in options)
        case Repeat(part, least, _):
            return least == 0 or _ends(part, ending)
        case Ahead(part, _):
            return _ends(part, ending)
        case _:
            return True

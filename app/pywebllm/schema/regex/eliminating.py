r"""From an automaton back to a node, for sets of strings that no single pattern describes.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> from pywebllm.schema.regex.determinizing import automaton
    >>> from pywebllm.schema.regex.reading import read_regex
    >>> names = automaton(read_regex("^[a-c]{1,2}$")) & ~automaton(read_regex("^b"))
    >>> print(render({"names": node_of(names)}))
    names ::= [ac] [a-c]?
"""

from __future__ import annotations

from pywebllm.schema.ebnf.charset import Ranges, is_writable, union
from pywebllm.schema.ebnf.nodes import (
    EMPTY,
    NOTHING,
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
    choice,
    repeat,
    sequence,
)

from .automaton import Automaton
from .classes import RegexError

__all__ = ["is_plain", "node_of", "steps_of"]

_MOST_PARTS = 3000


def node_of(given: Automaton) -> Node:
    """Write a set as a node, by leaving out one state after the other; `NOTHING` when it is empty.

    Raises:
        RegexError: It would be too large, or needs a class that a grammar cannot express.
    """
    live = given.live()
    if 0 not in live:
        return NOTHING
    edges = _edges(given, live)
    left = set(live)
    while left:
        state = min(left, key=lambda at: (_cost(edges, at), -at))
        left.remove(state)
        _leave_out(edges, state)
    return edges.get((_FIRST, _LAST), NOTHING)


# Before the first state and after the last, so that every state can be left out.
_FIRST, _LAST = -1, -2

_Edges = dict[tuple[int, int], Node]


def steps_of(given: Automaton, state: int, live: frozenset[int]) -> dict[int, Ranges]:
    """List the states that may follow one, with the characters that lead to each."""
    targets: dict[int, list[Ranges]] = {}
    for ranges, target in zip(given.classes, given.steps[state], strict=True):
        if target in live:
            targets.setdefault(target, []).append(ranges)
    return {target: union(*sets) for target, sets in targets.items()}


def is_plain(given: Automaton) -> bool:
    """Return whether a grammar can express all classes of characters in an automaton."""
    live = given.live()
    return all(
        is_writable(chars) for state in live for chars in steps_of(given, state, live).values()
    )


def _edges(given: Automaton, live: frozenset[int]) -> _Edges:
    if not is_plain(given):
        raise RegexError("a class has many characters beyond ASCII, but not all of them")
    edges: _Edges = {(_FIRST, 0): EMPTY}
    for state in live:
        for target, chars in steps_of(given, state, live).items():
            edges[state, target] = Chars(chars)
        if state in given.accepting:
            edges[state, _LAST] = EMPTY
    return edges


def _cost(edges: _Edges, state: int) -> int:
    before = [_parts(node) for (start, end), node in edges.items() if end == state != start]
    after = [_parts(node) for (start, end), node in edges.items() if start == state != end]
    return sum(before) * len(after) + sum(after) * len(before)


def _leave_out(edges: _Edges, state: int) -> None:
    loop = repeat(edges.pop((state, state), NOTHING))
    before = {start: edges.pop((start, end)) for start, end in list(edges) if end == state}
    after = {end: edges.pop((start, end)) for start, end in list(edges) if start == state}
    for start, first in before.items():
        for end, last in after.items():
            found = _joined(edges.get((start, end), NOTHING), first, loop, last)
            if _parts(found) > _MOST_PARTS:
                raise RegexError("it would be too large")
            edges[start, end] = found


def _joined(known: Node, first: Node, loop: Node, last: Node) -> Node:
    # A+ for A A*, and A* for the empty text or A+.
    if isinstance(loop, Repeat) and loop.part == first and loop.least == 0:
        through = sequence(repeat(first, 1), last)
    else:
        through = sequence(first, loop, last)
    if known != EMPTY:
        return choice(known, through)
    if isinstance(through, Repeat) and through.least == 1 and through.most is None:
        return repeat(through.part)
    return repeat(through, 0, 1)


def _parts(node: Node) -> int:
    match node:
        case Sequence(parts) | Choice(parts):
            return sum(map(_parts, parts))
        case Repeat(part, _, _):
            return _parts(part)
        case _:
            return 1

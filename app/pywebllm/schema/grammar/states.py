r"""Strings by the states of an automaton: a rule for each state in which several paths meet.

Characters of large sets are rules that say what may certainly follow them, as those of `runs`.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> from pywebllm.schema.grammar.writing import GrammarWriter
    >>> from pywebllm.schema.regex.determinizing import automaton
    >>> from pywebllm.schema.regex.reading import read_regex
    >>> from pywebllm.schema.typed.values import Document, Nothing
    >>> writer = GrammarWriter(Document(Nothing(), {}))
    >>> words = automaton(read_regex("^a(-?a)*$"))
    >>> print(render({"word": states_node(words, writer), **writer.rules}))
    word ::= "a" state
    state ::= "\"" | "a" state | "-a" state
"""

from __future__ import annotations

from pywebllm.schema.ebnf.charset import Ranges, intersection, spelled, unescaped
from pywebllm.schema.ebnf.nodes import NOTHING, Chars, Node, Text, choice, sequence
from pywebllm.schema.regex.automaton import Automaton
from pywebllm.schema.regex.eliminating import steps_of

from .runs import character, gap
from .writer import Writer

__all__ = ["states_node"]

_QUOTE = Text('"')
_AHEAD = (15, 7, 3)
_FEW = 40  # states, in which single characters are written where they are
_CHAIN = 16  # states without a rule of their own, which would nest


def states_node(
    given: Automaton, writer: Writer, end: Node = _QUOTE, *, is_small: bool = False
) -> Node:
    """Write the strings of an automaton and what ends them; `NOTHING` when there is none.

    Args:
        given: The automaton.
        writer: Takes the rules.
        end: What follows a string.
        is_small: Whether there are so few states that the engine may look at all tokens in each of
            them. Then it looks at none while the model writes.
    """
    states = _States(given, writer, end, is_small=is_small)
    # The last states first, as those before lead to them.
    for state in reversed(range(1, len(given.steps))):
        states.node(state)
    return states.node(0)


class _States:
    def __init__(self, given: Automaton, writer: Writer, end: Node, *, is_small: bool) -> None:
        self._end = end
        self._is_small = is_small
        self._given = given
        self._writer = writer
        self._key = object()  # an automaton takes long to hash
        self._live = given.live()
        before = [state for at in self._live for state in set(given.steps[at])]
        self._repeats: dict[Ranges, dict[int, int]] = {}
        self._shared = {
            state
            for state in self._live
            if is_small or before.count(state) > 1 or state % _CHAIN == _CHAIN - 1
        }

    def node(self, state: int) -> Node:
        if state not in self._live:
            return NOTHING
        if state not in self._shared:
            return self._written(state)
        key = ("state", self._key, state)
        return self._writer.shared(key, lambda: self._written(state), name="state")

    def _written(self, state: int) -> Node:
        steps = steps_of(self._given, state, self._live)
        ends = self._end if state in self._given.accepting else NOTHING
        options = (
            sequence(self._character(chars, target), self.node(target))
            for target, chars in steps.items()
        )
        return choice(ends, *options)

    def _character(self, chars: Ranges, target: int) -> Node:
        if self._is_small:
            return spelled(chars)
        if not isinstance(unescaped(chars), Chars):
            if len(self._live) <= _FEW:
                return spelled(chars)
            # In a rule: what may follow is looked at once, and not for each state.
            node = sequence(spelled(chars), gap(self._writer))
            return self._writer.shared(("one of", chars), lambda: node, name="one")
        times = self._times(chars)[target]
        ahead = next((count for count in _AHEAD if count <= times), 0)
        return character(chars, ahead, self._writer)

    def _times(self, chars: Ranges) -> dict[int, int]:
        """Count for each state how many characters of a set may follow, whichever these are."""
        if chars not in self._repeats:
            classes = [at for at, one in enumerate(self._given.classes) if intersection(one, chars)]
            found = dict.fromkeys(self._live, 0)
            left = self._live
            for times in range(1, _AHEAD[0] + 1):
                left = frozenset(
                    at for at in left if all(self._given.steps[at][to] in left for to in classes)
                )
                found.update(dict.fromkeys(left, times))
            self._repeats[chars] = found
        return self._repeats[chars]

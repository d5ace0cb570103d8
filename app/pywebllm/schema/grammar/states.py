r"""Strings by the states of an automaton: a rule for each state in which several paths meet.

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

from pywebllm.schema.ebnf.charset import spelled
from pywebllm.schema.ebnf.nodes import NOTHING, Node, Text, choice, sequence
from pywebllm.schema.regex.automaton import Automaton
from pywebllm.schema.regex.eliminating import steps_of

from .writer import Writer

__all__ = ["states_node"]

_CHAIN = 16  # states without a rule of their own, which would nest


def states_node(given: Automaton, writer: Writer) -> Node:
    """Write the strings of an automaton and the quote after them; `NOTHING` when there is none."""
    states = _States(given, writer)
    # The last states first, as those before lead to them.
    for state in reversed(range(1, len(given.steps))):
        states.node(state)
    return states.node(0)


class _States:
    def __init__(self, given: Automaton, writer: Writer) -> None:
        self._given = given
        self._writer = writer
        self._key = object()  # an automaton takes long to hash
        self._live = given.live()
        before = [state for at in self._live for state in set(given.steps[at])]
        self._shared = {
            state for state in self._live if before.count(state) > 1 or state % _CHAIN == _CHAIN - 1
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
        ends = Text('"') if state in self._given.accepting else NOTHING
        return choice(
            ends, *(sequence(spelled(chars), self.node(target)) for target, chars in steps.items())
        )

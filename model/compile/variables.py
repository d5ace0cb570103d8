"""The variables of a chat template, found by reading it: which of them would come from nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

__all__ = ["unasked_variables"]

# What `transformers` gives to every template, besides what jinja2 itself does.
_GIVEN: Final = frozenset(
    {
        "add_generation_prompt",
        "continue_final_message",
        "conversations",
        "documents",
        "messages",
        "raise_exception",
        "strftime_now",
        "tools",
    }
)
# Its own tag, which marks what training learns and writes nothing.
_GENERATION: Final = re.compile(r"{%[-+]?\s*(end)?generation\s*[-+]?%}")
# Where a template asks whether a variable is there, or does well without it.
_ASKING: Final = (
    (nodes.If, "test"),
    (nodes.CondExpr, "test"),
    (nodes.For, "iter"),
    (nodes.For, "test"),
    (nodes.And, "left"),
    (nodes.Or, "left"),
    (nodes.Test, "node"),
)


def unasked_variables(template: str) -> frozenset[str]:
    """Return the variables that a template takes for granted and does not set itself.

    Left out are those that `transformers` gives, and those that the template asks for before it
    uses them, as in `{% if enable_thinking is defined %}`: they are meant to be optional.
    """
    environment = Environment(extensions=["jinja2.ext.loopcontrols"])
    try:
        tree = environment.parse(_GENERATION.sub("", template))
    except TemplateSyntaxError:  # told when it is rendered
        return frozenset()
    undeclared = meta.find_undeclared_variables(tree)
    return frozenset(undeclared - _GIVEN - set(environment.globals) - set(_set_or_asked(tree)))


def _set_or_asked(tree: Any) -> Iterator[str]:
    yield from (name.name for name in tree.find_all(nodes.Name) if name.ctx == "store")
    for kind, part in _ASKING:
        for node in tree.find_all(kind):
            yield from _names(getattr(node, part))
    for node in tree.find_all(nodes.Filter):
        if node.name in {"default", "d"}:
            yield from _names(node.node)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        yield node.name
    if node is not None:
        yield from (name.name for name in node.find_all(nodes.Name))

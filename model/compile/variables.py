"""Finding the variables that a chat template uses but nothing defines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

__all__ = ["undefined_variables"]

# What `transformers` passes to every template, in addition to the globals of jinja2.
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
# A tag of `transformers` that marks what training learns; it renders nothing.
_GENERATION: Final = re.compile(r"{%[-+]?\s*(end)?generation\s*[-+]?%}")
# Where a template tests whether a variable is defined, or works without it.
_TESTED: Final = (
    (nodes.If, "test"),
    (nodes.CondExpr, "test"),
    (nodes.For, "iter"),
    (nodes.For, "test"),
    (nodes.And, "left"),
    (nodes.Or, "left"),
    (nodes.Test, "node"),
)


def undefined_variables(template: str) -> frozenset[str]:
    """Return the variables that a template requires and does not set.

    This excludes those that `transformers` defines, and optional ones, which the template tests
    before it uses them, as in `{% if enable_thinking is defined %}`.
    """
    environment = Environment(extensions=["jinja2.ext.loopcontrols"])
    try:
        tree = environment.parse(_GENERATION.sub("", template))
    except TemplateSyntaxError:  # reported when it is rendered
        return frozenset()
    undeclared = meta.find_undeclared_variables(tree)
    return frozenset(undeclared - _GIVEN - set(environment.globals) - set(_set_or_tested(tree)))


def _set_or_tested(tree: Any) -> Iterator[str]:
    yield from (name.name for name in tree.find_all(nodes.Name) if name.ctx == "store")
    for kind, part in _TESTED:
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

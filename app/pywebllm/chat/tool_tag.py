"""The structural tag that holds a model's calls to the tools and their schemas.

Names of formats are those of xgrammar, which WebLLM uses.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pywebllm import schema
from pywebllm.errors import InvalidRequestError

from .tool_calls import ARGUMENTS, BEGIN, END, MARK
from .tools import Tool, ToolUse

__all__ = ["tool_format"]

_Format = dict[str, object]

_logger = logging.getLogger("pywebllm")


def tool_format(use: ToolUse, *, answer: str | None = None) -> dict[str, object]:
    """Return the format of a text in which these tools are used.

    The arguments of a tool that is not strict may be any JSON object where its schema cannot be
    held; the log says so.

    `answer` is the grammar of an answer without calls; None lets the model write anything,
    before, between and behind its calls.

    Raises:
        InvalidRequestError: The schema of a strict tool cannot be held.
    """
    calls = [(tool.name, _arguments(tool)) for tool in use.callable]
    if use.must_call:
        return _calls(calls, once=use.once)
    if answer is not None:
        elements = [{"type": "grammar", "grammar": answer}, _calls(calls, once=use.once)]
        return {"type": "or", "elements": elements}
    return {
        "type": "triggered_tags",
        "triggers": [MARK],
        "tags": [_call(name, arguments) for name, arguments in calls],
        "stop_after_first": use.once,
    }


def _arguments(tool: Tool) -> _Format:
    try:
        # Arguments are an object, even where the schema takes that for granted.
        grammar = schema.grammar_of({"type": "object", **tool.parameters})
    except InvalidRequestError as error:
        path = f"{tool.path}.parameters"
        if tool.strict:
            raise InvalidRequestError(f"{path}: {error.problem}", param=path) from error
        # Without `strict`, OpenAI promises no more than JSON; the prompt shows the schema.
        _logger.warning(
            "The arguments of the tool %r are not held to its schema: %s", tool.name, error.problem
        )
        grammar = schema.json_object_grammar()
    return {"type": "grammar", "grammar": grammar}


def _call(name: str, arguments: _Format) -> _Format:
    begin = f"{BEGIN}{name}{ARGUMENTS}"
    return {"type": "tag", "begin": begin, "content": arguments, "end": END}


def _calls(calls: Sequence[tuple[str, _Format]], *, once: bool) -> _Format:
    """Return the format of one call or of several, each on a new line, and nothing else."""
    if once:
        return {"type": "or", "elements": [_call(*call) for call in calls]}
    # xgrammar takes tags with a separator in an alternative only inside a tag, so the first
    # call's beginning and the last one's end are that tag's.
    brace, close = END[0], END[1:]
    tags = [
        {"type": "tag", "begin": f"{name}{ARGUMENTS}", "content": arguments, "end": brace}
        for name, arguments in calls
    ]
    several: _Format = {
        "type": "tags_with_separator",
        "tags": tags,
        "separator": f"{close}\n{BEGIN}",
        "at_least_one": True,
    }
    return {"type": "tag", "begin": BEGIN, "content": several, "end": close}

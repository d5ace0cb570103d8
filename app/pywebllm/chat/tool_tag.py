"""The structural tag that constrains a model's tool calls to the tools and their schemas.

Names of formats are those of xgrammar, which WebLLM uses.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pywebllm import schema
from pywebllm.errors import InvalidRequestError

from .tool_calls import ARGUMENTS, BEGIN, END, OPEN_TAG
from .tools import Tool, ToolUse

__all__ = ["tool_format"]

_Format = dict[str, object]

_logger = logging.getLogger("pywebllm")


def tool_format(use: ToolUse, *, answer: str | None = None) -> dict[str, object]:
    """Return the format of an answer that may use these tools.

    Arguments of a tool without `strict` may be any JSON object if its schema is not supported;
    this is logged as a warning.

    Args:
        use: The tools and how they may be called.
        answer: The grammar of an answer without calls; None allows any text before, between and
            after the calls.

    Raises:
        InvalidRequestError: The schema of a strict tool is not supported.
    """
    calls = [(tool.name, _arguments(tool)) for tool in use.callable]
    if use.must_call:
        return _calls(calls, once=use.once)
    if answer is not None:
        elements = [{"type": "grammar", "grammar": answer}, _calls(calls, once=use.once)]
        return {"type": "or", "elements": elements}
    return {
        "type": "triggered_tags",
        "triggers": [OPEN_TAG],
        "tags": [_call(name, arguments) for name, arguments in calls],
        "stop_after_first": use.once,
    }


def _arguments(tool: Tool) -> _Format:
    try:
        # Arguments are an object, even if the schema does not say so.
        grammar = schema.grammar_of({"type": "object", **tool.parameters})
    except InvalidRequestError as error:
        path = f"{tool.path}.parameters"
        if tool.strict:
            problem = f"{path}: {error.problem}"
            raise InvalidRequestError(problem, advice=error.advice, param=path) from error
        # Without `strict`, OpenAI only promises JSON as well; the prompt shows the schema.
        _logger.warning("The schema of the tool %r is not enforced: %s", tool.name, error.problem)
        grammar = schema.json_object_grammar()
    return {"type": "grammar", "grammar": grammar}


def _call(name: str, arguments: _Format) -> _Format:
    begin = f"{BEGIN}{name}{ARGUMENTS}"
    return {"type": "tag", "begin": begin, "content": arguments, "end": END}


def _calls(calls: Sequence[tuple[str, _Format]], *, once: bool) -> _Format:
    """Return the format of one or more calls, each on its own line, and nothing else."""
    if once:
        return {"type": "or", "elements": [_call(*call) for call in calls]}
    # xgrammar 0.1.27 accepts tags with a separator as an alternative only inside a tag, so that
    # tag has the beginning of the first call and the end of the last.
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

"""What an assistant's message of the history was when the model wrote it.

Reasoning, content and calls are put in this order, each call on a line of its own; `messages`
says when that is not the text itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pywebllm.request.checks import check_keys, items, mapping, one_of, refuse, text
from pywebllm.types import Function

from .parts import read_text
from .reasoning import with_reasoning
from .tool_calls import tool_calls_text

__all__ = ["Call", "assistant_text", "read_calls"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call in the history; `id` is what its result names it by."""

    id: str
    function: Function


def assistant_text(path: str, fields: Mapping[str, object], calls: Sequence[Call]) -> str:
    """Return the text of the assistant's message with these fields and calls.

    An empty `reasoning` is an empty block, none is no block, whatever the request asks for now:
    so the history stays the text that it was.
    """
    content = fields.get("content")
    reasoning = text(f"{path}.reasoning", fields["reasoning"]) if "reasoning" in fields else None
    if content is None and not calls and not reasoning:
        refuse(f"{path}.content", "is a text, or there are tool_calls; got neither")
    if fields.get("annotations"):
        refuse(f"{path}.annotations", "cannot be honoured: a model here sees text alone")
    written = "" if content is None else read_text(f"{path}.content", content)
    written += tool_calls_text(call.function for call in calls)
    return with_reasoning(reasoning, written)


def read_calls(path: str, fields: Mapping[str, object]) -> tuple[Call, ...]:
    """Return the calls of the message with these fields.

    Raises:
        InvalidRequestError: One is not as it should be, or two have the same id.
    """
    path = f"{path}.tool_calls"
    given = items(path, fields.get("tool_calls", ()))
    calls = tuple(_read_call(f"{path}[{i}]", call) for i, call in enumerate(given))
    if len({call.id for call in calls}) < len(calls):
        refuse(path, "has an id for each call, got one twice")
    return calls


def _read_call(path: str, value: object) -> Call:
    call = mapping(path, value)
    # Whoever put streamed pieces together has the index still there.
    check_keys(path, call, ("id", "type", "function", "index"))
    one_of("function")(f"{path}.type", call.get("type", "function"))
    function = mapping(f"{path}.function", call.get("function"))
    check_keys(f"{path}.function", function, ("name", "arguments", "parsed_arguments"))
    return Call(
        id=text(f"{path}.id", call.get("id")),
        function=Function(
            name=text(f"{path}.function.name", function.get("name")),
            arguments=text(f"{path}.function.arguments", function.get("arguments")),
        ),
    )

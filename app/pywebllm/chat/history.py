"""The text of an assistant's message in the history, as the model wrote it.

It is the reasoning, the content and the calls in this order, each call on its own line;
`messages` documents when that differs from the text that the model wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pywebllm.request.checks import (
    check_keys,
    items,
    mapping,
    one_of,
    refuse,
    shown,
    string,
)
from pywebllm.types import Function

from .parts import read_text
from .reasoning import with_reasoning
from .tool_calls import tool_calls_text

__all__ = ["Call", "assistant_text", "read_calls"]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call in the history; the message with its result refers to it by `id`."""

    id: str
    function: Function


def assistant_text(path: str, fields: Mapping[str, object], calls: Sequence[Call]) -> str:
    """Return the text of the assistant's message with these fields and calls.

    An empty `reasoning` becomes an empty block and a missing one no block, regardless of whether
    this request turns thinking off, so that the text of the history never changes.

    Raises:
        InvalidRequestError: A field has a wrong value.
    """
    content = fields.get("content")
    reasoning = _reasoning(path, fields)
    if fields.get("annotations"):
        refuse(f"{path}.annotations", "is not supported: the model reads text only")
    written = "" if content is None else read_text(f"{path}.content", content)
    written += tool_calls_text(call.function for call in calls)
    return with_reasoning(reasoning, written)


def read_calls(path: str, fields: Mapping[str, object]) -> tuple[Call, ...]:
    """Return the calls of the message with these fields.

    Raises:
        InvalidRequestError: A call has a wrong value, or two have the same ID.
    """
    path = f"{path}.tool_calls"
    given = items(path, fields.get("tool_calls", ()))
    calls = tuple(_read_call(f"{path}[{i}]", call) for i, call in enumerate(given))
    for call_id, count in Counter(call.id for call in calls).items():
        if count > 1:
            refuse(path, f"must have a different ID for each call, got {shown(call_id)} twice")
    return calls


def _reasoning(path: str, fields: Mapping[str, object]) -> str | None:
    # The second is the name of vLLM and DeepSeek.
    name = "reasoning" if "reasoning" in fields else "reasoning_content"
    return string(f"{path}.{name}", fields[name]) if name in fields else None


def _read_call(path: str, value: object) -> Call:
    call = mapping(path, value)
    # A message assembled from streamed chunks still has the index.
    check_keys(path, call, ("id", "type", "function", "index"))
    one_of("function")(f"{path}.type", call.get("type", "function"))
    function = mapping(f"{path}.function", call.get("function"))
    check_keys(f"{path}.function", function, ("name", "arguments", "parsed_arguments"))
    return Call(
        id=string(f"{path}.id", call.get("id")),
        function=Function(
            name=string(f"{path}.function.name", function.get("name")),
            arguments=string(f"{path}.function.arguments", function.get("arguments")),
        ),
    )

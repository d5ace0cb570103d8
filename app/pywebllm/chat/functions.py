"""The deprecated form of tools: `functions` and `function_call` become tools and their calls.

The reference's "Create chat completion" has both. In the old form an answer has at most one call,
and calls have no ID: a result names the function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from pywebllm.request.checks import items, mapping, refuse, shown, string

__all__ = ["with_tools"]

Values = Mapping[str, object]


def with_tools(values: Values) -> dict[str, object]:
    """Return the parameters of a request with `functions` and `function_call` as tools.

    Messages with a `function_call`, and those of the role `function`, become calls and results.

    Raises:
        InvalidRequestError: Both forms are given, or one has a wrong value.
    """
    found = dict(values)
    functions, choice = found.pop("functions", None), found.pop("function_call", None)
    if functions is not None:
        found |= _tools(functions, values)
    if choice is not None:
        if functions is None:
            refuse("function_call", "requires functions")
        found["tool_choice"] = _choice(choice)
    messages = cast("Sequence[object]", found.get("messages", ()))
    if any(map(_is_old, messages)):
        found["messages"] = list(_messages(messages))
    return found


def _tools(functions: object, values: Values) -> dict[str, object]:
    for name in ("tools", "tool_choice"):
        if name in values:
            refuse("functions", f"cannot be combined with {name}, which replaces it")
    given = items("functions", functions)
    tools = [
        {"type": "function", "function": mapping(f"functions[{i}]", function)}
        for i, function in enumerate(given)
    ]
    return {"tools": tools, "parallel_tool_calls": False}


def _choice(choice: object) -> object:
    if choice in ("none", "auto"):
        return choice
    function = mapping("function_call", choice, "'none', 'auto' or a mapping")
    return {"type": "function", "function": function}


def _is_old(message: object) -> bool:
    if isinstance(message, Mapping):
        return message.get("function_call") is not None or message.get("role") == "function"
    return getattr(message, "function_call", None) is not None


def _messages(messages: Sequence[object]) -> Iterator[object]:
    called: tuple[str, object] | None = None  # the ID of the last call, and its function's name
    for index, message in enumerate(messages):
        path = f"messages[{index}]"
        if not _is_old(message):
            yield message
            continue
        fields = mapping(path, message)
        if fields.get("role") == "function":
            yield {**fields, "role": "tool", "tool_call_id": _result_of(called, fields, path)}
            called = None
            continue
        function = mapping(f"{path}.function_call", fields.pop("function_call"))
        called = f"call_{index}", function.get("name")
        call = {"id": called[0], "type": "function", "function": function}
        yield {**fields, "tool_calls": [call]}


def _result_of(called: tuple[str, object] | None, fields: Values, path: str) -> str:
    name = string(f"{path}.name", fields.get("name"))
    if called is None or called[1] != name:
        refuse(
            f"{path}.name",
            f"must be the function of the preceding function_call, got {shown(name)}",
        )
    return called[0]

"""The input of a response as the messages of a chat.

Items that the model wrote in one answer (reasoning, text, calls) become one message again, so
that its text is the same, byte for byte, and the KV cache can be reused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pywebllm.request.checks import refuse, refuse_value, string

from .options import objects
from .origins import Origins

__all__ = ["read_messages"]

Item: TypeAlias = Mapping[str, object]
Message: TypeAlias = dict[str, object]

_TEXTS = ("input_text", "output_text", "text", "reasoning_text", "summary_text")


def read_messages(
    given: object, instructions: object = None, *, before: Sequence[Item] = ()
) -> tuple[list[Message], Origins]:
    """Return the messages, and the path here of each path in them.

    They are the instructions first, then the items `before`, then the input, a string or a list of
    items.

    Raises:
        InvalidRequestError: An item has no counterpart in a chat.
    """
    messages: list[Message] = []
    origins = Origins()
    if instructions is not None and string("instructions", instructions):
        messages.append({"role": "system", "content": instructions})
        origins.note(messages, "instructions")
    if given is None:
        refuse("input", "is missing: it must be a string or a list of items")
    paths = ["previous_response_id"] * len(before)
    if isinstance(given, str):
        items, paths = [*before, {"role": "user", "content": given}], [*paths, "input"]
    else:
        own = objects(given, "input", "a string or a list of items")
        items, paths = [*before, *own], [*paths, *(f"input[{i}]" for i in range(len(own)))]
    for item, path in zip(items, paths, strict=True):
        _add(messages, item, path)
        origins.note(messages, path)
    return messages, origins


def _add(messages: list[Message], item: Item, path: str) -> None:
    match item.get("type", "message"):
        case "message" if item.get("role") == "assistant":
            # A model may continue its text after a call; the results come later.
            message = _assistant_message(messages, "content")
            message["content"] = _text(item.get("content"), f"{path}.content")
        case "message":
            content = _content(item.get("content"), f"{path}.content")
            messages.append({"role": item.get("role"), "content": content})
        case "reasoning":
            name = "content" if item.get("content") else "summary"
            if item.get(name):  # otherwise the item does not contain the reasoning
                message = _assistant_message(messages, "reasoning", "content", "tool_calls")
                message["reasoning"] = _text(item[name], f"{path}.{name}")
        case "function_call":
            _calls(_assistant_message(messages)).append(_call(item))
        case "function_call_output":
            output = _text(item.get("output"), f"{path}.output")
            messages.append(
                {"role": "tool", "tool_call_id": item.get("call_id"), "content": output}
            )
        case kind:
            refuse_value(
                f"{path}.type",
                "'message', 'reasoning', 'function_call' or 'function_call_output'",
                kind,
            )


def _assistant_message(messages: list[Message], *new: str) -> Message:
    """Return the last message if it is the assistant's and has none of `new`, else a new one."""
    last = messages[-1] if messages else {}
    if last.get("role") == "assistant" and not any(last.get(name) for name in new):
        return last
    message: Message = {"role": "assistant", "content": ""}
    messages.append(message)
    return message


def _calls(message: Message) -> list[object]:
    calls = message.setdefault("tool_calls", [])
    assert isinstance(calls, list)
    return calls


def _call(item: Item) -> Message:
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id"), "type": "function", "function": function}


def _content(content: object, path: str) -> object:
    if isinstance(content, str):
        return content
    parts = objects(content, path, "a string or a list of parts")
    return [_part(part, f"{path}[{index}]") for index, part in enumerate(parts)]


def _part(part: Item, path: str) -> Message:
    if part.get("type") in _TEXTS:
        return {"type": "text", "text": part.get("text")}
    if part.get("type") != "input_image":
        refuse_value(f"{path}.type", "'input_text' or 'input_image'", part.get("type"))
    if part.get("image_url") is None:
        refuse(f"{path}.image_url", "is missing: images are read from a URL only")
    image = {"url": part["image_url"], "detail": part.get("detail")}
    known = {name: value for name, value in image.items() if value is not None}
    return {"type": "image_url", "image_url": known}


def _text(content: object, path: str) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for index, part in enumerate(objects(content, path, "a string or a list of text parts")):
        text = part.get("text")
        if part.get("type") not in _TEXTS or not isinstance(text, str):
            refuse_value(f"{path}[{index}]", "a text part", part)
        texts.append(text)
    return "\n".join(texts)  # as in a chat

"""The input of a response as the messages of a chat.

Items that the model wrote in one go (reasoning, text, calls) become one message again, so that
its text is byte for byte what it was and the KV cache serves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pywebllm.errors import InvalidRequestError

from .options import objects

__all__ = ["read_messages"]

Item: TypeAlias = Mapping[str, object]
Message: TypeAlias = dict[str, object]

_TEXTS = ("input_text", "output_text", "text", "reasoning_text", "summary_text")


def read_messages(given: object, instructions: object = None) -> list[Message]:
    """Return the messages: instructions first, then the input, a text or a list of items.

    Raises:
        InvalidRequestError: An item is none that can be put into a chat.
    """
    if instructions is not None and not isinstance(instructions, str):
        raise InvalidRequestError(
            f"instructions are a text, got {instructions!r}", param="instructions"
        )
    messages: list[Message] = []
    if instructions:
        messages.append({"role": "system", "content": instructions})
    if given is None:
        raise InvalidRequestError("input is missing", param="input")
    if isinstance(given, str):
        return [*messages, {"role": "user", "content": given}]
    for index, item in enumerate(objects(given, "input")):
        _add(messages, item, f"input[{index}]")
    return messages


def _add(messages: list[Message], item: Item, place: str) -> None:
    match item.get("type", "message"):
        case "message" if item.get("role") == "assistant":
            # A model may write on behind a call; the results come later.
            said = _said(messages, "content")
            said["content"] = _text(item.get("content"), place)
        case "message":
            content = _content(item.get("content"), place)
            messages.append({"role": item.get("role"), "content": content})
        case "reasoning":
            parts = item.get("content") or item.get("summary")
            if parts:  # else nothing of it is known
                said = _said(messages, "reasoning", "content", "tool_calls")
                said["reasoning"] = _text(parts, place)
        case "function_call":
            _calls(_said(messages)).append(_call(item))
        case "function_call_output":
            output = _text(item.get("output"), place)
            messages.append(
                {"role": "tool", "tool_call_id": item.get("call_id"), "content": output}
            )
        case kind:
            raise InvalidRequestError(
                f"{place} is of the type {kind!r}, which the page neither has nor keeps",
                advice="Send messages, function calls and their outputs.",
                param=f"{place}.type",
            )


def _said(messages: list[Message], *new: str) -> Message:
    """Return the assistant's message that goes on, a new one if it has any of these already."""
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


def _content(content: object, place: str) -> object:
    if isinstance(content, str):
        return content
    parts = objects(content, f"{place}.content")
    return [_part(part, f"{place}.content[{index}]") for index, part in enumerate(parts)]


def _part(part: Item, place: str) -> Message:
    if part.get("type") in _TEXTS:
        return {"type": "text", "text": part.get("text")}
    if part.get("type") == "input_image" and part.get("image_url") is not None:
        image = {"url": part["image_url"], "detail": part.get("detail")}
        known = {name: value for name, value in image.items() if value is not None}
        return {"type": "image_url", "image_url": known}
    raise InvalidRequestError(
        f"{place} is neither text nor an image by address, got {part.get('type')!r}",
        param=f"{place}.type",
    )


def _text(content: object, place: str) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for index, part in enumerate(objects(content, f"{place}.content")):
        text = part.get("text")
        if part.get("type") not in _TEXTS or not isinstance(text, str):
            raise InvalidRequestError(
                f"{place}.content[{index}] is no text, got {part.get('type')!r}",
                param=f"{place}.content[{index}]",
            )
        texts.append(text)
    return "\n".join(texts)  # as in a chat

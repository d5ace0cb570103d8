"""Conversations as JSON: what the browser keeps, and what an export has.

Reading takes JSON from anywhere: what is unusable is left out, and a message whose parent is
missing is not taken.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, cast, get_args

from .conversation import Conversation
from .messages import Call, CallState, Message, MessageState, Speed
from .settings import Settings

__all__ = ["changes_of", "from_record", "to_record"]

_IMAGE = "data:image/"


def to_record(conversation: Conversation) -> dict[str, Any]:
    """Return the JSON object of a conversation.

    `messages` is apart from what a list shows, so that a list can be read without it.
    """
    return {
        "id": conversation.id,
        "title": conversation.title,
        "created": conversation.created,
        "updated": conversation.updated,
        "settings": conversation.settings.to_record(),
        "messages": [_message_record(message) for message in conversation.messages.values()],
        "choices": dict(conversation.choices),
    }


def changes_of(record: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ID and what has changed in the record of a conversation since `before`.

    Of the messages, those that are new or have changed; none is ever taken from a conversation.
    """
    changes = {k: v for k, v in record.items() if k == "id" or v != before[k]}
    if "messages" in changes:
        known = {message["id"]: message for message in before["messages"]}
        messages = changes["messages"]
        changes["messages"] = [one for one in messages if one != known.get(one["id"])]
    return changes


def from_record(record: Mapping[str, Any]) -> Conversation:
    """Return the conversation of a JSON object."""
    messages: dict[str, Message] = {}
    for item in _list(record.get("messages")):
        message = _read_message(item)
        is_known = message is not None and (not message.parent or message.parent in messages)
        if message is not None and is_known and message.id not in messages:
            messages[message.id] = message
    choices = _mapping(record.get("choices"))
    return Conversation(
        id=_string(record, "id"),
        title=_string(record, "title"),
        created=_integer(record, "created"),
        updated=_integer(record, "updated"),
        settings=Settings.from_record(_mapping(record.get("settings"))),
        messages=messages,
        choices={k: v for k, v in choices.items() if isinstance(v, str) and v in messages},
    )


@functools.lru_cache(maxsize=2048)
def _message_record(message: Message) -> dict[str, Any]:
    # Cached, because a conversation is kept again and again while one message of it is written.
    # What is empty is left out: most messages are a text and no more.
    names = [item.name for item in fields(message) if item.name not in ("calls", "speed")]
    record = {name: value for name in names if (value := getattr(message, name))}
    if message.calls:
        record["calls"] = [asdict(call) for call in message.calls]
    if message.speed:
        record["speed"] = asdict(message.speed)
    return record


def _read_message(item: Any) -> Message | None:
    record = _mapping(item)
    role, message_id = record.get("role"), _string(record, "id")
    if not message_id or role not in ("user", "assistant"):
        return None
    state = record.get("state")
    return Message(
        id=message_id,
        parent=_string(record, "parent"),
        role=role,
        text=_string(record, "text"),
        reasoning=_string(record, "reasoning"),
        images=tuple(_images(record.get("images"))),
        calls=tuple(call for found in _list(record.get("calls")) if (call := _read_call(found))),
        state=cast(MessageState, state) if state in get_args(MessageState) else "done",
        problem=_string(record, "problem"),
        detail=_string(record, "detail"),
        is_typed=record.get("is_typed") is True,
        speed=_read_speed(record.get("speed")),
        model=_string(record, "model"),
        created=_integer(record, "created"),
    )


def _read_call(item: Any) -> Call | None:
    record = _mapping(item)
    call_id, name, state = _string(record, "id"), _string(record, "name"), record.get("state")
    if not call_id or not name:
        return None
    return Call(
        id=call_id,
        name=name,
        arguments=_string(record, "arguments"),
        # A function that ran when the tab was closed did not return: ask again.
        state=cast(CallState, state)
        if state in get_args(CallState) and state != "running"
        else "asked",
        result=_string(record, "result"),
    )


def _read_speed(item: Any) -> Speed | None:
    record = _mapping(item)
    if not record:
        return None
    return Speed(
        prompt_tokens=_integer(record, "prompt_tokens"),
        completion_tokens=_integer(record, "completion_tokens"),
        tokens_per_second=_number(record, "tokens_per_second"),
        first_token=_number(record, "first_token"),
    )


def _images(value: Any) -> list[str]:
    return [item for item in _list(value) if isinstance(item, str) and item.startswith(_IMAGE)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _string(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _integer(record: Mapping[str, Any], name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _number(record: Mapping[str, Any], name: str) -> float | None:
    value = record.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value is not None else None

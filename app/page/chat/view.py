"""What the chat view shows: values and texts, no DOM."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pywebllm.json_text import read_json

from page.speed import speed_text
from page.texts import number, text

from .conversation import Conversation
from .messages import Call, Message, Speed
from .tables import Table, table_of

__all__ = [
    "CallView",
    "MessageView",
    "Meter",
    "Screen",
    "describe_call",
    "meter_of",
    "view_of",
]

Action: TypeAlias = Literal["copy", "edit", "regenerate", "continue", "previous", "next", "resume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How much of the context window is used.

    Attributes:
        text: In words; empty if it is not known.
        ratio: 0 to 1.
    """

    text: str = ""
    ratio: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes in the view, except messages, settings and the list.

    Attributes:
        title: The title of the conversation.
        is_kept: True if it is in the list, so that it can be renamed, exported and deleted.
        is_empty: True if it has no messages.
        is_ready: True when the model answers.
        is_writing: True while an answer is written here.
        takes_images: True if the model reads images.
        status: One line, read aloud by screen readers.
        problem: What went wrong, one sentence or empty.
        advice: What to do about it.
        meter: The context window.
    """

    title: str = ""
    is_kept: bool = False
    is_empty: bool = True
    is_ready: bool = False
    is_writing: bool = False
    takes_images: bool = False
    status: str = ""
    problem: str = ""
    advice: str = ""
    meter: Meter = Meter()

    @property
    def can_send(self) -> bool:
        """True when the model is ready for a message."""
        return self.is_ready and not self.is_writing


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call of a tool.

    Attributes:
        id: Its ID.
        what: What is to be done, in words.
        arguments: What the tool is given.
        is_asked: True while the visitor has to decide.
        note: What has become of it.
        result: What the model gets to read; empty if there is nothing yet.
    """

    id: str
    what: str
    arguments: str
    is_asked: bool
    note: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message as it is shown.

    Attributes:
        id: Its ID.
        role: Who wrote it.
        author: The same in words.
        text: What was written.
        reasoning: What the model wrote before its answer.
        images: Images as `data:` URLs.
        calls: Calls of tools.
        table: A typed answer as a table; None if it is not one.
        is_typed: True if the text is JSON.
        is_writing: True while it is written.
        note: How it ended, if not as usual.
        detail: The same in the words of what failed; mostly empty.
        facts: How fast it was written.
        version: Which version it is, from 1.
        versions: How many versions there are.
        actions: What the visitor can do with it.
    """

    id: str
    role: str
    author: str
    text: str
    reasoning: str
    images: tuple[str, ...]
    calls: tuple[CallView, ...]
    table: Table | None
    is_typed: bool
    is_writing: bool
    note: str
    detail: str
    facts: str
    version: int
    versions: int
    actions: tuple[Action, ...]


def view_of(
    conversation: Conversation,
    message: Message,
    *,
    label: Callable[[str], str],
    is_live: bool,
    is_last: bool,
) -> MessageView:
    """Return how a message is shown.

    Args:
        conversation: Where it belongs.
        message: The message.
        label: Returns what a tool is called in words.
        is_live: True if this page writes the message now.
        is_last: True if no message follows it.
    """
    versions = conversation.siblings(message.id)
    return MessageView(
        id=message.id,
        role=message.role,
        author=text("chat.you" if message.role == "user" else "chat.assistant"),
        text=message.text,
        reasoning=message.reasoning,
        images=message.images,
        calls=tuple(describe_call(call, label) for call in message.calls),
        table=table_of(message.text) if message.is_typed and not is_live else None,
        is_typed=message.is_typed,
        is_writing=is_live,
        note=_note(message, is_live=is_live),
        detail=message.detail if message.state == "failed" else "",
        facts=_speed_text(message.speed),
        version=versions.index(message.id) + 1,
        versions=len(versions),
        actions=_actions(message, is_live=is_live, is_last=is_last, versions=len(versions)),
    )


def describe_call(call: Call, label: Callable[[str], str]) -> CallView:
    """Return how a call of a tool is shown."""
    return CallView(
        id=call.id,
        what=text("chat.call", tool=label(call.name)),
        arguments=_shown_arguments(call.arguments),
        is_asked=call.state == "asked",
        note=text(f"chat.call.{call.state}"),
        result=call.result,
    )


def _speed_text(speed: Speed | None) -> str:
    if speed is None:
        return ""
    return speed_text(
        tokens_per_second=speed.tokens_per_second,
        first_token=speed.first_token,
        completion_tokens=speed.completion_tokens,
    )


def meter_of(conversation: Conversation, window: int | None) -> Meter:
    """Return how much of a context window the branch that is shown uses."""
    used = 0
    for message in conversation.path():
        if message.speed is not None:
            used = message.speed.prompt_tokens + message.speed.completion_tokens
    if not used:
        return Meter()
    if not window:
        return Meter(text=text("chat.context.used", used=number(used, ",")))
    words = text("chat.context", used=number(used, ","), window=number(window, ","))
    return Meter(text=words, ratio=min(used / window, 1.0))


def _note(message: Message, *, is_live: bool) -> str:
    if message.state == "failed":
        return message.problem
    if is_live or message.state == "done":
        return ""
    return text(f"chat.state.{message.state}")


def _actions(
    message: Message, *, is_live: bool, is_last: bool, versions: int
) -> tuple[Action, ...]:
    found: list[Action] = ["previous", "next"] if versions > 1 else []
    if is_live:
        return tuple(found)
    if message.state == "writing":
        return (*found, "resume", "regenerate")
    if message.text:
        found.append("copy")
    if not message.calls:
        found.append("edit")
    if message.role == "assistant":
        found.append("regenerate")
        is_cut = message.state in ("stopped", "length", "failed")
        if is_cut and is_last and message.text and not message.is_typed and not message.calls:
            found.append("continue")
    return tuple(found)


def _shown_arguments(arguments: str) -> str:
    try:
        given = read_json(arguments)
    except ValueError:
        return arguments
    if not isinstance(given, dict):
        return arguments
    return "\n".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in given.items()
    )

"""Exports and imports: conversations as JSON and as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pywebllm.json_text import read_json

from page.texts import text

from .conversation import Conversation, title_of
from .messages import Message
from .records import from_record, to_record
from .settings import Settings

__all__ = ["ImportProblem", "read_import", "to_json", "to_markdown"]

_FORMAT = "pywebllm-conversations"
_VERSION = 1
# The headings of a Markdown export. They are not translated, so that every page reads every export.
_HEADINGS = {"System": "system", "You": "user", "Assistant": "assistant"}
_HEADING = re.compile(r"^## (System|You|Assistant)$", re.MULTILINE)
_LIKE_HEADING = re.compile(r"^(\\*## (?:System|You|Assistant))$", re.MULTILINE)
_ESCAPED = re.compile(r"^\\(\\*## (?:System|You|Assistant))$", re.MULTILINE)


class ImportProblem(Exception):  # noqa: N818 - shown to visitors
    """A file has no conversations that can be read."""


def to_json(conversations: Iterable[Conversation]) -> str:
    """Return conversations as JSON, with all versions of their messages."""
    records = [to_record(conversation) for conversation in conversations]
    found = {"format": _FORMAT, "version": _VERSION, "conversations": records}
    return json.dumps(found, ensure_ascii=False, indent=1)


def to_markdown(conversation: Conversation) -> str:
    """Return the branch that is shown as Markdown, without images."""
    parts = [f"# {conversation.title}"]
    if conversation.settings.system:
        parts += ["## System", _escaped(conversation.settings.system)]
    speaker = ""
    for message in conversation.path():
        heading = "You" if message.role == "user" else "Assistant"
        if heading != speaker:
            parts.append(f"## {heading}")
        speaker = heading
        parts += [_fenced(call.name, call.arguments, call.result) for call in message.calls]
        parts.append(_escaped(message.text))
    return "\n\n".join(part for part in parts if part) + "\n"


def read_import(
    name: str, content: str, *, new_id: Callable[[], str], now: int
) -> list[Conversation]:
    """Return the conversations of a file, with new IDs.

    Args:
        name: The name of the file; `.md` is Markdown, all else JSON.
        content: What it has.
        new_id: Returns an ID that was never used.
        now: The time, in milliseconds since 1970.

    JSON may be an export of this page, or a list of messages as in the OpenAI API reference, alone
    or under the key `messages`.

    Raises:
        ImportProblem: It has none.
    """
    if name.lower().endswith((".md", ".markdown")):
        found = [_read_markdown(content)]
    else:
        found = _read_json(content)
    if not any(conversation.messages for conversation in found):
        raise ImportProblem(text("chat.import.empty"))
    return [_renewed(item, new_id=new_id, now=now) for item in found if item.messages]


def _read_json(content: str) -> list[Conversation]:
    try:
        found = read_json(content)
    except ValueError as error:
        raise ImportProblem(text("chat.import.json", reason=str(error))) from error
    if isinstance(found, dict) and found.get("format") == _FORMAT:
        records = found.get("conversations")
        return [
            from_record(record)
            for record in (records if isinstance(records, list) else [])
            if isinstance(record, dict)
        ]
    messages = found.get("messages") if isinstance(found, dict) else found
    return [_of_messages(messages if isinstance(messages, list) else [])]


def _of_messages(messages: Iterable[Any]) -> Conversation:
    conversation = Conversation(id="imported")
    for item in messages:
        if isinstance(item, dict):
            _add(conversation, item.get("role"), _words(item.get("content")))
    return conversation


def _words(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(words for words in texts if isinstance(words, str))


def _read_markdown(content: str) -> Conversation:
    content = content.replace("\r\n", "\n")
    before, *parts = _HEADING.split(content)
    conversation = Conversation(id="imported")
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        _add(conversation, _HEADINGS[heading], _ESCAPED.sub(r"\1", body.strip()))
    title = re.match(r"\s*# (.+)", before)
    if title:
        conversation.title = title[1].strip()
    return conversation


def _add(conversation: Conversation, role: object, words: str) -> None:
    if role in ("system", "developer"):
        system = "\n\n".join(filter(None, [conversation.settings.system, words]))
        conversation.settings = Settings(system=system)
    elif role in ("user", "assistant"):
        number = str(len(conversation.messages))
        message = Message(
            id=number,
            parent=next(reversed(conversation.messages), ""),
            role="user" if role == "user" else "assistant",
            text=words,
        )
        conversation.add(message)


def _renewed(conversation: Conversation, *, new_id: Callable[[], str], now: int) -> Conversation:
    # New IDs throughout: an import must not replace what is kept, and an answer's ID is its place
    # in the engine's storage.
    ids: Mapping[str, str] = {"": "", **{old: new_id() for old in conversation.messages}}
    messages = [
        replace(
            message,
            id=ids[message.id],
            parent=ids[message.parent],
            state="stopped" if message.state == "writing" else message.state,
        )
        for message in conversation.messages.values()
    ]
    first = next((message.text for message in messages if message.text), "")
    return Conversation(
        id=new_id(),
        title=conversation.title or title_of(first),
        created=conversation.created or now,
        updated=now,
        settings=conversation.settings,
        messages={message.id: message for message in messages},
        choices={ids[k]: ids[v] for k, v in conversation.choices.items() if k in ids},
    )


def _escaped(words: str) -> str:
    return _LIKE_HEADING.sub(r"\\\1", words)


def _fenced(*parts: str) -> str:
    content = "\n".join(_lines(parts))
    longest = max((len(run) for run in re.findall(r"`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{_escaped(content)}\n{fence}"


def _lines(parts: Iterable[str]) -> Iterator[str]:
    yield from (part for part in parts if part)

"""The items of a response's output while they are written, and their events.

The writer adds `sequence_number` and `output_index` to each event. Names and order are those of
"Streaming events" in the OpenAI reference's section on responses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

from pywebllm.ids import new_id

__all__ = ["CallItem", "Event", "Item", "ItemStatus", "MessageItem", "ReasoningItem"]

Event: TypeAlias = dict[str, Any]
ItemStatus: TypeAlias = Literal["in_progress", "completed", "incomplete"]


class Item(Protocol):
    """An item that is being written."""

    def opened(self) -> Iterator[Event]:
        """Return the events that follow the addition of the item."""
        ...

    def closed(self) -> Iterator[Event]:
        """Return the events that complete the item."""
        ...

    def as_json(self, status: ItemStatus) -> Event:
        """Return the current JSON object of the item."""
        ...


class _TextItem:
    """An item with one text part."""

    kind: ClassVar[str]
    part: ClassVar[str]

    def __init__(self) -> None:
        self.id = new_id(f"{self.kind}_")
        self.text = ""

    def opened(self) -> Iterator[Event]:
        yield self._event("response.content_part.added", part=self._part())

    def closed(self) -> Iterator[Event]:
        yield self._event(f"response.{self.part}.done", text=self.text, **self._extras([]))
        yield self._event("response.content_part.done", part=self._part())

    def _add(self, text: str, logprobs: list[Event]) -> Event:
        self.text += text
        return self._event(f"response.{self.part}.delta", delta=text, **self._extras(logprobs))

    def _event(self, kind: str, **fields: object) -> Event:
        return {"type": kind, "item_id": self.id, "content_index": 0, **fields}

    def _part(self) -> Event:
        return {"type": self.part, "text": self.text}

    def _extras(self, logprobs: list[Event]) -> Event:
        return {}


class MessageItem(_TextItem):
    """A message of the assistant; with `logprobs` True its part has them."""

    kind = "msg"
    part = "output_text"

    def __init__(self, *, logprobs: bool) -> None:
        super().__init__()
        self._logprobs: list[Event] = []
        self._has_logprobs = logprobs

    def add(self, text: str, logprobs: list[Event]) -> Event:
        """Append text with the logprobs of its tokens; return the event."""
        self._logprobs += logprobs
        return self._add(text, logprobs)

    def closed(self) -> Iterator[Event]:
        """Return the events that complete the item."""
        extras = self._extras(self._logprobs)
        yield self._event("response.output_text.done", text=self.text, **extras)
        yield self._event("response.content_part.done", part=self._part())

    def as_json(self, status: ItemStatus) -> Event:
        """Return the current JSON object; it has no part while the message is in progress."""
        content = [] if status == "in_progress" else [self._part()]
        head = {"id": self.id, "type": "message", "status": status}
        return {**head, "role": "assistant", "content": content}

    def _part(self) -> Event:
        part: Event = {**super()._part(), "annotations": []}
        return {**part, "logprobs": list(self._logprobs)} if self._has_logprobs else part

    def _extras(self, logprobs: list[Event]) -> Event:
        return {"logprobs": list(logprobs)}


class ReasoningItem(_TextItem):
    """The reasoning of the model."""

    kind = "rs"
    part = "reasoning_text"

    def add(self, text: str) -> Event:
        """Append text; return the event."""
        return self._add(text, [])

    def as_json(self, status: ItemStatus) -> Event:
        """Return the current JSON object; all of the text is its content, it has no summary."""
        content = [] if status == "in_progress" else [self._part()]
        head = {"id": self.id, "type": "reasoning", "status": status}
        return {**head, "summary": [], "content": content}


class CallItem:
    """A tool call.

    Args:
        index: Its index in the chat's answer.
        call_id: The ID by which its output refers to it.
        name: The tool's name.
    """

    def __init__(self, *, index: int, call_id: str, name: str) -> None:
        self.index = index
        self._id = new_id("fc_")
        self._call_id = call_id
        self._name = name
        self._arguments = ""

    def opened(self) -> Iterator[Event]:
        """Return no events: the item itself has everything."""
        yield from ()

    def add(self, arguments: str) -> Event:
        """Append to the JSON string of the arguments; return the event."""
        self._arguments += arguments
        return self._event("response.function_call_arguments.delta", delta=arguments)

    def closed(self) -> Iterator[Event]:
        """Return the event with the whole arguments."""
        done = "response.function_call_arguments.done"
        yield self._event(done, name=self._name, arguments=self._arguments)

    def as_json(self, status: ItemStatus) -> Event:
        """Return the current JSON object of the item."""
        head = {"id": self._id, "type": "function_call", "status": status}
        call = {"call_id": self._call_id, "name": self._name, "arguments": self._arguments}
        return {**head, **call}

    def _event(self, kind: str, **fields: object) -> Event:
        return {"type": kind, "item_id": self._id, **fields}

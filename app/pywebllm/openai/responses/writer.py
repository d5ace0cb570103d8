"""From the chunks of a chat to the items and events of a response.

A streamed response is these events; a whole one is the response in the last of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, Literal, TypeVar

from pywebllm.errors import InvalidRequestError, WebLLMError
from pywebllm.ids import new_id
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionChunk,
    ChoiceLogprobs,
    Delta,
    ToolCallDelta,
    Usage,
)

from .items import CallItem, Event, Item, ItemStatus, MessageItem, ReasoningItem
from .request import ResponseRequest

__all__ = ["ResponseWriter"]

ItemT = TypeVar("ItemT", bound=Item)


class ResponseWriter:
    """Writes one response; each method returns events in order."""

    def __init__(self, request: ResponseRequest) -> None:
        self._has_logprobs = request.logprobs
        self._sequence_number = 0
        self._item: Item | None = None
        self._output: list[Event] = []
        self._logprobs: list[Event] = []  # of text that is held back
        self._response: Event = {
            "id": new_id("resp_"),
            "object": "response",
            "created_at": int(time.time()),
            "status": "in_progress",
            "background": False,
            "error": None,
            "incomplete_details": None,
            "output": self._output,
            "service_tier": "default",
            "usage": None,
            **request.echo,
        }

    @property
    def response(self) -> Event:
        """The current JSON object of the response."""
        return {**self._response, "output": list(self._output)}

    def start(self, model: str) -> Iterator[Event]:
        """Begin the response of the model with this ID."""
        self._response["model"] = model
        yield self._state("response.created")
        yield self._state("response.in_progress")

    def write(self, chunk: ChatCompletionChunk) -> Iterator[Event]:
        """Process a chunk of the chat."""
        for choice in chunk.choices:
            yield from self._write(choice.delta, choice.logprobs)

    def end(self, final: ChatCompletion) -> Iterator[Event]:
        """End the response; the chat's answer has the finish reason and the usage."""
        truncated = final.finish_reason == "length"
        if self._item is None and not self._output:
            yield from self._open(self._new_message())  # the answer is empty
        yield from self._close("incomplete" if truncated else "completed")
        if final.usage is not None:
            self._response["usage"] = _usage(final.usage)
        if truncated:
            self._response["incomplete_details"] = {"reason": "max_output_tokens"}
            yield self._finished("incomplete")
        else:
            self._response["completed_at"] = int(time.time())
            yield self._finished("completed")

    def fail(self, error: WebLLMError) -> Iterator[Event]:
        """End the response with an error; the output keeps the text so far."""
        yield from self._close("incomplete")
        is_invalid = isinstance(error, InvalidRequestError)
        code = "invalid_prompt" if is_invalid else "server_error"
        self._response["error"] = {"code": code, "message": str(error)}
        yield self._finished("failed")

    def _write(self, delta: Delta, logprobs: ChoiceLogprobs | None) -> Iterator[Event]:
        if delta.reasoning is not None:
            # An empty block is an item as well, so that it can be sent back as input.
            item = yield from self._item_of(ReasoningItem, ReasoningItem)
            if delta.reasoning:
                yield self._event(item.add(delta.reasoning))
        if not delta.reasoning and not delta.tool_calls and logprobs is not None:
            self._logprobs += _logprobs(logprobs)
        if delta.content:
            message = yield from self._item_of(MessageItem, self._new_message)
            logprobs_so_far, self._logprobs = self._logprobs, []
            yield self._event(message.add(delta.content, logprobs_so_far))
        for call in delta.tool_calls or ():
            yield from self._write_call(call)

    def _write_call(self, call: ToolCallDelta) -> Iterator[Event]:
        item = self._item
        if not isinstance(item, CallItem) or item.index != call.index:
            name = call.function.name or ""
            item = CallItem(index=call.index, call_id=call.id or new_id("call_"), name=name)
            yield from self._open(item)
        if call.function.arguments:
            yield self._event(item.add(call.function.arguments))

    def _new_message(self) -> MessageItem:
        return MessageItem(logprobs=self._has_logprobs)

    def _item_of(
        self, kind: type[ItemT], make: Callable[[], ItemT]
    ) -> Generator[Event, None, ItemT]:
        if isinstance(self._item, kind):
            return self._item
        item = make()
        yield from self._open(item)
        return item

    def _open(self, item: Item) -> Iterator[Event]:
        yield from self._close("completed")
        self._item = item
        added = {"type": "response.output_item.added", "item": item.as_json("in_progress")}
        yield self._event(added)
        for event in item.opened():
            yield self._event(event)

    def _close(self, status: ItemStatus) -> Iterator[Event]:
        item, self._item = self._item, None
        if item is None:
            return
        done = item.as_json(status)
        for event in [*item.closed(), {"type": "response.output_item.done", "item": done}]:
            yield self._event(event)
        self._output.append(done)

    def _event(self, event: Event) -> Event:
        return self._numbered({**event, "output_index": len(self._output)})

    def _finished(self, status: Literal["completed", "incomplete", "failed"]) -> Event:
        self._response["status"] = status
        return self._state(f"response.{status}")

    def _state(self, kind: str) -> Event:
        return self._numbered({"type": kind, "response": self.response})

    def _numbered(self, event: Event) -> Event:
        number = self._sequence_number
        self._sequence_number += 1
        return {**event, "sequence_number": number}


def _usage(usage: Usage) -> Event:
    known = usage.to_dict()
    details = known.get("prompt_tokens_details", {})
    converted: Event = {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": details.get("cached_tokens", 0),
            "cache_write_tokens": 0,
        },
        "output_tokens": usage.completion_tokens,
        # Not counted separately, but the reference requires a number.
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.total_tokens,
    }
    return {**converted, "extra": known["extra"]} if "extra" in known else converted


def _logprobs(found: ChoiceLogprobs) -> list[Event]:
    return [_token(token) for token in found.to_dict()["content"]]


def _token(token: dict[str, Any]) -> Event:
    tops = [{**top, "bytes": top["bytes"] or []} for top in token["top_logprobs"]]
    return {**token, "bytes": token["bytes"] or [], "top_logprobs": tops}

"""Messages of a conversation: what the visitor and the model wrote, and the calls of tools.

Values only; `records` turns them into JSON and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

__all__ = ["Call", "CallState", "Message", "MessageState", "Role", "Speed"]

Role: TypeAlias = Literal["user", "assistant"]

# `length` is an answer that ended at a limit; `failed` one that ended with an error.
MessageState: TypeAlias = Literal["done", "writing", "stopped", "length", "failed"]

# A call is `asked` until the visitor decides, and `running` until its function has returned.
CallState: TypeAlias = Literal["asked", "running", "done", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What the engine reported about an answer; a value that was not reported is None."""

    prompt_tokens: int
    completion_tokens: int
    tokens_per_second: float | None = None
    first_token: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a tool that the model asks for.

    Attributes:
        id: The ID that the model's message and the result share.
        name: The name of the tool.
        arguments: The JSON object that the model wrote.
        state: What has become of it.
        result: What the model gets to read; empty until the call is over.
    """

    id: str
    name: str
    arguments: str
    state: CallState = "asked"
    result: str = ""

    @property
    def is_over(self) -> bool:
        """True when the model can be given the result."""
        return self.state in ("done", "refused", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message; an answer after the results of tools is the child of the one that called them.

    Attributes:
        id: The ID of the message; an answer that outlives its tab is kept by the engine under it.
        parent: The ID of the message before it; empty for the first.
        role: Who wrote it.
        text: What was written.
        reasoning: What the model wrote before its answer.
        images: Images as `data:` URLs.
        calls: The calls of tools that it ends with.
        state: How it ended, or that it is still written.
        problem: Why it failed, for the visitor; may be empty.
        detail: The same in the words of what failed.
        is_typed: True if the text is JSON that a schema describes.
        speed: How fast it was; None if that is not known.
        model: The ID of the model that wrote it; empty for the visitor's messages.
        created: When it was begun, in milliseconds since 1970.
    """

    id: str
    parent: str
    role: Role
    text: str = ""
    reasoning: str = ""
    images: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    state: MessageState = "done"
    problem: str = ""
    detail: str = ""
    is_typed: bool = False
    speed: Speed | None = field(default=None)
    model: str = ""
    created: int = 0

    @property
    def is_waiting(self) -> bool:
        """True while a call waits for the visitor or runs."""
        return any(not call.is_over for call in self.calls)

    def with_call(self, changed: Call) -> Message:
        """Return the message with one call replaced."""
        calls = tuple(changed if call.id == changed.id else call for call in self.calls)
        return replace(self, calls=calls)

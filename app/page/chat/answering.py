"""Reading one answer of the model: a request becomes a message, piece by piece."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pywebllm import (
    AsyncWebLLM,
    ChatStream,
    InvalidRequestError,
    SessionNotFoundError,
    Usage,
    WebLLMError,
)

from .messages import Call, Message, MessageState, Speed
from .requests import resumable

if TYPE_CHECKING:
    from pywebllm.types import ChatCompletion

__all__ = ["Draft", "Kind", "finished", "forget", "open_answer", "read_answer"]

_logger = logging.getLogger("page")

# Where a piece belongs: in the answer, or in what the model wrote before it.
Kind: TypeAlias = Literal["text", "reasoning"]


@dataclass(slots=True, kw_only=True)
class Draft:
    """An answer that is being written.

    Attributes:
        message: The answer as it was when this began; its text is the beginning.
        text: What was added to the text.
        reasoning: What was added to the reasoning.
    """

    message: Message
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)

    def now(self, state: MessageState = "writing") -> Message:
        """Return the answer as it is now."""
        return replace(
            self.message,
            text=self.message.text + "".join(self.text),
            reasoning=self.message.reasoning + "".join(self.reasoning),
            state=state,
        )


async def open_answer(llm: AsyncWebLLM, body: Mapping[str, Any], session_id: str) -> ChatStream:
    """Make the request, so that the answer outlives the tab if it can.

    Raises:
        WebLLMError: The request cannot be honored, or the model cannot be loaded.
    """
    kept = resumable(body, session_id)
    if kept is not None:
        try:
            found: ChatStream = await llm.chat.completions.create(stream=True, **kept)
            # The engine refuses before the first chunk.
            await found.begin()
        except InvalidRequestError as error:
            # llama.cpp keeps no answers, and a private window has no place for them. Any other
            # mistake is found again below.
            _logger.info("The answer will not outlive this tab: %s", error)
        else:
            return found
    stream: ChatStream = await llm.chat.completions.create(stream=True, **body)
    return stream


async def read_answer(
    stream: ChatStream, draft: Draft, on_piece: Callable[[Kind, str], None]
) -> ChatCompletion:
    """Read an answer to its end into `draft`; report each piece.

    Cancelled, the model stops; `draft` has what was read.

    Raises:
        WebLLMError: The answer failed.
    """
    async with stream:
        async for chunk in stream:
            for choice in chunk.choices:
                if choice.delta.reasoning:
                    draft.reasoning.append(choice.delta.reasoning)
                    on_piece("reasoning", choice.delta.reasoning)
                if choice.delta.content:
                    draft.text.append(choice.delta.content)
                    on_piece("text", choice.delta.content)
        return await stream.read()


def finished(draft: Draft, completion: ChatCompletion) -> Message:
    """Return the whole message of an answer that was read to its end."""
    message = completion.choices[0].message
    calls = tuple(
        Call(id=call.id, name=call.function.name, arguments=call.function.arguments)
        for call in message.tool_calls or ()
    )
    state: MessageState = "length" if completion.finish_reason == "length" else "done"
    speed = speed_of(completion.usage)
    return replace(draft.now(state), calls=calls, speed=speed, model=completion.model)


def speed_of(usage: Usage | None) -> Speed | None:
    """Return what is kept of a usage."""
    if usage is None:
        return None
    return Speed(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        tokens_per_second=usage.decode_tokens_per_second,
        first_token=usage.time_to_first_token,
    )


async def forget(llm: AsyncWebLLM, session_id: str) -> None:
    """Delete what the engine has kept of an answer, if it has."""
    try:
        await llm.sessions.delete(session_id)
    except SessionNotFoundError:
        pass
    except WebLLMError as error:
        # It is kept beside the conversation, and of no use: nothing for the visitor to do.
        _logger.info("An answer was not deleted: %s", error)

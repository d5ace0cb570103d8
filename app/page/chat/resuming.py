"""Finding an answer again that the engine wrote when its tab was closed."""

from __future__ import annotations

import asyncio

from pywebllm import AsyncWebLLM, ChatStream, InvalidRequestError, SessionNotFoundError

__all__ = ["resumed_answer"]

# Seconds between two looks at an answer that is still written, and how many of them may find it
# unchanged before that counts as a failure.
_PAUSE = 1.0
_PATIENCE = 10


async def resumed_answer(llm: AsyncWebLLM, session_id: str) -> ChatStream | None:
    """Return the stream of an answer that was left; None if the engine has not kept it.

    The engine that all tabs share may still be writing it, for no tab or for another one: this
    waits until it is complete.

    Raises:
        WebLLMError: The answer cannot be resumed, or the model cannot be loaded.
    """
    seen, unchanged = -1, 0
    while True:
        try:
            return await llm.sessions.resume(session_id)
        except SessionNotFoundError:
            return None
        except InvalidRequestError:
            written = await _written(llm, session_id)
            unchanged = unchanged + 1 if written == seen else 0
            if unchanged >= _PATIENCE:
                raise
            seen = written
        await asyncio.sleep(_PAUSE)


async def _written(llm: AsyncWebLLM, session_id: str) -> int:
    for session in await llm.sessions.list():
        if session.id == session_id:
            return session.completion_tokens
    return -1

"""Reading a conversation that the browser keeps."""

from __future__ import annotations

from page.storage import StorageProblem, Store
from page.texts import text

from .conversation import Conversation
from .records import from_record

__all__ = ["read_conversation"]


async def read_conversation(store: Store, conversation_id: str) -> Conversation | str:
    """Return a conversation, or in words why there is none."""
    try:
        record = await store.read("conversations", conversation_id)
    except StorageProblem as problem:
        return text("chat.unreadable", reason=str(problem))
    return text("chat.missing") if record is None else from_record(record)

"""The resources of `AsyncWebLLM`, grouped as in the OpenAI SDK, one module each.

A resource builds the body of a request from keyword arguments and passes it to `Api`; it returns
values of `types`, and streams.
"""

from __future__ import annotations

from .chat_completions import Chat, ChatCompletions
from .completions import Completions
from .embeddings import Embeddings
from .models import Models
from .sessions import Sessions

__all__ = [
    "Chat",
    "ChatCompletions",
    "Completions",
    "Embeddings",
    "Models",
    "Sessions",
]

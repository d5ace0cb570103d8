"""The responses endpoint, based on chat completions: see "Responses" in the OpenAI reference.

It supports text, images for vision models, function tools, structured output and logprobs, and
continues the responses that the page has in memory. OpenAI's own tools are refused.
"""

from __future__ import annotations

from .events import ResponseEvents
from .request import ResponseRequest, read_request
from .store import ResponseStore
from .truncation import without_oldest_turn

__all__ = [
    "ResponseEvents",
    "ResponseRequest",
    "ResponseStore",
    "read_request",
    "without_oldest_turn",
]

"""The responses endpoint, based on chat completions: see "Responses" in the OpenAI reference.

It supports text, images for vision models, function tools, structured output and logprobs.
Nothing is stored, so references to earlier responses and OpenAI's own tools are refused.
"""

from __future__ import annotations

from .events import ResponseEvents
from .request import ResponseRequest, read_request

__all__ = ["ResponseEvents", "ResponseRequest", "read_request"]

"""The responses endpoint, over chat completions: see "Responses" in the OpenAI reference.

Honoured are text, images for models that see, function tools, structured output and logprobs.
Nothing is stored, so whatever refers to an earlier response or to OpenAI's own tools is refused.
"""

from __future__ import annotations

from .events import ResponseEvents
from .request import ResponseRequest, read_request

__all__ = ["ResponseEvents", "ResponseRequest", "read_request"]

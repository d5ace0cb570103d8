"""`WebLLM`: the synchronous twin of `AsyncWebLLM`, for browsers with JSPI."""

from __future__ import annotations

from .client import WebLLM

__all__ = ["WebLLM"]

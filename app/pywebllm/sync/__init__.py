"""`WebLLM`: what `AsyncWebLLM` does, without `await`, in browsers that can wait (JSPI)."""

from __future__ import annotations

from .client import WebLLM

__all__ = ["WebLLM"]

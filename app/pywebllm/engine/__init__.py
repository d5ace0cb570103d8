"""Engines: models in the GPU, and requests to them; one engine, or several of them.

Pool ── Engine ── Connection ── bridge
└ EngineStream: what one request brings, just as WebLLM sends it
"""

from __future__ import annotations

from .engine import Engine, Kind
from .pool import Pool
from .streams import EngineStream, Runner

__all__ = ["Engine", "EngineStream", "Kind", "Pool", "Runner"]

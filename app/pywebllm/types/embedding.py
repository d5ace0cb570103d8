"""Embeddings, as in the OpenAI reference's "Embeddings" section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CreateEmbeddingResponse", "Embedding", "EmbeddingUsage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """The vector of the input number `index`: its length is the model's.

    It is base64 text of little-endian 32-bit floats when `encoding_format` asked for that.
    """

    embedding: tuple[float, ...] | str
    index: int
    object: Literal["embedding"] = "embedding"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingUsage:
    """What the request used; speed in tokens per second, None where the engine did not say."""

    prompt_tokens: int
    total_tokens: int
    prefill_tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEmbeddingResponse:
    """The vectors of all inputs, in their order."""

    data: tuple[Embedding, ...]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"

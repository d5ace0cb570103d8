"""Embeddings, as in the OpenAI reference's "Embeddings" section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from .usage import with_extra
from .value import Value

__all__ = ["CreateEmbeddingResponse", "Embedding", "EmbeddingUsage"]

VectorT_co = TypeVar("VectorT_co", bound=tuple[float, ...] | str, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding(Value, Generic[VectorT_co]):
    """The vector of the input with this index; the model determines its length.

    `embedding` is a tuple of floats, or a base64 string of little-endian 32-bit floats with
    `encoding_format="base64"`.
    """

    embedding: VectorT_co
    index: int
    object: Literal["embedding"] = "embedding"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingUsage(Value):
    """The usage of a request: tokens, and tokens per second or None if not reported."""

    prompt_tokens: int
    total_tokens: int
    prefill_tokens_per_second: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this value; fields that are WebLLM's are in `extra`."""
        return with_extra(Value.to_dict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEmbeddingResponse(Value, Generic[VectorT_co]):
    """The vectors of all inputs, in order."""

    data: tuple[Embedding[VectorT_co], ...]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"

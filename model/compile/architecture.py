"""The shape of a network, read from `config.json` and checked against the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from model.compile.config import integer, number
from model.compile.errors import CheckpointError
from model.compile.families import Family, family_of
from model.compile.quantize import GROUP
from model.compile.rope import Rope
from model.compile.windows import Windows, global_rope

__all__ = ["DEFAULT_CONTEXT", "DEFAULT_PREFILL_CHUNK", "DTYPES", "Architecture", "quantization"]

DEFAULT_CONTEXT: Final = 1024
DEFAULT_PREFILL_CHUNK: Final = 256
# During decode, the scores of all keys and two numbers per thread are in 32 KiB of workgroup
# storage; this leaves room for 64 threads.
_LONGEST_CONTEXT: Final = 32 * 1024 // 4 - 2 * 64
DTYPES: Final[Mapping[str, Literal["float32", "float16"]]] = {"f32": "float32", "f16": "float16"}
"""The types of activations by the names that options and WebLLM have for them."""
_COLUMNS: Final = 8
_SCORE_SIZE: Final = 256  # the default of transformers


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The shape of a network; sizes count numbers, `context` and `prefill_chunk` count tokens.

    `bits` is the number of bits per weight in the compiled model, `embedding_bits` that of the
    embedding and of the output projection: 4 or 8.
    """

    hidden: int
    layers: int
    query_heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    vocabulary: int
    norm_epsilon: float
    rope: Rope
    tied: bool
    context: int = DEFAULT_CONTEXT
    prefill_chunk: int = DEFAULT_PREFILL_CHUNK
    bits: int = 4
    embedding_bits: int = 4
    dtype: Literal["float32", "float16"] = "float32"
    """The type of activations and of the cache."""
    family: Family
    windows: Windows | None = None
    score_size: int | None = None
    """Attention scores are divided by its square root; None: by that of the head size."""
    trained_context: int | None = None
    """The longest context that the model was trained for; None: it is not known."""

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        context: int | None = None,
        prefill_chunk: int | None = None,
    ) -> Architecture:
        """Read the contents of a `config.json` of `transformers`.

        `context` defaults to that of the model, or to the longest that the kernels support;
        `prefill_chunk` to 256 or a shorter context.

        Raises:
            CheckpointError: A key is missing or not a number, the kernels do not support the
                network, or it was not trained for a context of this length.
        """
        family = family_of(config)
        context = _context(config, context)
        heads, hidden = integer(config, "num_attention_heads"), integer(config, "hidden_size")
        layers = integer(config, "num_hidden_layers")
        shape = cls(
            hidden=hidden,
            layers=layers,
            query_heads=heads,
            kv_heads=integer(config, "num_key_value_heads", default=heads),
            head_size=integer(config, "head_dim", default=hidden // max(heads, 1)),
            feed_forward=integer(config, "intermediate_size"),
            vocabulary=integer(config, "vocab_size"),
            norm_epsilon=float(number(config, "rms_norm_eps")),
            rope=global_rope(config),
            tied=bool(config.get("tie_word_embeddings", family.is_gemma)),
            family=family,
            windows=Windows.from_config(config, family, layers=layers),
            score_size=_score_size(config) if family.is_gemma else None,
            trained_context=integer(config, "max_position_embeddings", default=0) or None,
            context=context,
        )
        chunk = shape.chunk(DEFAULT_PREFILL_CHUNK) if prefill_chunk is None else prefill_chunk
        shape = replace(shape, prefill_chunk=chunk)
        if family.windows == "none":
            _refuse_window(shape)
        shape.check()
        return shape

    @property
    def quantization(self) -> str:
        """WebLLM's name for weights of this number of bits and activations of this type."""
        return quantization(self.bits, self.dtype)

    @property
    def window(self) -> int | None:
        """How many tokens the layers with a sliding window see, or None if that is all."""
        return None if self.windows is None else self.windows.limit(self.context)

    def is_local(self, layer: int) -> bool:
        """Return whether a layer is one of those with a sliding window."""
        return self.windows is not None and layer in self.windows.layers

    def chunk(self, most: int) -> int:
        """Return the largest prefill chunk up to `most` that the kernels support."""
        return min(most, self.context, self.window or self.context)

    @property
    def score_scale(self) -> float:
        """What attention scores are multiplied by."""
        return float((self.score_size or self.head_size) ** -0.5)

    @property
    def turns_heads(self) -> bool:
        """Whether the network rotates heads itself, because layers differ in their positions."""
        return self.windows is not None and self.windows.rope is not None

    def bits_of(self, weight: str) -> int:
        """Return the bits of a matrix, by the name of its weight in `transformers`."""
        outer = weight.startswith(("model.embed_tokens", "lm_head"))
        return self.embedding_bits if outer else self.bits

    @property
    def attention_size(self) -> int:
        """The total size of all query heads."""
        return self.query_heads * self.head_size

    @property
    def padded_vocabulary(self) -> int:
        """The number of rows of the compiled embedding, padded to a multiple that kernels need."""
        return -(-self.vocabulary // _COLUMNS) * _COLUMNS

    @property
    def qkv_size(self) -> int:
        """The total size of queries, keys and values."""
        return (self.query_heads + 2 * self.kv_heads) * self.head_size

    def check(self) -> None:
        """Check that the kernels can compute this shape.

        Raises:
            CheckpointError: A size is not supported.
        """
        for name in ("hidden", "attention_size", "feed_forward"):
            if getattr(self, name) < 1 or getattr(self, name) % GROUP:
                raise CheckpointError(
                    f"{name} must be a multiple of {GROUP}, the size of a group of weights, got "
                    f"{getattr(self, name)}. Train a network of another shape."
                )
        if self.vocabulary < 1:
            raise CheckpointError(
                f"vocab_size must be at least 1, got {self.vocabulary}. Check config.json."
            )
        if self.layers < 1 or self.kv_heads < 1 or self.query_heads % self.kv_heads:
            raise CheckpointError(
                "There must be a layer, and query heads must be a multiple of key heads, got "
                f"{self.layers} layers with {self.query_heads} query heads and {self.kv_heads} "
                "key heads. Check config.json."
            )
        if self.head_size < 1 or self.head_size % _COLUMNS:
            raise CheckpointError(
                f"head_dim must be a multiple of {_COLUMNS}, got {self.head_size}. Train a network "
                "of another shape."
            )
        self._check_lengths_and_type()

    def _check_lengths_and_type(self) -> None:
        if not 0 < self.prefill_chunk <= self.context <= _LONGEST_CONTEXT:
            raise CheckpointError(
                f"Prefill chunk and context must be 0 < chunk <= context <= {_LONGEST_CONTEXT}, "
                f"got a context of {self.context} and a chunk of {self.prefill_chunk}. Set them "
                "with --context and --prefill-chunk."
            )
        if self.window is not None and self.prefill_chunk > self.window:
            raise CheckpointError(
                f"A prefill chunk must be at most the sliding window of {self.window} tokens, got "
                f"{self.prefill_chunk}. Shorten it with --prefill-chunk."
            )
        if self.family.is_gemma and self.dtype == "float16":
            raise CheckpointError(
                "The activations of a Gemma are too large for float16. Build it with --dtype f32."
            )


def quantization(bits: int, dtype: str) -> str:
    """Return WebLLM's name for weights of `bits` bits and activations of the type `dtype`."""
    return f"q{bits}f{dtype.removeprefix('float')}_1"


def _context(config: Mapping[str, Any], asked: int | None) -> int:
    trained = integer(config, "max_position_embeddings", default=asked)
    if asked is None:
        return min(trained, _LONGEST_CONTEXT)
    if asked > trained:
        raise CheckpointError(
            f"--context must be at most max_position_embeddings, {trained} tokens, got {asked}. "
            f"Pass --context {trained} or less, or omit it."
        )
    return asked


def _score_size(config: Mapping[str, Any]) -> int:
    size = integer(config, "query_pre_attn_scalar", default=_SCORE_SIZE)
    if size < 1:
        raise CheckpointError(
            f"query_pre_attn_scalar must be at least 1, got {size}. Correct config.json."
        )
    return size


def _refuse_window(shape: Architecture) -> None:
    """Check for a sliding window; one as wide as the context has no effect."""
    if shape.window is not None:
        raise CheckpointError(
            f"sliding_window must be at least the context of {shape.context} tokens, got "
            f"{shape.window}: {shape.family.causal} has no sliding windows in transformers. Save "
            "the model as MistralForCausalLM, or shorten the context with --context "
            f"{shape.window}."
        )

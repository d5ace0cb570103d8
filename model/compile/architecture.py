"""The shape of a network, read from `config.json` and checked against the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model.compile.config import integer, number
from model.compile.errors import CheckpointError
from model.compile.quantize import GROUP
from model.compile.rope import Rope

__all__ = ["DEFAULT_CONTEXT", "DEFAULT_PREFILL_CHUNK", "Architecture"]

DEFAULT_CONTEXT: Final = 1024
DEFAULT_PREFILL_CHUNK: Final = 256
# During decode, the scores of all keys and two numbers per thread are in 32 KiB of workgroup
# storage; this leaves room for 64 threads.
_LONGEST_CONTEXT: Final = 32 * 1024 // 4 - 2 * 64
_COLUMNS: Final = 8
# The supported networks by `architectures` and by `model_type`, and what they compute.
_NETWORKS: Final = {
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "llama",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
}
_DENSE: Final = "mixtures of experts are not supported. Use a dense checkpoint."
_TEXT_ONLY: Final = (
    "networks for more than text are not supported. Save the language model alone as "
    "LlamaForCausalLM, or use a text model."
)
_NO_BIAS: Final = "layers with a bias are not supported. Use a checkpoint without biases."
_REFUSED: Final = {
    "quantization_config": (
        "quantized weights are not supported. Use the checkpoint that they were made from, in "
        "float32, float16 or bfloat16."
    ),
    "vision_config": _TEXT_ONLY,
    "audio_config": _TEXT_ONLY,
    "text_config": _TEXT_ONLY,
    "num_local_experts": _DENSE,
    "num_experts": _DENSE,
    "n_routed_experts": _DENSE,
    "attention_bias": _NO_BIAS,
    "mlp_bias": _NO_BIAS,
    "auto_map": (
        "custom code is not supported, because it may compute something else. Use a checkpoint "
        "without it; if the network is a plain Llama, remove auto_map."
    ),
}


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
    family: str = "llama"
    """What the network computes: that of `llama`, `qwen2` or `qwen3`."""
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
        family = _family(config)
        context = _context(config, context)
        heads, hidden = integer(config, "num_attention_heads"), integer(config, "hidden_size")
        shape = cls(
            hidden=hidden,
            layers=integer(config, "num_hidden_layers"),
            query_heads=heads,
            kv_heads=integer(config, "num_key_value_heads", default=heads),
            head_size=integer(config, "head_dim", default=hidden // max(heads, 1)),
            feed_forward=integer(config, "intermediate_size"),
            vocabulary=integer(config, "vocab_size"),
            norm_epsilon=float(number(config, "rms_norm_eps")),
            rope=Rope.from_config(config),
            tied=bool(config.get("tie_word_embeddings", False)),
            family=family,
            trained_context=integer(config, "max_position_embeddings", default=0) or None,
            context=context,
            prefill_chunk=(
                min(DEFAULT_PREFILL_CHUNK, context) if prefill_chunk is None else prefill_chunk
            ),
        )
        _refuse_window(config, shape)
        shape.check()
        return shape

    @property
    def quantization(self) -> str:
        """WebLLM's name for weights of this number of bits with float32 arithmetic."""
        return f"q{self.bits}f32_1"

    @property
    def qkv_bias(self) -> bool:
        """Whether queries, keys and values have a bias."""
        return self.family == "qwen2"

    @property
    def head_norm(self) -> bool:
        """Whether each head of queries and keys is normalized."""
        return self.family == "qwen3"

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
        if not 0 < self.prefill_chunk <= self.context <= _LONGEST_CONTEXT:
            raise CheckpointError(
                f"Prefill chunk and context must be 0 < chunk <= context <= {_LONGEST_CONTEXT}, "
                f"got a context of {self.context} and a chunk of {self.prefill_chunk}. Set them "
                "with --context and --prefill-chunk."
            )


def _family(config: Mapping[str, Any]) -> str:
    """Return what the network computes, or refuse it."""
    for key, advice in _REFUSED.items():
        if config.get(key):
            raise CheckpointError(f"config.json has {key}: {advice}")
    kinds = config.get("architectures") or [config.get("model_type")]
    kinds = kinds if isinstance(kinds, list) else [kinds]
    found = next((_NETWORKS[kind] for kind in kinds if kind in _NETWORKS), None)
    if found is None:
        known = [kind for kind in _NETWORKS if kind[0].isupper()]
        raise CheckpointError(
            f"The network must be {', '.join(known[:-1])} or {known[-1]}, got {kinds[0]}. Use a "
            "checkpoint of one of them; if yours computes the same, save it as one of them."
        )
    activation = config.get("hidden_act", "silu")
    if activation not in ("silu", "swish"):
        raise CheckpointError(
            f"hidden_act must be silu, got {activation}. Use a checkpoint with silu."
        )
    return found


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


def _refuse_window(config: Mapping[str, Any], shape: Architecture) -> None:
    """Check for a sliding window; one as wide as the context has no effect."""
    if config.get("sliding_window") is None or config.get("use_sliding_window") is False:
        return
    window = integer(config, "sliding_window")
    if window >= shape.context:
        return
    raise CheckpointError(
        f"sliding_window must be at least the context of {shape.context} tokens, got {window}: "
        f"sliding windows are not supported. Shorten the context with --context {window}."
    )

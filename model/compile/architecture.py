"""The shape of a Llama-style network, read from `config.json` and checked against our kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model.compile.config import number, whole
from model.compile.errors import CheckpointError
from model.compile.quantize import GROUP
from model.compile.rope import Rope

__all__ = ["DEFAULT_CONTEXT", "DEFAULT_PREFILL_CHUNK", "Architecture"]

DEFAULT_CONTEXT: Final = 1024
DEFAULT_PREFILL_CHUNK: Final = 256
# In decode the scores of all keys and two numbers per thread lie in 32 KiB of workgroup storage;
# there is room for 64 threads.
_LONGEST_CONTEXT: Final = 32 * 1024 // 4 - 2 * 64
_COLUMNS: Final = 8
_NETWORKS: Final = ("LlamaForCausalLM", "MistralForCausalLM", "llama", "mistral")
_DENSE: Final = "mixtures of experts are not supported. Take a dense checkpoint."
_TEXT_ONLY: Final = (
    "networks for more than text are not supported. Save the language part alone as "
    "LlamaForCausalLM, or take a text model."
)
_NO_BIAS: Final = "layers with a bias are not supported. Take a checkpoint without."
_REFUSED: Final = {
    "quantization_config": (
        "weights that are quantised already cannot be packed again. Give the checkpoint they were "
        "made from, in float32, float16 or bfloat16."
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
        "the network brings code of its own, and what that computes is not known here. Take a "
        "checkpoint without; where the network is a plain Llama all the same, remove auto_map."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Sizes are counts of numbers; `context` and `prefill_chunk` are counts of tokens.

    `bits` are those that a weight has in the compiled model: 4 or 8.
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

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        context: int | None = None,
        prefill_chunk: int | None = None,
    ) -> Architecture:
        """Read a `config.json` of `transformers`.

        `context` defaults to the model's own, `prefill_chunk` to 256 or a shorter context.

        Raises:
            CheckpointError: A key is missing or no number, the network is one we have no kernels
                for, or it was not trained for such a context.
        """
        _refuse_other_networks(config)
        context = _context(config, context)
        heads, hidden = whole(config, "num_attention_heads"), whole(config, "hidden_size")
        shape = cls(
            hidden=hidden,
            layers=whole(config, "num_hidden_layers"),
            query_heads=heads,
            kv_heads=whole(config, "num_key_value_heads", default=heads),
            head_size=whole(config, "head_dim", default=hidden // max(heads, 1)),
            feed_forward=whole(config, "intermediate_size"),
            vocabulary=whole(config, "vocab_size"),
            norm_epsilon=float(number(config, "rms_norm_eps")),
            rope=Rope.from_config(config),
            tied=bool(config.get("tie_word_embeddings", False)),
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
        """What users of WebLLM call this number of bits with float32 arithmetic."""
        return f"q{self.bits}f32_1"

    @property
    def attention_size(self) -> int:
        """How many numbers all query heads have together."""
        return self.query_heads * self.head_size

    @property
    def padded_vocabulary(self) -> int:
        """How many rows the compiled embedding has: zeros fill it up to what a kernel handles."""
        return -(-self.vocabulary // _COLUMNS) * _COLUMNS

    @property
    def qkv_size(self) -> int:
        """How many numbers queries, keys and values have together."""
        return (self.query_heads + 2 * self.kv_heads) * self.head_size

    def check(self) -> None:
        """Raise CheckpointError where the kernels cannot compute this shape."""
        for name in ("hidden", "attention_size", "feed_forward"):
            if getattr(self, name) < 1 or getattr(self, name) % GROUP:
                raise CheckpointError(
                    f"{name} is {getattr(self, name)}; weights are packed in groups of {GROUP}, so "
                    "it must be a multiple of that. Train with another shape."
                )
        if self.vocabulary < 1:
            raise CheckpointError(f"vocab_size is {self.vocabulary}. Check config.json.")
        if self.layers < 1 or self.kv_heads < 1 or self.query_heads % self.kv_heads:
            raise CheckpointError(
                f"{self.query_heads} query heads cannot share {self.kv_heads} key heads evenly "
                f"over {self.layers} layers. Check config.json."
            )
        if self.head_size < 1 or self.head_size % _COLUMNS:
            raise CheckpointError(
                f"head_dim is {self.head_size}; it must be a multiple of {_COLUMNS}. "
                "Train with another shape."
            )
        if not 0 < self.prefill_chunk <= self.context <= _LONGEST_CONTEXT:
            raise CheckpointError(
                f"A context of {self.context} tokens read in chunks of {self.prefill_chunk} is not "
                f"possible: 0 < chunk <= context <= {_LONGEST_CONTEXT}. Choose others with "
                "--context and --prefill-chunk."
            )


def _refuse_other_networks(config: Mapping[str, Any]) -> None:
    for key, advice in _REFUSED.items():
        if config.get(key):
            raise CheckpointError(f"config.json has {key}: {advice}")
    kinds = config.get("architectures") or [config.get("model_type")]
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(kind in _NETWORKS for kind in kinds):
        raise CheckpointError(
            f"The network is {kinds[0]}; only {' and '.join(_NETWORKS[:2])} can be compiled. Take "
            "a checkpoint of one of them, or save yours as one where the network is the same."
        )
    activation = config.get("hidden_act", "silu")
    if activation not in ("silu", "swish"):
        raise CheckpointError(
            f"hidden_act is {activation}; only silu is supported. Take a checkpoint with silu."
        )


def _context(config: Mapping[str, Any], asked: int | None) -> int:
    trained = whole(config, "max_position_embeddings", default=asked)
    if asked is None:
        return trained
    if asked > trained:
        raise CheckpointError(
            f"A context of {asked} tokens is more than max_position_embeddings, the {trained} "
            f"that the model was trained for. Give --context {trained} or less, or leave it out."
        )
    return asked


def _refuse_window(config: Mapping[str, Any], shape: Architecture) -> None:
    """A window as wide as the context is none."""
    if config.get("sliding_window") is None or config.get("use_sliding_window") is False:
        return
    window = whole(config, "sliding_window")
    if window >= shape.context:
        return
    raise CheckpointError(
        f"sliding_window is {window}, less than the context of {shape.context} tokens; sliding "
        f"windows are not supported. Cut the context with --context {window}."
    )

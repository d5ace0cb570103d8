"""The shape of a Llama-style network, read from `config.json` and checked against our kernels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .errors import CheckpointError

__all__ = ["DEFAULT_CONTEXT", "DEFAULT_PREFILL_CHUNK", "Architecture"]

DEFAULT_CONTEXT: Final = 1024
DEFAULT_PREFILL_CHUNK: Final = 256
# In decode the scores of all keys and two numbers per thread lie in 32 KiB of workgroup storage.
_LONGEST_CONTEXT: Final = 32 * 1024 // 4 - 2 * 64
_GROUP: Final = 32
_COLUMNS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Sizes are counts of numbers; `context` and `prefill_chunk` are counts of tokens."""

    hidden: int
    layers: int
    query_heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    vocabulary: int
    norm_epsilon: float
    rope_theta: float
    tied: bool
    context: int = DEFAULT_CONTEXT
    prefill_chunk: int = DEFAULT_PREFILL_CHUNK

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        context: int | None = None,
        prefill_chunk: int = DEFAULT_PREFILL_CHUNK,
    ) -> "Architecture":
        """Read a `config.json` of `transformers`; `context` defaults to the model's own.

        Raises:
            CheckpointError: a key is missing, or the network is one we have no kernels for.
        """
        _refuse_other_networks(config)
        try:
            heads = int(config["num_attention_heads"])
            hidden = int(config["hidden_size"])
            shape = cls(
                hidden=hidden,
                layers=int(config["num_hidden_layers"]),
                query_heads=heads,
                kv_heads=int(config.get("num_key_value_heads") or heads),
                head_size=int(config.get("head_dim") or hidden // heads),
                feed_forward=int(config["intermediate_size"]),
                vocabulary=int(config["vocab_size"]),
                norm_epsilon=float(config["rms_norm_eps"]),
                rope_theta=_rope_theta(config),
                tied=bool(config.get("tie_word_embeddings", False)),
                context=context or int(config["max_position_embeddings"]),
                prefill_chunk=prefill_chunk,
            )
        except KeyError as missing:
            raise CheckpointError(
                f"config.json has no {missing}. Save the model with save_pretrained()."
            ) from missing
        shape.check()
        return shape

    @property
    def attention_size(self) -> int:
        """How many numbers all query heads have together."""
        return self.query_heads * self.head_size

    @property
    def qkv_size(self) -> int:
        """How many numbers queries, keys and values have together."""
        return (self.query_heads + 2 * self.kv_heads) * self.head_size

    def check(self) -> None:
        """Raise CheckpointError where the kernels cannot compute this shape."""
        for name in ("hidden", "attention_size", "feed_forward"):
            if getattr(self, name) < 1 or getattr(self, name) % _GROUP:
                raise CheckpointError(
                    f"{name} is {getattr(self, name)}; 4-bit groups need a multiple of {_GROUP}. "
                    "Train with another shape."
                )
        if self.vocabulary < 1 or self.vocabulary % _COLUMNS:
            raise CheckpointError(
                f"vocab_size is {self.vocabulary}; it must be a multiple of {_COLUMNS}. "
                "Pad the embedding."
            )
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
    kinds = config.get("architectures") or [config.get("model_type")]
    if not {"LlamaForCausalLM", "llama"} & set(kinds):
        raise CheckpointError(
            f"The network is {kinds[0]}; only LlamaForCausalLM can be compiled. "
            "Mistral-like networks without a sliding window can be saved as one."
        )
    if config.get("hidden_act", "silu") != "silu":
        raise CheckpointError(f"hidden_act is {config['hidden_act']}; only silu is supported.")
    for key in ("attention_bias", "mlp_bias"):
        if config.get(key):
            raise CheckpointError(f"{key} is true; layers with a bias are not supported.")
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise CheckpointError(f"The rope type is {kind}; only the default is supported.")


def _rope_theta(config: Mapping[str, Any]) -> float:
    """Transformers 5 moved the key into `rope_parameters`."""
    return float((config.get("rope_parameters") or config)["rope_theta"])

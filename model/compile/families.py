"""The networks that can be built, and what each computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from model.compile.errors import CheckpointError

__all__ = ["Family", "family_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the networks of one kind have in common."""

    name: str
    """The `model_type` in `transformers`."""
    causal: str
    """The class in `transformers`, an entry of `architectures`."""
    activation: Literal["silu", "gelu"] = "silu"
    qkv_bias: bool = False
    """Whether queries, keys and values have a bias."""
    head_norm: bool = False
    """Whether each head of queries and keys is normalized."""
    windows: Literal["none", "all", "later", "pattern"] = "none"
    """Which layers have a sliding window if the configuration has one and does not list them."""
    is_gemma: bool = False
    """Whether the embedding is multiplied by the root of its size, the weights of norms are the
    differences to 1, and what attention and feed-forward return is normalized before it is added.
    """


_FAMILIES: Final = (
    Family(name="llama", causal="LlamaForCausalLM"),
    Family(name="mistral", causal="MistralForCausalLM", windows="all"),
    Family(name="qwen2", causal="Qwen2ForCausalLM", qkv_bias=True, windows="later"),
    Family(name="qwen3", causal="Qwen3ForCausalLM", head_norm=True, windows="later"),
    Family(
        name="gemma3_text",
        causal="Gemma3ForCausalLM",
        activation="gelu",
        head_norm=True,
        windows="pattern",
        is_gemma=True,
    ),
)
_BY_NAME: Final = {each.causal: each for each in _FAMILIES} | {
    each.name: each for each in _FAMILIES
}
# The names of the supported activations in `transformers`.
_ACTIVATIONS: Final = {"silu": ("silu", "swish"), "gelu": ("gelu_pytorch_tanh", "gelu_new")}
_DENSE: Final = "mixtures of experts are not supported. Use a dense checkpoint."
_TEXT_ONLY: Final = (
    "networks for more than text are not supported. Save the language model alone as "
    "LlamaForCausalLM or Gemma3ForCausalLM, or use a text model."
)
_NO_BIAS: Final = "layers with a bias are not supported. Use a checkpoint without biases."
_NO_CAP: Final = "capped logits are not supported. Use a checkpoint without them."
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
    "attn_logit_softcapping": _NO_CAP,
    "final_logit_softcapping": _NO_CAP,
    "use_bidirectional_attention": (
        "only networks that see earlier tokens alone can write text. Use a checkpoint of such a "
        "network."
    ),
    "auto_map": (
        "custom code is not supported, because it may compute something else. Use a checkpoint "
        "without it; if the network is a plain Llama, remove auto_map."
    ),
}


def family_of(config: Mapping[str, Any]) -> Family:
    """Return what the network of a `config.json` computes.

    Raises:
        CheckpointError: It is not supported.
    """
    for key, advice in _REFUSED.items():
        if config.get(key):
            raise CheckpointError(f"config.json has {key}: {advice}")
    kinds = config.get("architectures") or [config.get("model_type")]
    kinds = kinds if isinstance(kinds, list) else [kinds]
    found = next((_BY_NAME[kind] for kind in kinds if kind in _BY_NAME), None)
    if found is None:
        known = [each.causal for each in _FAMILIES]
        raise CheckpointError(
            f"The network must be {', '.join(known[:-1])} or {known[-1]}, got {kinds[0]}. Use a "
            "checkpoint of one of them; if yours computes the same, save it as one of them."
        )
    _check_activation(config, found)
    return found


def _check_activation(config: Mapping[str, Any], family: Family) -> None:
    key = "hidden_activation" if config.get("hidden_activation") else "hidden_act"
    names = _ACTIVATIONS[family.activation]
    activation = config.get(key, names[0])
    if activation not in names:
        raise CheckpointError(
            f"{key} must be {names[0]}, got {activation}. Use a checkpoint with {names[0]}."
        )

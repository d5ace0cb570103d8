"""The shape of the network in a GGUF file, as the `config.json` of `transformers`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from model.compile.errors import CheckpointError
from model.compile.gguf.metadata import Metadata
from model.compile.rope import Rope

__all__ = ["NETWORKS", "config"]

# The architectures of llama.cpp that can be built, and their classes in `transformers`.
NETWORKS: Final = {
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "gemma3": "Gemma3ForCausalLM",
}
# Where `model_type` has another name than in llama.cpp.
_MODEL_TYPES: Final = {"gemma3": "gemma3_text"}
_PATTERN: Final = 6
_LAYERS_OF_27B: Final = 62
_EMBEDDING: Final = "token_embd.weight"
# How Llama 3.1 and 3.2 stretch their frequencies; a GGUF file has only the result.
_LLAMA3: Final = {
    "rope_type": "llama3",
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def config(file: Metadata) -> dict[str, Any]:
    """Return the contents of a `config.json`.

    Raises:
        CheckpointError: The network is not supported, or a key is missing.
    """
    if file.architecture not in NETWORKS:
        raise CheckpointError(
            f"general.architecture in {file.path} must be one of {', '.join(NETWORKS)}, got "
            f"{file.architecture}. Use a model of one of these architectures."
        )
    if file.size("expert_count", 0):
        raise CheckpointError(
            f"{file.path} is a mixture of experts, which is not supported. Use a dense model."
        )
    vocabulary, hidden = file.shape(_EMBEDDING)
    heads = int(file.required_size("attention.head_count"))
    head_size = int(file.size("attention.key_length", hidden // heads))
    ends = [file.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")]
    return {
        "architectures": [NETWORKS[file.architecture]],
        "model_type": _MODEL_TYPES.get(file.architecture, file.architecture),
        "hidden_size": hidden,
        "num_hidden_layers": int(file.required_size("block_count")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(file.size("attention.head_count_kv", heads)),
        "head_dim": head_size,
        "intermediate_size": int(file.required_size("feed_forward_length")),
        "vocab_size": vocabulary,
        "rms_norm_eps": _short(file.required_size("attention.layer_norm_rms_epsilon")),
        "max_position_embeddings": int(file.required_size("context_length")),
        "tie_word_embeddings": not file.has_tensor("output.weight"),
        "eos_token_id": list(dict.fromkeys(int(end) for end in ends if end is not None)),
        **(_gemma(file, head_size) if file.architecture == "gemma3" else _plain(file, head_size)),
    }


def _plain(file: Metadata, head_size: int) -> dict[str, Any]:
    return {"hidden_act": "silu", "rope_parameters": _rope(file, head_size)}


def _gemma(file: Metadata, head_size: int) -> dict[str, Any]:
    """Return what only Gemma 3 has; what the file leaves out is as in llama.cpp."""
    layers = int(file.required_size("block_count"))
    pattern = file.size("attention.sliding_window_pattern", _PATTERN)
    if not isinstance(pattern, list):
        pattern = [(layer + 1) % int(pattern) != 0 for layer in range(layers)]
    local = {"rope_type": "default", "rope_theta": _short(file.size("rope.freq_base_swa", 1e4))}
    # That of 27e9 parameters divides by the share of a head in the hidden size.
    heads = int(file.required_size("attention.head_count"))
    scaled = file.shape(_EMBEDDING)[1] // heads if layers == _LAYERS_OF_27B else head_size
    return {
        "hidden_activation": "gelu_pytorch_tanh",
        "rope_parameters": {"full_attention": _rope(file, head_size), "sliding_attention": local},
        "sliding_window": int(file.required_size("attention.sliding_window")),
        "layer_types": [
            "sliding_attention" if is_local else "full_attention" for is_local in pattern
        ],
        "query_pre_attn_scalar": scaled,
    }


def _rope(file: Metadata, head_size: int) -> dict[str, Any]:
    if int(file.size("rope.dimension_count", head_size)) != head_size:
        raise CheckpointError(
            f"{file.path} rotates a part of each head, which is not supported. Use another model."
        )
    theta = _short(file.size("rope.freq_base", 10000.0))
    kind = file.size("rope.scaling.type", "none")
    if file.has_tensor("rope_freqs.weight"):
        return _llama3(file, theta, head_size)
    if kind == "none":
        return {"rope_type": "default", "rope_theta": theta}
    return {
        "rope_type": kind,
        "rope_theta": theta,
        "factor": _short(file.required_size("rope.scaling.factor")),
    }


def _llama3(file: Metadata, theta: float, head_size: int) -> dict[str, Any]:
    """Return the parameters of Llama 3.1 if they give the divisors that the file has."""
    tensor = next(tensor for tensor in file.tensors if tensor.name == "rope_freqs.weight")
    divisors = np.asarray(tensor.data, np.float32).ravel()
    found = {**_LLAMA3, "rope_theta": theta, "factor": float(divisors.max())}
    plain = Rope(theta=theta).frequencies(head_size)
    scaled = Rope.from_config({"rope_parameters": found}).frequencies(head_size)
    expected = np.array(plain) / np.array(scaled)
    if divisors.shape == expected.shape and np.allclose(divisors, expected, rtol=1e-3):
        return found
    raise CheckpointError(
        f"rope_freqs.weight in {file.path} must be that of Llama 3.1, and is not. Use the "
        "checkpoint in safetensors that the file was made from."
    )


def _short(number: float) -> float:
    """Return a float32 as the shortest decimal number that it stands for."""
    return float(str(np.float32(number)))

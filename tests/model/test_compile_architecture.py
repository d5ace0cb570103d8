"""The networks that the compiler accepts, and the messages for others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from model.compile.architecture import Architecture
from model.compile.errors import CheckpointError
from tests.model.random_llama import SMALL

pytestmark = pytest.mark.recipe

LLAMA_3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 512,
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": ["GPT2LMHeadModel"]}, "must be LlamaForCausalLM"),
        ({"hidden_act": "gelu"}, "must be silu, got gelu"),
        ({"attention_bias": True}, "attention_bias: layers with a bias"),
        ({"mlp_bias": True}, "mlp_bias: layers with a bias"),
        (
            {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}},
            "rope type must be .*, got yarn",
        ),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"quantization_config": {"bits": 4}}, "quantized weights are not supported"),
        ({"vision_config": {"depth": 2}}, "more than text"),
        ({"num_local_experts": 8}, "dense checkpoint"),
        ({"sliding_window": 512}, "--context 512"),
        ({"hidden_size": 80}, "hidden must be a multiple of 32.*got 80"),
        ({"intermediate_size": 100}, "feed_forward must be a multiple of 32.*got 100"),
        ({"vocab_size": 0}, "vocab_size must be at least 1, got 0"),
        ({"num_key_value_heads": 3}, "4 query heads and 3 key heads"),
        ({"head_dim": 36, "num_attention_heads": 8}, "head_dim must be a multiple of 8, got 36"),
        ({"max_position_embeddings": -1}, "--prefill-chunk"),
        ({"auto_map": {"AutoModel": "mine.Model"}}, "auto_map: custom code"),
        ({"architectures": "GPT2LMHeadModel"}, "got GPT2LMHeadModel"),
        ({"hidden_act": ["silu"]}, "must be silu"),
        ({"rms_norm_eps": None}, "no rms_norm_eps"),
        ({"hidden_size": "wide"}, "hidden_size in config.json must be a number, got 'wide'"),
        (
            {"num_hidden_layers": 1.5},
            "num_hidden_layers in config.json must be an integer, got 1.5",
        ),
        (
            {"num_hidden_layers": True},
            "num_hidden_layers in config.json must be a number, got True",
        ),
        (
            {"num_attention_heads": 0, "head_dim": None},
            "attention_size must be a multiple of 32.*got 0",
        ),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps in config.json must be a number, got nan"),
        ({"sliding_window": "wide"}, "sliding_window in config.json must be a number, got 'wide'"),
        ({"rope_theta": None}, "no rope_theta"),
        ({"rope_scaling": "linear"}, "rope scaling in config.json must be an object, got 'linear'"),
        ({"rope_scaling": {"type": "linear", "factor": None}}, "no factor"),
        (
            {"rope_scaling": {"type": "linear", "factor": 0}},
            "factor in config.json must be positive, got 0",
        ),
        ({"rope_scaling": LLAMA_3 | {"low_freq_factor": 4.0}}, "must be below high_freq_factor"),
    ],
)
def test_unsupported_network_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        Architecture.from_config({"architectures": ["LlamaForCausalLM"], **SMALL, **changes})


def test_error_names_a_missing_key() -> None:
    config = {key: value for key, value in SMALL.items() if key != "rms_norm_eps"}
    with pytest.raises(CheckpointError, match="rms_norm_eps"):
        Architecture.from_config({"model_type": "llama", **config})


def test_context_can_be_shortened() -> None:
    config = {"model_type": "llama", **SMALL, "max_position_embeddings": 131072}
    assert Architecture.from_config(config, context=2048).context == 2048


def test_context_is_cut_to_what_the_kernels_support() -> None:
    config = SMALL | {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 131072}
    shape = Architecture.from_config(config)
    assert (shape.context, shape.trained_context) == (8064, 131072)
    with pytest.raises(CheckpointError, match=r"--context"):
        Architecture.from_config(config, context=9000)


def test_context_longer_than_in_training_is_rejected() -> None:
    config = {"model_type": "llama", **SMALL}
    assert Architecture.from_config(config, context=1024).context == 1024
    with pytest.raises(CheckpointError, match="Pass --context 1024 or less"):
        Architecture.from_config(config, context=1025)


@pytest.mark.parametrize("sizes", [{"context": 0}, {"prefill_chunk": 0}])
def test_size_of_zero_is_rejected(sizes: dict[str, int]) -> None:
    with pytest.raises(CheckpointError, match="0 < chunk <= context"):
        Architecture.from_config({"model_type": "llama", **SMALL}, **sizes)


def test_prefill_chunk_is_at_most_the_context() -> None:
    config = {"model_type": "llama", **SMALL, "max_position_embeddings": 100}
    assert Architecture.from_config(config).prefill_chunk == 100


def test_mistral_with_a_window_as_wide_as_the_context_is_accepted() -> None:
    config = {"architectures": ["MistralForCausalLM"], **SMALL, "sliding_window": 1024}
    assert Architecture.from_config(config).context == 1024


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "default"},
        {"rope_type": "linear", "factor": 4.0},
        LLAMA_3,
    ],
    ids=lambda rope: rope["rope_type"],
)
def test_rotary_frequencies_equal_those_of_transformers(rope: dict[str, Any]) -> None:
    config = {key: value for key, value in SMALL.items() if key != "rope_theta"}
    given = LlamaConfig(**config, rope_parameters=rope | {"rope_theta": 10000.0})
    expected = LlamaRotaryEmbedding(given).inv_freq.numpy()
    found = Architecture.from_config(given.to_dict()).rope.frequencies(SMALL["head_dim"])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    older = {**SMALL, "rope_scaling": rope, "model_type": "llama"}
    assert Architecture.from_config(older).rope.frequencies(SMALL["head_dim"]) == found

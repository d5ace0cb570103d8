"""What the compiler accepts, and what it says about the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from model.compile.__main__ import main
from model.compile.architecture import Architecture
from model.compile.checkpoint import Checkpoint
from model.compile.errors import CheckpointError
from model.compile.parameters import dequantized, fill, parameters
from model.compile.settings import chat_settings
from tests.model.random_llama import SMALL, write_llama

pytestmark = pytest.mark.recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_llama(tmp_path / "hf")


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_reads_shape_and_weights(folder: Path) -> None:
    checkpoint = Checkpoint.read(folder)
    shape = checkpoint.architecture
    assert (shape.hidden, shape.layers, shape.query_heads, shape.kv_heads) == (64, 2, 4, 2)
    assert (shape.context, shape.prefill_chunk, shape.tied) == (1024, 256, True)
    assert shape.rope.theta == 10000


def test_shards_give_the_same_weights_as_one_file(folder: Path, tmp_path: Path) -> None:
    shards = write_llama(tmp_path / "shards", shard_size="100KB")
    assert len(list(shards.glob("*.safetensors"))) > 1
    one, many = Checkpoint.read(folder).weights, Checkpoint.read(shards).weights
    assert one.keys() == many.keys()
    assert all((one[name] == many[name]).all() for name in one)


def test_every_parameter_is_declared_as_it_is_filled(folder: Path) -> None:
    checkpoint = Checkpoint.read(folder)
    values = fill(checkpoint)
    declared = parameters(checkpoint.architecture)
    assert [each.name for each in declared] == list(values)
    for each in declared:
        assert (each.shape, each.dtype) == (values[each.name].shape, str(values[each.name].dtype))


def test_norms_are_not_quantised(folder: Path) -> None:
    checkpoint = Checkpoint.read(folder)
    weights = dequantized(checkpoint)
    for name, weight in checkpoint.weights.items():
        assert ("norm" in name) == bool((weights[name] == weight).all())


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"has no {name}"):
        Checkpoint.read(folder)


def test_missing_weights_are_told(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights["model.norm.weight"]
    save_file(weights, path)
    with pytest.raises(CheckpointError, match=r"model\.norm\.weight is missing"):
        Checkpoint.read(folder)
    path.unlink()
    with pytest.raises(CheckpointError, match=r"no model\.safetensors"):
        Checkpoint.read(folder)


def test_damaged_weights_are_told(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["model.norm.weight"][3] = np.inf
    save_file(weights, path)
    with pytest.raises(CheckpointError, match="not finite"):
        Checkpoint.read(folder)
    path.write_bytes(b"no safetensors at all")
    with pytest.raises(CheckpointError, match="cannot be read"):
        Checkpoint.read(folder)


def test_files_that_do_not_belong_together_are_told(folder: Path) -> None:
    edit(folder, vocab_size=504)
    with pytest.raises(CheckpointError, match="belong together"):
        Checkpoint.read(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": ["GPT2LMHeadModel"]}, "only LlamaForCausalLM"),
        ({"hidden_act": "gelu"}, "only silu"),
        ({"attention_bias": True}, "attention_bias: layers with a bias"),
        ({"mlp_bias": True}, "mlp_bias: layers with a bias"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "rope type is yarn"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"quantization_config": {"bits": 4}}, "quantised already"),
        ({"vision_config": {"depth": 2}}, "more than text"),
        ({"num_local_experts": 8}, "dense checkpoint"),
        ({"sliding_window": 512}, "--context 512"),
        ({"hidden_size": 80}, "hidden is 80"),
        ({"intermediate_size": 100}, "feed_forward is 100"),
        ({"vocab_size": 0}, "vocab_size is 0"),
        ({"num_key_value_heads": 3}, "cannot share 3"),
        ({"head_dim": 36, "num_attention_heads": 8}, "head_dim is 36"),
        ({"max_position_embeddings": 131072}, "--context"),
        ({"max_position_embeddings": 100}, "--prefill-chunk"),
    ],
)
def test_an_unsupported_network_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        Architecture.from_config({"architectures": ["LlamaForCausalLM"], **SMALL, **changes})


def test_a_missing_key_is_named() -> None:
    config = {key: value for key, value in SMALL.items() if key != "rms_norm_eps"}
    with pytest.raises(CheckpointError, match="rms_norm_eps"):
        Architecture.from_config({"model_type": "llama", **config})


def test_context_can_be_cut() -> None:
    config = {"model_type": "llama", **SMALL, "max_position_embeddings": 131072}
    assert Architecture.from_config(config, context=2048).context == 2048


def test_settings_name_the_special_tokens(folder: Path) -> None:
    shape = Checkpoint.read(folder).architecture
    settings = chat_settings(shape, folder / "tokenizer.json")
    assert (settings["temperature"], settings["top_p"]) == (0.7, 0.95)
    assert (settings["context_window_size"], settings["prefill_chunk_size"]) == (1024, 256)
    assert settings["conv_template"]["stop_token_ids"] == [settings["eos_token_id"]] == [2]


def test_a_tokenizer_without_chatml_is_refused(folder: Path) -> None:
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["added_tokens"] = tokenizer["added_tokens"][:1]
    path.write_text(json.dumps(tokenizer))
    shape = Architecture.from_config({"model_type": "llama", **SMALL})
    with pytest.raises(CheckpointError, match="im_start"):
        chat_settings(shape, path)


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), str(tmp_path / "out")]) == 1
    assert "error: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

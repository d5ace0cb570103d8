"""The checkpoints that the compiler accepts, and the messages for others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_tensors

from model.__main__ import main
from model.compile.architecture import Architecture
from model.compile.checkpoint import Checkpoint
from model.compile.command import warnings
from model.compile.errors import CheckpointError
from model.compile.parameters import dequantized, fill, parameters
from model.compile.quantize import Packed, dequantize
from model.compile.weights import weight_files
from tests.model.random_llama import SMALL, write_llama, write_other_llama

pytestmark = pytest.mark.recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_llama(tmp_path / "hf")


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_checkpoint_has_shape_and_weights(folder: Path) -> None:
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


def test_shards_of_an_earlier_save_are_ignored(folder: Path, tmp_path: Path) -> None:
    shards = write_llama(tmp_path / "shards", shard_size="100KB")
    older = {"model.layers.9.mlp.up_proj.weight": np.ones((4, 4), np.float32)}
    save_file(older, shards / "model-00001-of-00009.safetensors")
    assert Checkpoint.read(shards).weights.keys() == Checkpoint.read(folder).weights.keys()


def test_single_weight_file_takes_precedence_over_shards(folder: Path, tmp_path: Path) -> None:
    shards = write_llama(tmp_path / "shards", shard_size="100KB")
    (folder / "model.safetensors").rename(shards / "model.safetensors")
    assert [file.name for file in weight_files(shards)] == ["model.safetensors"]


def test_error_names_missing_shards(tmp_path: Path) -> None:
    shards = write_llama(tmp_path / "shards", shard_size="100KB")
    first, *_, last = weight_files(shards)
    first.unlink()
    last.unlink()
    with pytest.raises(CheckpointError, match=f"{first.name}, {last.name}"):
        Checkpoint.read(shards)


def test_shards_without_an_index_are_rejected(tmp_path: Path) -> None:
    shards = write_llama(tmp_path / "shards", shard_size="100KB")
    index = shards / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"model.norm.weight": None}}))
    with pytest.raises(CheckpointError, match="must have a weight_map"):
        Checkpoint.read(shards)
    index.unlink()
    with pytest.raises(CheckpointError, match=r"model-00001-of-.*index\.json.*Copy that file"):
        Checkpoint.read(shards)


def test_declared_parameters_match_their_values(folder: Path) -> None:
    checkpoint = Checkpoint.read(folder)
    values = fill(checkpoint)
    declared = parameters(checkpoint.architecture)
    assert [each.name for each in declared] == list(values)
    for each in declared:
        assert (each.shape, each.dtype) == (values[each.name].shape, str(values[each.name].dtype))


def test_norms_are_not_quantized(folder: Path) -> None:
    checkpoint = Checkpoint.read(folder)
    weights = dequantized(checkpoint)
    for name, weight in checkpoint.weights.items():
        assert ("norm" in name) == bool((weights[name] == weight).all())


def test_bfloat16_is_read_exactly(tmp_path: Path) -> None:
    folder = write_other_llama(tmp_path / "other")
    tensors: dict[str, Any] = {}
    for shard in folder.glob("*.safetensors"):
        tensors |= load_tensors(shard)
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"torch.bfloat16"}
    for name, weight in Checkpoint.read(folder).weights.items():
        assert (weight == tensors[name].float().numpy()).all()


def test_vocabulary_is_padded_with_zeros(tmp_path: Path) -> None:
    checkpoint = Checkpoint.read(write_other_llama(tmp_path / "other"))
    values = fill(checkpoint)
    assert checkpoint.architecture.vocabulary == 603
    assert values["head.words"].shape[1] == values["embedding.words"].shape[1] == 608
    unpacked = dequantize(Packed(words=values["head.words"], scales=values["head.scales"]))
    assert not unpacked[603:].any()
    np.testing.assert_array_equal(unpacked[:603], dequantized(checkpoint)["lm_head.weight"])


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
def test_error_names_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"has no {name}"):
        Checkpoint.read(folder)


def test_missing_weights_are_rejected(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights["model.norm.weight"]
    save_file(weights, path)
    with pytest.raises(CheckpointError, match=r"model\.norm\.weight is missing"):
        Checkpoint.read(folder)
    path.unlink()
    with pytest.raises(CheckpointError, match=r"no model\.safetensors"):
        Checkpoint.read(folder)


def test_pickled_weights_are_rejected_with_advice(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin.*save_pretrained"):
        Checkpoint.read(folder)


def test_error_names_a_weight_that_no_llama_has(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = np.ones(4, np.float32)
    save_file(weights, path)
    assert "model.layers.0.self_attn.rotary_emb.inv_freq" not in Checkpoint.read(folder).weights
    weights["model.layers.0.self_attn.q_norm.weight"] = np.ones(32, np.float32)
    save_file(weights, path)
    with pytest.raises(CheckpointError, match=r"q_norm\.weight does not belong to a llama network"):
        Checkpoint.read(folder)


def test_damaged_weights_are_rejected(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["model.norm.weight"][3] = np.inf
    save_file(weights, path)
    with pytest.raises(CheckpointError, match="not finite"):
        Checkpoint.read(folder)
    path.write_bytes(b"no safetensors at all")
    with pytest.raises(CheckpointError, match="cannot be read"):
        Checkpoint.read(folder)


def test_tokenizer_larger_than_the_embedding_is_rejected(folder: Path) -> None:
    edit(folder, vocab_size=504)
    with pytest.raises(CheckpointError, match="resize_token_embeddings"):
        Checkpoint.read(folder)


def test_model_too_large_for_a_page_gives_warnings() -> None:
    large = {"model_type": "llama", **SMALL, "hidden_size": 2048, "vocab_size": 250000}
    large |= {"intermediate_size": 8192, "num_hidden_layers": 32, "head_dim": 512}
    [buffer, weight, speed] = warnings(Architecture.from_config(large))
    assert "GPU buffer" in buffer
    assert "MB: few visitors" in weight
    assert "million parameters" in speed
    with pytest.raises(CheckpointError, match="smaller checkpoint"):
        list(warnings(Architecture.from_config(large | {"vocab_size": 1_200_000})))
    assert not list(warnings(Architecture.from_config({"model_type": "llama", **SMALL})))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"model": {"type": "Unigram"}}, "must be BPE, got Unigram"),
        ({"decoder": {"type": "WordPiece"}}, "got WordPiece"),
        ({"decoder": None}, "got none"),
    ],
)
def test_unsupported_tokenizer_is_rejected(
    folder: Path, part: dict[str, Any], message: str
) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | part))
    with pytest.raises(CheckpointError, match=message):
        Checkpoint.read(folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "is not a folder"),
        (["--name", "a/b"], "must consist of letters, digits"),
    ],
)
def test_build_reports_invalid_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "out"
    assert main(["build", str(tmp_path / "none"), "--out", str(out), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_build_reports_a_missing_conversation_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "missing.json"
    assert main(["build", str(folder), "--conversation", str(path)]) == 1
    assert f"{path} cannot be read: No such file" in capsys.readouterr().err


def test_verify_rejects_a_folder_that_was_not_built(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(folder), str(tmp_path)]) == 1
    assert "has no mlc-chat-config.json" in capsys.readouterr().err

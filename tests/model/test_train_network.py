"""The network and its 4-bit form, compared with transformers and with the definition."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import GenerationConfig, LlamaForCausalLM

from model.tools import RecipeError
from model.train import folder
from model.train.attention import document_mask
from model.train.network import Llama
from model.train.quantize import quantized, through_quantization
from model.train.shape import FULL, SMOKE, Shape

pytestmark = pytest.mark.recipe


def network(shape: Shape = SMOKE) -> Llama:
    """Return a network whose norms and matrices are large enough to tell formulas apart."""
    torch.manual_seed(1)
    made = Llama(shape)
    for weight in made.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.08)
        else:
            torch.nn.init.uniform_(weight, 0.5, 1.5)
    made.requires_grad_(requires_grad=False)
    return made


def tokens(length: int, rows: int = 2) -> Tensor:
    return torch.randint(0, SMOKE.vocab_size, (rows, length))


@pytest.mark.parametrize("shape", [SMOKE, FULL], ids=["smoke", "full"])
def test_network_equals_transformers(shape: Shape, tmp_path: Path) -> None:
    ours = network(shape)
    folder.save(ours, tmp_path)
    theirs = LlamaForCausalLM.from_pretrained(tmp_path).requires_grad_(False)
    ids = tokens(90)
    expected = theirs(ids).logits
    assert expected.abs().max() > 1
    torch.testing.assert_close(ours(ids, share=torch.ones(())), expected, atol=1e-4, rtol=1e-4)


def test_shape_counts_its_parameters() -> None:
    assert sum(weight.numel() for weight in Llama(FULL).parameters()) == FULL.parameters
    assert 4e6 < FULL.parameters < 12e6


def in_4_bits(made: Llama) -> dict[str, Tensor]:
    """Return the weights as they are saved."""
    return {
        name: quantized(weight) if weight.ndim == 2 else weight
        for name, weight in made.state_dict().items()
    }


def test_loaded_folder_equals_the_saved_network_in_4_bits(tmp_path: Path) -> None:
    ours = network(FULL)
    folder.save(ours, tmp_path)
    shards = list(tmp_path.glob("*.safetensors"))
    assert len(shards) == 2
    assert all(file.stat().st_size < 16 * 2**20 for file in shards)
    again = folder.load(tmp_path)
    assert again.shape == FULL
    expected = in_4_bits(ours)
    for name, weight in again.state_dict().items():
        assert torch.equal(weight, expected[name]), name


def test_saving_removes_weights_of_an_earlier_save(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"older")
    folder.save(network(FULL), tmp_path)
    ours = network()
    folder.save(ours, tmp_path)
    assert len([*tmp_path.glob("*.safetensors")]) == 1
    again = folder.load(tmp_path).state_dict()
    assert all(torch.equal(again[name], weight) for name, weight in in_4_bits(ours).items())


def test_incomplete_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no config\.json"):
        folder.load(tmp_path)
    folder.save(network(), tmp_path)
    next(tmp_path.glob("*.safetensors")).unlink()
    with pytest.raises(RecipeError, match="is incomplete"):
        folder.load(tmp_path)


def test_weights_of_another_shape_are_rejected(tmp_path: Path) -> None:
    folder.save(network(), tmp_path)
    FULL.save(tmp_path)
    with pytest.raises(RecipeError, match="do not match"):
        folder.load(tmp_path)


def test_folder_has_the_default_sampling_parameters(tmp_path: Path) -> None:
    folder.save(network(), tmp_path)
    found = GenerationConfig.from_pretrained(tmp_path)
    assert (found.temperature, found.top_p, found.eos_token_id) == (0.4, 0.8, 2)


def test_packed_documents_do_not_attend_to_each_other() -> None:
    made = network()
    ids = tokens(50)
    starts = torch.zeros(2, 50, dtype=torch.bool)
    starts[:, 0] = starts[:, 20] = True
    packed = made(ids, mask=document_mask(starts))
    torch.testing.assert_close(packed[:, :20], made(ids[:, :20]), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(packed[:, 20:], made(ids[:, 20:]), atol=1e-4, rtol=1e-4)


def test_untied_network_has_a_separate_output_matrix() -> None:
    made = Llama(SMOKE, tied=False)
    assert made.lm_head is not None
    extra = SMOKE.vocab_size * SMOKE.hidden_size
    assert sum(weight.numel() for weight in made.parameters()) == SMOKE.parameters + extra
    torch.nn.init.zeros_(made.lm_head.weight)
    assert not made(tokens(5)).any()


def test_quantized_weight_follows_the_definition() -> None:
    weight = torch.randn(5, 96)
    weight[2, 32:64] = 0
    expected = torch.empty_like(weight)
    for row in range(5):
        for start in range(0, 96, 32):
            group = weight[row, start : start + 32]
            offset, most = group.min().half().item(), group.max().item()
            scale = torch.tensor(max((most - group.min().item()) / 15, 2.0**-14)).half().item()
            levels = [min(max(round((value - offset) / scale), 0), 15) for value in group.tolist()]
            expected[row, start : start + 32] = torch.tensor(levels) * scale + offset
    torch.testing.assert_close(quantized(weight), expected)
    assert len(quantized(weight)[0, :32].unique()) <= 16
    fine = quantized(weight, levels=256)
    assert (fine - weight).abs().max() < (quantized(weight) - weight).abs().max() / 10


def test_quantizing_twice_changes_nothing() -> None:
    once = quantized(torch.randn(4, 64))
    torch.testing.assert_close(quantized(once), once)


def test_gradient_passes_quantization_unchanged() -> None:
    weight = torch.randn(3, 32, requires_grad=True)
    factor = torch.randn(3, 32)
    seen = through_quantization(weight, torch.ones(()))
    torch.testing.assert_close(seen, quantized(weight.detach()))
    (seen * factor).sum().backward()
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, factor)
    assert torch.equal(through_quantization(weight, torch.zeros(())), weight)


def test_share_moves_the_logits_to_those_of_quantized_weights() -> None:
    made = network()
    ids = tokens(20)
    rounded = network()
    for weight in rounded.parameters():
        if weight.ndim == 2:
            weight.copy_(quantized(weight))
    shared = made(ids, share=torch.ones(()))
    torch.testing.assert_close(shared, rounded(ids), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(shared, made(ids), atol=1e-2)

"""The 4-bit format, which the compiler writes, training simulates and the kernels read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.compile.quantize import dequantize, pack, quantize_round_trip
from model.train.quantize import quantized

pytestmark = pytest.mark.recipe

RANDOM = np.random.default_rng(2)


@pytest.mark.parametrize(("bits", "most"), [(4, 7), (8, 127)])
def test_round_trip_error_is_at_most_half_a_step(bits: int, most: int) -> None:
    weight = RANDOM.standard_normal((24, 96)).astype(np.float32)
    step = np.abs(weight.reshape(24, 3, 32)).max(-1).repeat(32).reshape(24, 96) / most
    error = np.abs(quantize_round_trip(weight, bits) - weight)
    assert (error <= step / 2 * 1.00001).all()


def test_round_trip_equals_the_quantization_in_training() -> None:
    weight = RANDOM.standard_normal((64, 128)).astype(np.float32)
    expected = quantized(torch.from_numpy(weight)).numpy()
    np.testing.assert_allclose(quantize_round_trip(weight), expected, rtol=1e-6, atol=0)


def test_first_input_is_in_the_lowest_bits() -> None:
    weight = np.zeros((1, 32), np.float32)
    weight[0, :3] = [7, -7, 1]
    packed = pack(weight)
    assert packed.words.shape == (4, 1)
    assert packed.words[0, 0] == 0x77777_80E
    assert packed.scales[0, 0] == 1


def test_group_of_zeros_remains_zero() -> None:
    assert not dequantize(pack(np.zeros((8, 32), np.float32))).any()


def test_weight_that_cannot_be_packed_is_rejected() -> None:
    with pytest.raises(ValueError, match="must be a multiple of 32, got 33"):
        pack(np.zeros((8, 33), np.float32))
    with pytest.raises(ValueError, match="must be finite"):
        pack(np.full((8, 32), np.nan, np.float32))

"""The 4-bit format, which the compiler writes, training simulates and the kernels read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.compile.grid import Groups, fit, fits
from model.compile.quantize import dequantize, pack, pack_groups
from model.train.quantize import quantized

pytestmark = pytest.mark.recipe

RANDOM = np.random.default_rng(2)


@pytest.mark.parametrize(("bits", "most"), [(4, 15), (8, 255)])
def test_round_trip_error_is_near_half_a_step(bits: int, most: int) -> None:
    weight = RANDOM.standard_normal((24, 96)).astype(np.float32)
    groups = weight.reshape(24, 3, 32)
    step = (groups.max(-1) - groups.min(-1)).repeat(32).reshape(24, 96) / most
    error = np.abs(dequantize(pack(weight, bits)) - weight)
    # The extremes of a group may be clipped, to round all others less.
    assert np.mean(error > step / 2 * 1.01) < 0.06
    assert (error < 2 * step).all()


def test_search_beats_the_range_and_the_symmetric_grid() -> None:
    weight = RANDOM.standard_normal((64, 128)).astype(np.float32)
    groups = weight.reshape(64, 4, 32)
    low, step = groups.min(-1), (groups.max(-1) - groups.min(-1)) / 15
    plain = np.rint((groups - low[..., None]) / step[..., None]) * step[..., None] + low[..., None]
    most = np.abs(groups).max(-1)[..., None] / 7
    symmetric = (np.rint(groups / most) * most).reshape(64, 128)
    found = np.square(dequantize(pack(weight)) - weight).mean()
    assert found < 0.93 * np.square(plain.reshape(64, 128) - weight).mean()
    assert found < 0.8 * np.square(symmetric - weight).mean()


def test_weight_trained_through_quantization_is_kept() -> None:
    for size in (1, 0.02):
        weight = quantized(torch.from_numpy(RANDOM.standard_normal((64, 128)) * size)).numpy()
        np.testing.assert_array_equal(dequantize(pack(weight)), weight)


def test_first_input_is_in_the_lowest_bits_and_the_scale_in_the_low_half() -> None:
    levels = np.zeros((1, 1, 32), np.uint8)
    levels[0, 0, :3] = [14, 0, 8]
    groups = Groups(
        levels=levels,
        scales=np.array([[1]], np.float16),
        offsets=np.array([[-2]], np.float16),
        bits=4,
    )
    packed = pack_groups(groups)
    assert packed.words.shape == (4, 1)
    assert packed.words[0, 0] == 0x80E
    assert packed.scales[0, 0] == 0xC000_3C00
    np.testing.assert_array_equal(dequantize(packed)[0, :4], [12, -2, 6, -2])


def test_group_of_equal_weights_is_kept() -> None:
    assert not dequantize(pack(np.zeros((8, 32), np.float32))).any()
    same = np.full((8, 32), 0.25, np.float32)
    np.testing.assert_array_equal(dequantize(pack(same)), same)


def test_scale_is_never_below_the_normal_range_of_float16() -> None:
    """A GPU may read such a number as zero."""
    tiny = (RANDOM.standard_normal((16, 64)) * 1e-4).astype(np.float32)
    groups = fit(tiny, 4)
    assert fits(groups.scales).all()
    assert fits(groups.offsets).all()
    assert np.abs(dequantize(pack_groups(groups)) - tiny).max() < 2.0**-14


def test_weight_that_cannot_be_packed_is_rejected() -> None:
    with pytest.raises(ValueError, match="must be a multiple of 32, got 33"):
        pack(np.zeros((8, 33), np.float32))
    with pytest.raises(ValueError, match="must be finite"):
        pack(np.full((8, 32), np.nan, np.float32))
    with pytest.raises(ValueError, match="must be at most 60000"):
        pack(np.full((8, 32), 7e4, np.float32))

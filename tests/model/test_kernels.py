"""Kernels without barriers compared with numpy, in both thread orders (see kernels_on_cpu)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tvm.script import tirx as T  # noqa: N812

from model.compile import kernels
from model.compile.kernels import Projection
from model.compile.kernels.sets import FOR_ANY_ADAPTER, FOR_GPUS, KernelSet
from model.compile.quantize import dequantize, pack
from tests.model.affine_reader import scales_and_offsets
from tests.model.kernels_in_numpy import EPSILON, gelu, normal, rms_norm, rotated, silu, zeros
from tests.model.kernels_on_cpu import run_in_both_orders

pytestmark = pytest.mark.recipe

RANDOM = np.random.default_rng(5)
EXACT = 2e-6


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("rows", [1, 7, 8, 19])
@pytest.mark.parametrize("kind", Projection)
def test_product_equals_numpy(kind: Projection, rows: int, bits: int) -> None:
    inputs, outputs = 96, 80
    packed = pack(normal(outputs, inputs), bits)
    w = dequantize(packed).T
    x, gain, residual = normal(rows, inputs), normal(inputs), normal(rows, outputs)
    expected = {
        Projection.NORMED: lambda: rms_norm(x, gain) @ w,
        Projection.NORMED_LAST: lambda: (rms_norm(x, gain) @ w)[-1:],
        Projection.GATED: lambda: (
            silu((rms_norm(x, gain) @ w)[:, : outputs // 2])
            * (rms_norm(x, gain) @ w)[:, outputs // 2 :]
        ),
        Projection.ADDED: lambda: x @ w + residual,
        Projection.PLAIN: lambda: x @ w,
    }[kind]()
    kernel = kernels.projection(
        kind,
        inputs=inputs,
        outputs=outputs,
        single_row=rows == 1,
        epsilon=EPSILON,
        bits=bits,
    )
    extra = {Projection.ADDED: residual, Projection.PLAIN: x}.get(kind, gain)
    arguments = [x, extra, packed.words, packed.scales]
    [y] = run_in_both_orders(kernel, arguments, [np.zeros_like(expected)])
    np.testing.assert_allclose(y, expected, rtol=0, atol=EXACT * np.abs(expected).max() * 10)


@pytest.mark.parametrize("rows", [1, 3])
def test_gelu_is_that_of_tanh_and_finite_for_large_numbers(rows: int) -> None:
    inputs, outputs = 32, 16
    packed = pack(normal(outputs, inputs))
    x, gain = normal(rows, inputs), np.full(inputs, 30, np.float32)
    product = rms_norm(x, gain) @ dequantize(packed).T
    assert np.abs(product[:, :8]).max() > 89  # where some tanh of WGSL is NaN
    expected = gelu(product[:, :8]) * product[:, 8:]
    kernel = kernels.projection(
        Projection.GATED,
        inputs=inputs,
        outputs=outputs,
        single_row=rows == 1,
        epsilon=EPSILON,
        activation="gelu",
    )
    arguments = [x, gain, packed.words, packed.scales]
    [y] = run_in_both_orders(kernel, arguments, [zeros(rows, 8)])
    np.testing.assert_allclose(y, expected, rtol=0, atol=EXACT * np.abs(expected).max() * 10)


def test_normed_result_is_added_to_the_residual() -> None:
    x, gain, residual = normal(9, 75), normal(75), normal(9, 75)
    kernel = kernels.add_normed(size=75, epsilon=EPSILON)
    [y] = run_in_both_orders(kernel, [x, gain, residual], [zeros(9, 75)])
    np.testing.assert_allclose(y, rms_norm(x, gain) + residual, rtol=0, atol=EXACT * 10)


def test_logits_of_vocabulary_padding_are_not_written() -> None:
    weight, x, gain = np.pad(normal(37, 64), [(0, 3), (0, 0)]), normal(5, 64), normal(64)
    packed = pack(weight)
    kernel = kernels.projection(
        Projection.NORMED_LAST, inputs=64, outputs=40, kept=37, single_row=False, epsilon=EPSILON
    )
    expected = (rms_norm(x, gain) @ dequantize(packed).T)[-1:, :37]
    arguments = [x, gain, packed.words, packed.scales]
    [y] = run_in_both_orders(kernel, arguments, [zeros(1, 37)])
    np.testing.assert_allclose(y, expected, rtol=0, atol=EXACT * np.abs(expected).max() * 10)


@pytest.mark.parametrize("bits", [4, 8])
def test_embedding_gathers_the_dequantized_row(bits: int) -> None:
    table = pack(normal(40, 64), bits)
    ids = np.array([3, 39, 0, 3], np.int32)
    for factor in (1.0, 8.0):
        kernel = kernels.gather_embedding(vocabulary=40, hidden=64, bits=bits, factor=factor)
        [y] = run_in_both_orders(kernel, [ids, table.words, table.scales], [zeros(4, 64)])
        np.testing.assert_array_equal(y, dequantize(table)[ids] * np.float32(factor))


@pytest.mark.parametrize("of", [FOR_ANY_ADAPTER, FOR_GPUS], ids=lambda of: of.name)
@pytest.mark.parametrize("applied", [True, False])
def test_rotary_positions_are_accurate_for_large_positions(of: KernelSet, applied: bool) -> None:
    rows, size, theta = 5, 16, 10000.0
    qkv = normal(rows, 8, size)
    positions = np.array([0, 1, 77, 1023, 8063], np.int32)
    frequencies = theta ** (-np.arange(0, size, 2) / size)
    turned = rotated(qkv, np.outer(positions, frequencies) * applied)
    kernel = of.rotary_positions(
        query_heads=4, kv_heads=2, head_size=size, frequencies=frequencies.tolist()
    )
    empty = [zeros(rows, 4, size), zeros(rows, 2, size), zeros(rows, 2, size)]
    q, k, v = run_in_both_orders(kernel, [qkv, positions], empty, [int(applied)])
    np.testing.assert_allclose(q, turned[:, :4], atol=3e-5)
    np.testing.assert_allclose(k, turned[:, 4:6], atol=3e-5)
    np.testing.assert_array_equal(v, qkv[:, 6:])


def test_bias_is_added_to_its_logit() -> None:
    logits = normal(1, 50)
    tokens, bias = np.array([3, 49], np.int32), np.array([2.5, -100], np.float32)
    expected = logits.copy()
    expected[0, tokens] += bias
    rows = np.zeros(2, np.int32)
    assert_changes(kernels.apply_bias(vocabulary=50), logits, [rows, tokens, bias], expected)


def test_penalties_follow_their_definition() -> None:
    logits = np.array([[2.0, -1.0, 0.5, 3.0]], np.float32)
    zero, tokens = np.zeros(1, np.int32), np.array([0, 1, 2], np.int32)
    counts, penalties = np.array([1, 2, 4], np.int32), np.array([[0.5, 0.25, 2.0]], np.float32)
    expected = np.array([[1.25 / 2, -2.0 * 2, -1.0 * 2, 3.0]], np.float32)
    arguments = [zero, np.zeros(3, np.int32), tokens, counts, penalties]
    assert_changes(kernels.apply_penalty(vocabulary=4), logits, arguments, expected)


def test_bitmask_forbids_tokens_whose_bit_is_zero() -> None:
    allowed = RANDOM.random(70) < 0.5
    allowed[[0, 31, 32, 63, 69]] = [True, True, False, True, True]
    bits = np.packbits(np.pad(allowed, (0, 26)), bitorder="little").view(np.int32)[None]
    logits = normal(1, 70)
    expected = np.where(allowed, logits, np.float32(-1e30))
    kernel = kernels.apply_bitmask(vocabulary=70)
    assert_changes(kernel, logits, [np.zeros(1, np.int32), bits], expected)


def assert_changes(kernel: Any, logits: Any, arguments: list[Any], expected: Any) -> None:
    """Run a kernel that changes its first argument in place."""
    changed, *_ = run_in_both_orders(kernel, [], [logits, *arguments])
    np.testing.assert_allclose(changed, expected, rtol=1e-6)


def test_race_between_threads_is_detected() -> None:
    @T.prim_func(s_tir=True)  # type: ignore[untyped-decorator]
    def shift(var_x: T.handle) -> None:
        T.func_attr({"tirx.is_scheduled": True})
        x = T.match_buffer(var_x, (8,), "float32")
        for tx in T.thread_binding(8, "threadIdx.x"):
            with T.sblock("shift"):
                T.reads()
                T.writes()
                x[tx] = x[(tx + 1) % 8]

    with pytest.raises(AssertionError, match="order of the threads"):
        run_in_both_orders(shift, [], [normal(8)])


@pytest.mark.parametrize("kind", ["bias", "norm"])
def test_heads_get_a_bias_or_a_norm(kind: str) -> None:
    rows, size = 5, 16
    x = normal(rows, 8, size)
    if kind == "bias":
        extra = normal(8 * size)
        expected = x + extra.reshape(8, size)
    else:
        extra = normal(2 * size)
        expected = x.copy()
        for heads, gain in ((slice(0, 4), extra[:size]), (slice(4, 6), extra[size:])):
            expected[:, heads] = rms_norm(x[:, heads].reshape(-1, size), gain).reshape(
                rows, -1, size
            )
    kernel = kernels.adjust_heads(
        query_heads=4,
        kv_heads=2,
        head_size=size,
        epsilon=EPSILON,
        biased=kind == "bias",
        normed=kind == "norm",
    )
    [y] = run_in_both_orders(kernel, [x, extra], [zeros(rows, 8, size)])
    np.testing.assert_allclose(y, expected, rtol=0, atol=EXACT * 20)


@pytest.mark.parametrize("size", [24, 256])
def test_heads_are_normalized_and_rotated(size: int) -> None:
    rows = 5
    x, gain = normal(rows, 8, size), normal(2 * size)
    positions = np.array([0, 1, 77, 1023, 8063], np.int32)
    frequencies = 10000.0 ** (-np.arange(0, size, 2) / size)
    expected = x.copy()
    for heads, part in ((slice(0, 4), gain[:size]), (slice(4, 6), gain[size:])):
        normed = rms_norm(x[:, heads].reshape(-1, size), part).reshape(rows, -1, size)
        expected[:, heads] = rotated(normed, np.outer(positions, frequencies))
    kernel = kernels.turn_heads(
        query_heads=4,
        kv_heads=2,
        head_size=size,
        epsilon=EPSILON,
        frequencies=frequencies.tolist(),
    )
    [y] = run_in_both_orders(kernel, [x, gain, positions], [zeros(rows, 8, size)])
    np.testing.assert_allclose(y, expected, rtol=0, atol=5e-5)
    np.testing.assert_array_equal(y[:, 6:], x[:, 6:])


def test_scale_and_offset_are_read_exactly() -> None:
    """Any finite float16 that is zero or normal, with either sign."""
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    with np.errstate(invalid="ignore"):
        given = numbers[np.isfinite(numbers) & ((numbers == 0) | (np.abs(numbers) >= 2.0**-14))]
    count = len(given)
    words = given.view(np.uint16).astype(np.uint32) | (
        given[::-1].view(np.uint16).astype(np.uint32) << np.uint32(16)
    )

    [y] = run_in_both_orders(scales_and_offsets(count), [words], [zeros(2, count)])
    np.testing.assert_array_equal(y, np.stack([given, given[::-1]]).astype(np.float32))

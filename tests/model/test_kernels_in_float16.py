"""Kernels with activations in float16: those in float32, but for the rounding of what they store.

No software GPU computes float16, so that these run on the CPU, and the shaders are only compiled.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.compile import kernels
from model.compile.checkpoint import Checkpoint
from model.compile.errors import CheckpointError
from model.compile.kernels import Projection
from model.compile.kernels.sets import (
    FOR_ANY_ADAPTER,
    FOR_GPUS,
    FOR_GPUS_IN_F16,
    KernelSet,
)
from model.compile.library import build_module, lower, shader_modules, webgpu_target
from model.compile.quantize import dequantize, pack
from model.compile.verify.command import verify
from tests.model.kernels_in_browser import shader
from tests.model.kernels_in_numpy import (
    EPSILON,
    attention,
    normal,
    rms_norm,
    rotated,
    silu,
    zeros,
)
from tests.model.kernels_on_cpu import run_in_both_orders
from tests.model.random_qwen import write_qwen
from tests.model.random_windowed import write_windowed

pytestmark = pytest.mark.recipe

HALF = "float16"
ROUNDING = 2.0**-10


def half(x: Any) -> Any:
    return x.astype(np.float16)


def assert_rounded(found: Any, expected: Any) -> None:
    assert found.dtype == np.float16
    np.testing.assert_allclose(
        found.astype(np.float32), expected, rtol=ROUNDING, atol=ROUNDING * np.abs(expected).max()
    )


@pytest.mark.parametrize("rows", [1, 9])
@pytest.mark.parametrize("kind", Projection)
def test_product_stores_float16_and_logits_float32(kind: Projection, rows: int) -> None:
    inputs, outputs = 96, 80
    packed = pack(normal(outputs, inputs))
    w = dequantize(packed).T
    x, extra = half(normal(rows, inputs)), normal(*kind.extra(rows, inputs, outputs))
    wide = x.astype(np.float32)
    product = (rms_norm(wide, extra) if kind.normed else wide) @ w
    if kind is Projection.GATED:
        product = silu(product[:, :40]) * product[:, 40:]
    elif kind is Projection.ADDED:
        extra = half(extra)
        product = product + extra
    elif kind is Projection.PLAIN:
        extra = x
    kernel = kernels.projection(
        kind, inputs=inputs, outputs=outputs, single_row=rows == 1, epsilon=EPSILON, dtype=HALF
    )
    if kind is Projection.NORMED_LAST:
        arguments = [x, extra, packed.words, packed.scales]
        [y] = run_in_both_orders(kernel, arguments, [zeros(1, outputs)])
        np.testing.assert_allclose(y, product[-1:], rtol=0, atol=1e-4)
        return
    arguments = [x, extra, packed.words, packed.scales]
    [y] = run_in_both_orders(kernel, arguments, [half(np.zeros_like(product))])
    assert_rounded(y, product)


def test_number_beyond_float16_becomes_the_largest() -> None:
    packed = pack(np.full((16, 32), 60, np.float32))
    x = half(np.full((1, 32), 60))
    kernel = kernels.projection(
        Projection.PLAIN, inputs=32, outputs=16, single_row=True, epsilon=EPSILON, dtype=HALF
    )
    [y] = run_in_both_orders(kernel, [x, x, packed.words, packed.scales], [half(np.zeros((1, 16)))])
    assert (y == 65504).all()


def test_embedding_and_positions_in_float16() -> None:
    table, ids = pack(normal(40, 64)), np.array([3, 39], np.int32)
    kernel = kernels.gather_embedding(vocabulary=40, hidden=64, dtype=HALF)
    [y] = run_in_both_orders(kernel, [ids, table.words, table.scales], [half(np.zeros((2, 64)))])
    assert_rounded(y, dequantize(table)[ids])

    qkv, positions = half(normal(3, 8, 16)), np.array([0, 77, 8063], np.int32)
    frequencies = 10000.0 ** (-np.arange(0, 16, 2) / 16)
    expected = rotated(qkv.astype(np.float32), np.outer(positions, frequencies))
    for of in (FOR_ANY_ADAPTER, FOR_GPUS):
        kernel = of.rotary_positions(
            query_heads=4,
            kv_heads=2,
            head_size=16,
            frequencies=frequencies.tolist(),
            dtype=HALF,
        )
        empty = [half(np.zeros((3, heads, 16))) for heads in (4, 2, 2)]
        q, k, v = run_in_both_orders(kernel, [qkv, positions], empty, [1])
        assert_rounded(q, expected[:, :4])
        assert_rounded(k, expected[:, 4:6])
        np.testing.assert_array_equal(v, qkv[:, 6:])


@pytest.mark.parametrize("kind", ["bias", "norm"])
def test_heads_in_float16(kind: str) -> None:
    x, extra = half(normal(5, 8, 16)), normal(8 * 16 if kind == "bias" else 32)
    wide = x.astype(np.float32)
    expected = wide + extra.reshape(8, 16) if kind == "bias" else wide.copy()
    if kind == "norm":
        for heads, gain in ((slice(0, 4), extra[:16]), (slice(4, 6), extra[16:])):
            normed = rms_norm(wide[:, heads].reshape(-1, 16), gain)
            expected[:, heads] = normed.reshape(5, -1, 16)
    kernel = kernels.adjust_heads(
        query_heads=4,
        kv_heads=2,
        head_size=16,
        epsilon=EPSILON,
        biased=kind == "bias",
        normed=kind == "norm",
        dtype=HALF,
    )
    [y] = run_in_both_orders(kernel, [x, extra], [half(np.zeros((5, 8, 16)))])
    assert_rounded(y, expected)


def test_attention_and_its_merge_in_float16() -> None:
    rows, size = 9, 16
    q, k, v = (half(normal(rows, heads, size)) for heads in (4, 2, 2))
    wide = [each.astype(np.float32) for each in (q, k, v)]
    expected, expected_lse = attention(*wide, causal=True)
    ends = np.array([0, rows], np.int32)
    out, lse = run_in_both_orders(
        kernels.ragged_attention(query_heads=4, kv_heads=2, head_size=size, dtype=HALF),
        [q, ends, k, v, ends, np.arange(rows, dtype=np.int32), np.zeros(1, np.int32)],
        [half(np.zeros((rows, 4, size))), zeros(rows, 4)],
        [1, 0, 1.0, 10000.0, size**-0.5],
    )
    assert_rounded(out, expected)
    np.testing.assert_allclose(lse, expected_lse, atol=1e-4)
    kernel = kernels.merge_attention(query_heads=4, head_size=size, dtype=HALF)
    merged, *_ = run_in_both_orders(kernel, [], [out, lse, out, lse])
    assert_rounded(merged, out.astype(np.float32))


SIZES = {"query_heads": 4, "kv_heads": 2, "head_size": 32}


def made(of: KernelSet) -> dict[str, Any]:
    """Return the kernels of a set that have activations."""
    product = {"inputs": 64, "outputs": 64, "kept": 64, "epsilon": EPSILON}
    return {
        "decode": of.decode_attention(**SIZES, max_keys=64),
        "paged": of.paged_attention(**SIZES),
        "ragged": of.ragged_attention(**SIZES),
        "rotary": of.rotary_positions(**SIZES, frequencies=[1.0] * 16),
        "row": of.projection(Projection.GATED, single_row=True, **product),
        "rows": of.projection(Projection.ADDED, single_row=False, **product),
        "logits": of.projection(Projection.NORMED_LAST, single_row=False, **product),
    }


def test_shaders_differ_in_nothing_but_the_type_in_memory() -> None:
    plain, short = made(FOR_GPUS), made(FOR_GPUS_IN_F16)
    for name, kernel in short.items():
        code = shader(kernel)
        assert "enable f16;" in code
        assert "array<f16>" in code
        # The arithmetic and what threads share have 32 bits.
        assert not [
            line for line in code.splitlines() if "var<workgroup>" in line and "f16" in line
        ]
        assert "f16" not in shader(plain[name])


def test_library_in_float16_is_lowered_with_logits_in_float32(tmp_path: Path) -> None:
    shape = Checkpoint.read(write_qwen(tmp_path / "hf", "qwen2"), dtype="float16").architecture
    assert shape.quantization == "q4f16_1"
    target = webgpu_target()
    with target:
        module = build_module(shape, target, FOR_GPUS_IN_F16)
        text = module.script()
        lowered = lower(module, target)
    assert 'embeddings: R.Tensor((1, 1, 64), dtype="float16")' in text
    assert 'R.Tensor((1, 1, 512), dtype="float32")' in text
    [shaders] = shader_modules(lowered.mod)
    assert "array<f16>" in shaders.inspect_source()


def test_float16_is_refused_where_activations_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="too large for float16"):
        Checkpoint.read(write_windowed(tmp_path / "hf", "gemma3"), dtype="float16")


def test_verify_needs_a_gpu_for_float16(tmp_path: Path) -> None:
    (tmp_path / "mlc-chat-config.json").write_text(json.dumps({"quantization": "q4f16_1"}))
    options = argparse.Namespace(source="any", model=tmp_path)
    with pytest.raises(CheckpointError, match="built with --dtype f32: it has the same weights"):
        verify(options)

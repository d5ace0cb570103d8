"""Kernels for real GPUs, run on SwiftShader and compared with numpy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from model.compile import kernels
from model.compile.kernels import PAGE, Projection
from model.compile.kernels.gpu.decode_attention import parts_of_head
from model.compile.kernels.sets import FOR_ANY_ADAPTER, FOR_GPUS, KernelSet
from model.compile.quantize import dequantize, pack
from tests.model.kernels_in_browser import blank_page, errors_in, run_in_browser, shader
from tests.model.kernels_in_numpy import (
    EPSILON,
    attention,
    gelu,
    lengths_of_window,
    normal,
    rms_norm,
    silu,
    zeros,
)

pytestmark = pytest.mark.recipe

RANDOM = np.random.default_rng(7)
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with blank_page() as opened:
        yield opened


def last_row(rows: int, inputs: int) -> dict[str, float]:
    """Return the scalars of a product; TVM computes where the last row starts on the host."""
    return {"m": rows, "cse_v1": rows * inputs}


def expected_product(kind: Projection, x: Any, extra: Any, w: Any) -> Any:
    if not kind.normed:
        return x @ w + (extra if kind is Projection.ADDED else 0)
    y = rms_norm(x, extra) @ w
    if kind is Projection.GATED:
        half = w.shape[1] // 2
        return silu(y[:, :half]) * y[:, half:]
    return y[-1:] if kind is Projection.NORMED_LAST else y


@pytest.mark.parametrize("size", [128, 256, 512])
def test_rotation_of_a_large_head_is_valid_wgsl(page: Page, size: int) -> None:
    """Chromium limits how deep calls are nested; a head of Gemma 3 has 128 angles."""
    shape: dict[str, Any] = {
        "query_heads": 4,
        "kv_heads": 1,
        "head_size": size,
        "frequencies": [10000.0 ** (-pair / size) for pair in range(0, size, 2)],
    }
    rotations = [
        kernels.turn_heads(**shape, epsilon=EPSILON),
        *(of.rotary_positions(**shape) for of in (FOR_ANY_ADAPTER, FOR_GPUS)),
    ]
    assert [errors_in(page, shader(each)) for each in rotations] == [[], [], []]
    assert errors_in(page, "not WGSL")


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("sizes", [(1, 96, 80), (1, 1152, 264), (7, 64, 72), (130, 96, 200)])
@pytest.mark.parametrize("kind", Projection)
def test_product_for_gpus_equals_numpy(
    page: Page, kind: Projection, sizes: tuple[int, int, int], bits: int
) -> None:
    rows, inputs, outputs = sizes
    packed = pack(normal(outputs, inputs), bits)
    x, last = normal(rows, inputs), kind is Projection.NORMED_LAST
    extra = x if kind is Projection.PLAIN else normal(*kind.extra(rows, inputs, outputs))
    expected = expected_product(kind, x, extra, dequantize(packed).T)
    kernel = FOR_GPUS.projection(
        kind,
        inputs=inputs,
        outputs=outputs,
        single_row=rows == 1,
        epsilon=EPSILON,
        kept=outputs,
        bits=bits,
    )
    buffers = {"x": x, "extra": extra, "words": packed.words, "scales": packed.scales}
    grid = (-(-expected.shape[1] // 8), 1 if rows == 1 or last else -(-rows // 64))
    left = run_in_browser(
        page, kernel, buffers | {"y": np.full_like(expected, np.nan)}, last_row(rows, inputs), grid
    )
    np.testing.assert_allclose(left["y"], expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


@pytest.mark.parametrize("rows", [1, 3])
def test_gelu_for_gpus_is_finite_for_large_numbers(page: Page, rows: int) -> None:
    packed, x = pack(normal(16, 32)), normal(rows, 32)
    gain = np.full(32, 30, np.float32)
    product = rms_norm(x, gain) @ dequantize(packed).T
    assert np.abs(product[:, :8]).max() > 89  # where SwiftShader's tanh is NaN
    expected = gelu(product[:, :8]) * product[:, 8:]
    kernel = FOR_GPUS.projection(
        Projection.GATED,
        inputs=32,
        outputs=16,
        kept=16,
        single_row=rows == 1,
        epsilon=EPSILON,
        activation="gelu",
    )
    buffers = {"x": x, "extra": gain, "words": packed.words, "scales": packed.scales}
    left = run_in_browser(page, kernel, buffers | {"y": zeros(rows, 8)}, {"m": rows}, (1, 1))
    np.testing.assert_allclose(left["y"], expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


def test_normed_result_is_added_to_the_residual_for_gpus(page: Page) -> None:
    x, gain, residual = normal(5, 150), normal(150), normal(5, 150)
    kernel = FOR_GPUS.add_normed(size=150, epsilon=EPSILON)
    buffers = {"x": x, "gain": gain, "residual": residual, "y": zeros(5, 150)}
    left = run_in_browser(page, kernel, buffers, {"m": 5}, (5, 1))
    np.testing.assert_allclose(left["y"], rms_norm(x, gain) + residual, rtol=0, atol=TOLERANCE)


def test_logits_of_vocabulary_padding_are_not_written_for_gpus(page: Page) -> None:
    packed, x, gain = pack(np.pad(normal(37, 64), [(0, 3), (0, 0)])), normal(5, 64), normal(64)
    kernel = FOR_GPUS.projection(
        Projection.NORMED_LAST,
        inputs=64,
        outputs=40,
        kept=37,
        single_row=False,
        epsilon=EPSILON,
        bits=4,
    )
    buffers = {"x": x, "extra": gain, "words": packed.words, "scales": packed.scales}
    left = run_in_browser(page, kernel, buffers | {"y": zeros(1, 37)}, last_row(5, 64), (5, 1))
    expected = (rms_norm(x, gain) @ dequantize(packed).T)[-1:, :37]
    np.testing.assert_allclose(left["y"], expected, rtol=0, atol=1e-4)


def paged(keys: Any, values: Any, used: int) -> tuple[Any, Any]:
    """Return pages in random order with these keys and values, otherwise NaN, and their ids."""
    ids = RANDOM.permutation(used + 2)[:used].astype(np.int32)
    _, kv_heads, size = keys.shape
    pages = np.full((used + 2, 2, kv_heads, PAGE, size), np.nan, np.float32)
    for position in range(len(keys)):
        at, slot = ids[position // PAGE], position % PAGE
        pages[at, 0, :, slot], pages[at, 1, :, slot] = keys[position], values[position]
    return pages, ids


HEADS = [(4, 2, 40), (9, 3, 64), (2, 2, 128), (4, 1, 256)]


@pytest.mark.parametrize(
    ("heads", "size", "parts"),
    [(4, 40, 2), (9, 64, 4), (2, 128, 8), (4, 256, 8), (24, 96, 2), (32, 64, 1), (64, 128, 1)],
)
def test_few_heads_are_shared_by_several_workgroups(heads: int, size: int, parts: int) -> None:
    assert parts_of_head(heads, size) == parts


@pytest.mark.parametrize(("heads", "kv_heads", "size"), [*HEADS, (32, 8, 64), (25, 5, 128)])
@pytest.mark.parametrize("keys", [1, 16, 33, 200, 257, 700])
def test_decode_attention_for_gpus_uses_every_key(
    page: Page, heads: int, kv_heads: int, size: int, keys: int
) -> None:
    used = -(-keys // PAGE)
    q, k, v = normal(1, heads, size), normal(keys, kv_heads, size), normal(keys, kv_heads, size)
    pages, ids = paged(k, v, used)
    sizes = {"query_heads": heads, "kv_heads": kv_heads, "head_size": size}
    left = run_in_browser(
        page,
        FOR_GPUS.decode_attention(**sizes, max_keys=1024),
        {
            "q": q,
            "pages": pages,
            "starts": np.array([0, used], np.int32),
            "ids": ids,
            "length": np.array([(keys - 1) % PAGE + 1], np.int32),
            "out": zeros(1, heads, size),
            "lse": zeros(1, heads),
        },
        {"m": 1, "count": used + 2, "used": used, "score_scale": size**-0.5}
        | {f"offset_{i}": 0 for i in range(6)},
        (heads * parts_of_head(heads, size), 1),
    )
    expected, expected_lse = attention(q, k, v, causal=True)
    np.testing.assert_allclose(left["out"], expected, atol=1e-5)
    np.testing.assert_allclose(left["lse"], expected_lse, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 16, 70])
@pytest.mark.parametrize(("heads", "kv_heads", "size"), HEADS)
def test_attention_for_gpus_within_a_chunk_is_causal(
    page: Page, heads: int, kv_heads: int, size: int, rows: int
) -> None:
    q, k, v = normal(rows, heads, size), normal(rows, kv_heads, size), normal(rows, kv_heads, size)
    sizes = {"query_heads": heads, "kv_heads": kv_heads, "head_size": size}
    left = run_in_browser(
        page,
        FOR_GPUS.ragged_attention(**sizes),
        {"q": q, "k": k, "v": v, "out": zeros(rows, heads, size), "lse": zeros(rows, heads)},
        {"m": rows, "n": rows, "causal": 1, "score_scale": size**-0.5},
        (heads, -(-rows // 16)),
    )
    expected, expected_lse = attention(q, k, v, causal=True)
    np.testing.assert_allclose(left["out"], expected, atol=1e-5)
    np.testing.assert_allclose(left["lse"], expected_lse, atol=1e-5)


@pytest.mark.parametrize("keys", [1, 16, 45])
@pytest.mark.parametrize(("heads", "kv_heads", "size"), HEADS)
def test_attention_for_gpus_to_earlier_chunks_sees_all_keys(
    page: Page, heads: int, kv_heads: int, size: int, keys: int
) -> None:
    rows, used = 19, -(-keys // PAGE)
    q, k, v = normal(rows, heads, size), normal(keys, kv_heads, size), normal(keys, kv_heads, size)
    pages, ids = paged(k, v, used)
    sizes = {"query_heads": heads, "kv_heads": kv_heads, "head_size": size}
    left = run_in_browser(
        page,
        FOR_GPUS.paged_attention(**sizes),
        {
            "q": q,
            "pages": pages,
            "starts": np.array([0, used], np.int32),
            "ids": ids,
            "length": np.array([(keys - 1) % PAGE + 1], np.int32),
            "out": zeros(rows, heads, size),
            "lse": zeros(rows, heads),
        },
        {"m": rows, "count": used + 2, "used": used, "score_scale": size**-0.5, "causal": 0}
        | {"batch": 1}
        | {f"offset_{i}": 0 for i in range(7)},
        (heads, -(-rows // 16)),
    )
    expected, expected_lse = attention(q, k, v, causal=False)
    np.testing.assert_allclose(left["out"], expected, atol=1e-5)
    np.testing.assert_allclose(left["lse"], expected_lse, atol=1e-5)


@pytest.mark.parametrize(("keys", "window"), [(5, 24), (70, 24), (100, 9), (330, 300)])
@pytest.mark.parametrize("of", [FOR_ANY_ADAPTER, FOR_GPUS], ids=lambda of: of.name)
def test_decode_attention_sees_the_window(
    page: Page, of: KernelSet, keys: int, window: int
) -> None:
    heads, kv_heads, size, used = 4, 2, 40, -(-keys // PAGE)
    q, k, v = normal(1, heads, size), normal(keys, kv_heads, size), normal(keys, kv_heads, size)
    pages, ids = paged(k, v, used)
    sizes = {"query_heads": heads, "kv_heads": kv_heads, "head_size": size}
    left = run_in_browser(
        page,
        of.decode_attention(**sizes, max_keys=1024, window=window, sliding=True),
        {
            "q": q,
            "pages": pages,
            "starts": np.array([0, used], np.int32),
            "ids": ids,
            "length": lengths_of_window(keys),
            "out": zeros(1, heads, size),
            "lse": zeros(1, heads),
        },
        {"m": 1, "count": used + 2, "used": used, "score_scale": size**-0.5}
        | {f"offset_{i}": 0 for i in range(6)},
        (heads * (parts_of_head(heads, size) if of is FOR_GPUS else 1), 1),
    )
    expected, expected_lse = attention(q, k[-window:], v[-window:], causal=True)
    np.testing.assert_allclose(left["out"], expected, atol=1e-5)
    np.testing.assert_allclose(left["lse"], expected_lse, atol=1e-5)


@pytest.mark.parametrize(("keys", "window"), [(5, 70), (70, 70), (150, 70)])
def test_attention_for_gpus_to_earlier_chunks_sees_the_window(
    page: Page, keys: int, window: int
) -> None:
    rows, heads, kv_heads, size, used = 66, 4, 2, 40, -(-keys // PAGE)
    q, k, v = normal(rows, heads, size), normal(keys, kv_heads, size), normal(keys, kv_heads, size)
    pages, ids = paged(k, v, used)
    sizes = {"query_heads": heads, "kv_heads": kv_heads, "head_size": size}
    left = run_in_browser(
        page,
        FOR_GPUS.paged_attention(**sizes, window=window, sliding=True),
        {
            "q": q,
            "pages": pages,
            "starts": np.array([0, used], np.int32),
            "ids": ids,
            "length": lengths_of_window(keys),
            "out": zeros(rows, heads, size),
            "lse": zeros(rows, heads),
        },
        {"m": rows, "count": used + 2, "used": used, "score_scale": size**-0.5}
        | {"causal": 1, "batch": 1}
        | {f"offset_{i}": 0 for i in range(7)},
        (heads, -(-rows // 16)),
    )
    expected, expected_lse = attention(q, k, v, causal=False, window=window)
    # Without a visible key, NumPy has no result, and the merge gives it no weight.
    some = np.isfinite(expected_lse)
    assert (left["lse"][~some] < -1e29).all()
    np.testing.assert_allclose(left["out"][some], expected[some], atol=1e-5)
    np.testing.assert_allclose(left["lse"][some], expected_lse[some], atol=1e-5)

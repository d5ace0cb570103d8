"""Attention kernels without barriers, and their merge, compared with numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from model.compile import kernels
from tests.model.kernels_in_numpy import attention, lengths_of_window, normal, zeros
from tests.model.kernels_on_cpu import run_in_both_orders

pytestmark = pytest.mark.recipe

RANDOM = np.random.default_rng(8)


def scalars(*, head_size: int, causal: bool) -> list[float]:
    """Return the arguments of the cache: causal, rotary mode, scale and base, score scale."""
    return [int(causal), 0, 1.0, 10000.0, head_size**-0.5]


def starts(length: int) -> Any:
    return np.array([0, length], np.int32)


@pytest.mark.parametrize("rows", [1, 9, 40])
def test_ragged_attention_is_causal(rows: int) -> None:
    q, k, v = normal(rows, 4, 16), normal(rows, 2, 16), normal(rows, 2, 16)
    expected, expected_lse = attention(q, k, v, causal=True)
    positions, offset = np.arange(rows, dtype=np.int32), np.zeros(1, np.int32)
    out, lse = run_in_both_orders(
        kernels.ragged_attention(query_heads=4, kv_heads=2, head_size=16),
        [q, starts(rows), k, v, starts(rows), positions, offset],
        [zeros(rows, 4, 16), zeros(rows, 4)],
        scalars(head_size=16, causal=True),
    )
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(lse, expected_lse, atol=1e-5)


@pytest.mark.parametrize("keys", [1, 16, 37])
def test_paged_attention_uses_every_key_in_the_pages(keys: int) -> None:
    rows, used = 5, -(-keys // kernels.PAGE)
    q, k, v = normal(rows, 4, 16), normal(keys, 2, 16), normal(keys, 2, 16)
    ids = RANDOM.permutation(used + 2)[:used].astype(np.int32)
    pages = normal(used + 2, 2, 2, kernels.PAGE, 16)
    for position in range(keys):
        page, slot = ids[position // kernels.PAGE], position % kernels.PAGE
        pages[page, 0, :, slot], pages[page, 1, :, slot] = k[position], v[position]
    last_page = np.array([(keys - 1) % kernels.PAGE + 1], np.int32)
    positions, offset = np.arange(rows, dtype=np.int32), np.zeros(1, np.int32)
    expected, expected_lse = attention(q, k, v, causal=False)
    out, lse = run_in_both_orders(
        kernels.paged_attention(query_heads=4, kv_heads=2, head_size=16),
        [q, starts(rows), pages, starts(used), ids, last_page, offset, positions],
        [zeros(rows, 4, 16), zeros(rows, 4)],
        scalars(head_size=16, causal=False),
    )
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(lse, expected_lse, atol=1e-5)


@pytest.mark.parametrize("sliding", [True, False])
@pytest.mark.parametrize(("keys", "window"), [(5, 24), (37, 24), (64, 24), (100, 9)])
def test_paged_attention_sees_the_window_of_each_query(
    keys: int, window: int, sliding: bool
) -> None:
    rows, used = 8, -(-keys // kernels.PAGE)
    q, k, v = normal(rows, 4, 16), normal(keys, 2, 16), normal(keys, 2, 16)
    ids = RANDOM.permutation(used).astype(np.int32)
    pages = zeros(used, 2, 2, kernels.PAGE, 16)
    for position in range(keys):
        page, slot = ids[position // kernels.PAGE], position % kernels.PAGE
        pages[page, 0, :, slot], pages[page, 1, :, slot] = k[position], v[position]
    lengths = lengths_of_window(keys) if sliding else lengths_of_window(keys)[0]
    positions, offset = np.arange(rows, dtype=np.int32), np.zeros(1, np.int32)
    expected, expected_lse = attention(q, k, v, causal=False, window=window)
    out, lse = run_in_both_orders(
        kernels.paged_attention(
            query_heads=4, kv_heads=2, head_size=16, window=window, sliding=sliding
        ),
        [q, starts(rows), pages, starts(used), ids, lengths, offset, positions],
        [zeros(rows, 4, 16), zeros(rows, 4)],
        scalars(head_size=16, causal=True),
    )
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(lse, expected_lse, atol=1e-5)


def test_merge_equals_attention_to_all_keys() -> None:
    rows = 70
    q, k, v = normal(rows, 4, 16), normal(30, 2, 16), normal(30, 2, 16)
    parts = [attention(q, k[part], v[part], causal=False) for part in (slice(21), slice(21, 30))]
    (a, lse_a), (b, lse_b) = [(out.astype("f"), lse.astype("f")) for out, lse in parts]
    expected, expected_lse = attention(q, k, v, causal=False)
    merged, lse = merge(a, lse_a, b, lse_b)
    np.testing.assert_allclose(merged, expected, atol=1e-5)
    np.testing.assert_allclose(lse, expected_lse, atol=1e-5)


def test_merge_without_keys_changes_nothing() -> None:
    a, lse_a, nothing = normal(3, 4, 16), normal(3, 4), np.full((3, 4), -1e30, np.float32)
    merged, lse = merge(a, lse_a, zeros(3, 4, 16), nothing)
    np.testing.assert_allclose(merged, a, atol=1e-6)
    np.testing.assert_allclose(lse, lse_a, atol=1e-6)


def merge(a: Any, lse_a: Any, b: Any, lse_b: Any) -> tuple[Any, Any]:
    kernel = kernels.merge_attention(query_heads=4, head_size=16)
    merged, lse, *_ = run_in_both_orders(kernel, [], [a, lse_a, b, lse_b])
    return merged, lse

"""Kernels with barriers, run on SwiftShader and compared with numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from model.compile import kernels
from tests.model.kernels_in_browser import blank_page, run_in_browser
from tests.model.kernels_in_numpy import attention, normal, zeros

pytestmark = pytest.mark.recipe

RANDOM = np.random.default_rng(6)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with blank_page() as opened:
        yield opened


def softmax(page: Page, logits: Any, temperature: float, threads: int = 64) -> Any:
    rows, _, vocabulary = logits.shape
    left = run_in_browser(
        page,
        kernels.softmax_with_temperature(vocabulary=vocabulary, threads=threads),
        {"x": logits, "t": np.full(rows, temperature, np.float32), "y": np.zeros_like(logits)},
        {"n": rows},
        (rows, 1),
    )
    return left["y"]


@pytest.mark.parametrize("threads", [64, 256])
@pytest.mark.parametrize("temperature", [1e-6, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("vocabulary", [8, 64, 200, 4096])
def test_softmax_equals_numpy(
    page: Page, vocabulary: int, temperature: float, threads: int
) -> None:
    logits = (RANDOM.standard_normal((2, 1, vocabulary)) * 5).astype(np.float32)
    scaled = (logits - logits.max(-1, keepdims=True)).astype(np.float64) / temperature
    expected = np.exp(scaled) / np.exp(scaled).sum(-1, keepdims=True)
    np.testing.assert_allclose(softmax(page, logits, temperature, threads), expected, atol=1e-6)


def test_softmax_of_a_masked_logit_is_exactly_zero(page: Page) -> None:
    logits = RANDOM.standard_normal((1, 1, 200)).astype(np.float32)
    logits[0, 0, ::3] = -1e30
    for temperature in (1e-6, 1.0, 2.0):
        y = softmax(page, logits, temperature)
        assert (y[0, 0, ::3] == 0).all()
        assert y.sum() == pytest.approx(1, abs=1e-5)


def sample(
    page: Page, probabilities: Any, uniform: Any, top_p: float, *, threads: int = 64
) -> list[int]:
    """Return what is drawn for each number of `uniform`."""
    p = np.asarray(probabilities, np.float32)[None]
    u = np.asarray(uniform, np.float32)
    left = run_in_browser(
        page,
        kernels.sample_top_p(vocabulary=p.size, threads=threads),
        {
            "probability": p,
            "same": p,
            "uniform": u,
            "row": np.zeros(len(u), np.int32),
            "top_p": np.array([top_p], np.float32),
            "out": np.full(len(u), -1, np.int32),
        },
        {"n": len(u), "batch": 1},
        (len(u), 1),
    )
    return [int(token) for token in left["out"]]


def kept(probabilities: Any, top_p: float) -> set[int]:
    """Return the most probable tokens until their mass reaches `top_p`."""
    order = np.argsort(-probabilities, kind="stable")
    mass = np.cumsum(probabilities[order].astype(np.float64))
    return set(order[: int(np.searchsorted(mass, top_p)) + 1].tolist())


@pytest.mark.parametrize("vocabulary", [5, 64, 200, 4096])
@pytest.mark.parametrize("top_p", [1e-5, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("threads", [64, 256])
def test_only_tokens_that_top_p_keeps_are_sampled(
    page: Page, vocabulary: int, top_p: float, threads: int
) -> None:
    p = RANDOM.dirichlet(np.full(vocabulary, 0.1)).astype(np.float32)
    grid = (np.arange(400) + 0.5) / 400
    drawn = Counter(sample(page, p, grid, top_p, threads=threads))
    allowed = kept(p, top_p)
    assert set(drawn) <= allowed
    total = sum(float(p[token]) for token in allowed)
    for token in allowed:
        assert abs(drawn[token] / 400 - p[token] / total) <= 1.01 / 400


def test_top_p_keeps_equally_probable_tokens_together(page: Page) -> None:
    grid = (np.arange(100) + 0.5) / 100
    assert Counter(sample(page, [0.25] * 4, grid, 0.3)) == dict.fromkeys(range(4), 25)
    assert set(sample(page, [0.5, 0.2, 0.2, 0.1], grid, 0.6)) == {0, 1, 2}


def test_token_of_probability_zero_is_never_sampled(page: Page) -> None:
    almost_one = float(np.nextafter(np.float32(1), np.float32(0)))
    for top_p in (0.5, 1.0):
        drawn = sample(page, [0.0, 0.7, 0.0, 0.2999, 0.0], [0.0, almost_one], top_p)
        assert drawn == [1, 1 if top_p < 0.7 else 3]


def test_token_of_probability_one_is_always_sampled(page: Page) -> None:
    certain = np.zeros(4096)
    certain[77] = 1
    assert sample(page, certain, [0.0, 0.5, 0.9999999], 0.95) == [77, 77, 77]


@pytest.mark.parametrize("keys", [1, 16, 33, 200])
def test_decode_attention_uses_every_key_in_the_pages(page: Page, keys: int) -> None:
    heads, kv_heads, size, used = 4, 2, 40, -(-keys // kernels.PAGE)
    q, k, v = normal(1, heads, size), normal(keys, kv_heads, size), normal(keys, kv_heads, size)
    ids = RANDOM.permutation(used + 2)[:used].astype(np.int32)
    pages = normal(used + 2, 2, kv_heads, kernels.PAGE, size)
    for position in range(keys):
        at, slot = ids[position // kernels.PAGE], position % kernels.PAGE
        pages[at, 0, :, slot], pages[at, 1, :, slot] = k[position], v[position]
    left = run_in_browser(
        page,
        kernels.decode_attention(
            query_heads=heads, kv_heads=kv_heads, head_size=size, max_keys=256
        ),
        {
            "q": q,
            "pages": pages,
            "starts": np.array([0, used], np.int32),
            "ids": ids,
            "length": np.array([(keys - 1) % kernels.PAGE + 1], np.int32),
            "out": zeros(1, heads, size),
            "lse": zeros(1, heads),
        },
        {"m": 1, "count": used + 2, "used": used, "score_scale": size**-0.5}
        | {f"offset_{i}": 0 for i in range(6)},
        (heads, 1),
    )
    expected, expected_lse = attention(q, k, v, causal=True)
    np.testing.assert_allclose(left["out"], expected, atol=1e-5)
    np.testing.assert_allclose(left["lse"], expected_lse, atol=1e-5)

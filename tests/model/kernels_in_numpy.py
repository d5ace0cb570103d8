"""What the kernels compute, in numpy, and random arguments for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.compile import kernels

__all__ = [
    "EPSILON",
    "attention",
    "gelu",
    "lengths_of_window",
    "normal",
    "rms_norm",
    "rotated",
    "silu",
    "zeros",
]

EPSILON = 1e-5
_RANDOM = np.random.default_rng(5)


def normal(*shape: int) -> Any:
    return _RANDOM.standard_normal(shape).astype(np.float32)


def zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


def rms_norm(x: Any, gain: Any) -> Any:
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + EPSILON) * gain


def silu(x: Any) -> Any:
    return x / (1 + np.exp(-x))


def gelu(x: Any) -> Any:
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def rotated(heads: Any, angles: Any) -> Any:
    """Rotate `[n, heads, size]` by angles `[n, size / 2]`."""
    half = heads.shape[-1] // 2
    cos, sin = (np.tile(part, 2)[:, None] for part in (np.cos(angles), np.sin(angles)))
    return heads * cos + np.concatenate([-heads[..., half:], heads[..., :half]], -1) * sin


def attention(
    q: Any, k: Any, v: Any, *, causal: bool, window: int | None = None
) -> tuple[Any, Any]:
    """Return the output and the logarithm of the sum of weights, in float64.

    With a `window`, the keys precede the queries.
    """
    rows, heads, size = q.shape
    keys, kv_heads, _ = k.shape
    k, v = (np.repeat(x.astype(np.float64), heads // kv_heads, axis=1) for x in (k, v))
    scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(size)
    if causal:
        scores[:, np.triu(np.ones((rows, keys), bool), keys - rows + 1)] = -np.inf
    if window is not None:
        distance = keys + np.arange(rows)[:, None] - np.arange(keys)
        scores[:, distance >= window] = -np.inf
    weights = np.exp(scores)
    out = np.einsum("hqk,khd->qhd", weights / weights.sum(-1, keepdims=True), v)
    return out, np.log(weights.sum(-1)).T


def lengths_of_window(length: int) -> Any:
    """Return what TVM's cache passes to a layer with a window as the length of the last page."""
    return np.array([[(length - 1) % kernels.PAGE + 1], [0], [0]], np.int32)

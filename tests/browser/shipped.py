"""The built-in model's network in plain numpy, from the files that a visitor downloads.

A Llama over one whole sequence, without a cache: what the compiled library must compute. The names
of the parameters are defined by `model.compile.parameters`, the format of the weights by
`model.compile.quantize`. Neither is used here, so that a mistake in it is found.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pywebllm.builtin import BUILTIN_MODEL, BUILTIN_PATH

from model.browser.site import ROOT
from model.compile.tensor_cache import read_tensors

__all__ = ["REVISION", "SHIPPED", "Floats", "ShippedNetwork"]

SHIPPED = ROOT / "static/models" / BUILTIN_MODEL
REVISION = ROOT / "static" / BUILTIN_PATH

Floats = npt.NDArray[np.float32]

_GROUP = 32

# The files define all sizes except these.
_HEAD = 64
_THETA = 10000.0
_EPSILON = 1e-5


class ShippedNetwork:
    """The weights of a folder with `tensor-cache.json`, and the network they belong to.

    `layers` are the names of the layers, `embedding` is `[vocabulary, hidden]`.
    """

    head_size, theta, epsilon = _HEAD, _THETA, _EPSILON

    def __init__(self, folder: Path) -> None:
        self._tensors = read_tensors(folder)
        self.embedding = self.matrix("embedding")
        norms = [name for name in self._tensors if name.endswith(".attention.norm")]
        self.layers = [name.removesuffix(".attention.norm") for name in norms]

    def logits(self, tokens: list[int]) -> Floats:
        """Return the logits `[tokens, vocabulary]` after each token of the sequence."""
        hidden = self.embedding[tokens]
        for layer in self.layers:
            hidden = hidden + self._attention(
                layer, self._normed(f"{layer}.attention.norm", hidden)
            )
            hidden = hidden + self._mlp(layer, self._normed(f"{layer}.mlp.norm", hidden))
        logits: Floats = self._normed("norm", hidden) @ self.embedding.T
        return logits

    def matrix(self, name: str) -> Floats:
        """Return a weight `[out, in]`, dequantized."""
        words, scales = self._tensors[f"{name}.words"], self._tensors[f"{name}.scales"]
        levels = words.T[:, :, None] >> (4 * np.arange(8, dtype=np.uint32)) & np.uint32(15)
        grouped = levels.reshape(len(levels), -1, _GROUP).astype(np.float32)
        # The low half is the scale, the high half the offset.
        halves = np.ascontiguousarray(scales.T).view(np.float16).astype(np.float32)
        scale, offset = halves[:, 0::2, None], halves[:, 1::2, None]
        found: Floats = (grouped * scale + offset).reshape(len(levels), -1)
        return found

    def vector(self, name: str) -> Floats:
        """Return a weight that is not quantized."""
        vector: Floats = self._tensors[name]
        return vector

    def _attention(self, layer: str, hidden: Floats) -> Floats:
        out = self.matrix(f"{layer}.attention.out")
        qkv = hidden @ self.matrix(f"{layer}.attention.qkv").T
        queries = out.shape[1] // _HEAD
        heads = qkv.reshape(len(hidden), -1, _HEAD).swapaxes(0, 1)
        shared = (len(heads) - queries) // 2
        query, key, value = np.split(heads, [queries, queries + shared])
        # Neighboring query heads share a key head.
        key, value = (np.repeat(each, queries // shared, axis=0) for each in (key, value))
        scores = _rotated(query) @ _rotated(key).swapaxes(1, 2) / np.sqrt(np.float32(_HEAD))
        scores += np.triu(np.full(scores.shape[1:], -np.inf, np.float32), 1)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        seen: Floats = (weights @ value).swapaxes(0, 1).reshape(len(hidden), -1) @ out.T
        return seen

    def _mlp(self, layer: str, hidden: Floats) -> Floats:
        gate, up = np.split(hidden @ self.matrix(f"{layer}.mlp.gate_up").T, 2, axis=-1)
        made: Floats = (gate / (1 + np.exp(-gate)) * up) @ self.matrix(f"{layer}.mlp.down").T
        return made

    def _normed(self, name: str, hidden: Floats) -> Floats:
        mean = np.square(hidden).mean(axis=-1, keepdims=True)
        normed: Floats = hidden / np.sqrt(mean + _EPSILON) * self.vector(name)
        return normed


def _rotated(heads: Floats) -> Floats:
    """Apply rotary embeddings to `[heads, positions, size]`: first half with second half."""
    frequencies = _THETA ** (-np.arange(_HEAD // 2) / (_HEAD // 2))
    angles = np.outer(np.arange(heads.shape[1]), frequencies)
    cosine, sine = (turn(angles).astype(np.float32) for turn in (np.cos, np.sin))
    first, second = np.split(heads, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)

"""The shapes that were compared with `base` before `deep` was chosen.

`deep`, `v2048`, `v8192`, `untied` and `mha` differ from it in one respect. The others have another
width, with matching heads and feed-forward layers, and some of them also another depth.

All fit in a download of 12 MB, with the library gzipped and weights of 5 bits. The kernels require
heads of 64 here, and multiples of 32 otherwise. `bench.shapes` measures the speed of each,
`python -m model compare` how well it learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from model.train.shape import FULL, Shape

__all__ = ["SHAPES", "UNTIED"]


def _shape(
    hidden: int, layers: int, heads: tuple[int, int], feed_forward: int, *, vocabulary: int = 4096
) -> Shape:
    return Shape(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads[0],
        num_key_value_heads=heads[1],
        intermediate_size=feed_forward,
    )


SHAPES: Final[Mapping[str, Shape]] = {
    "base": _shape(256, 6, (4, 2), 768),
    "deep": FULL,
    "thin": _shape(192, 12, (3, 1), 576),
    "wide": _shape(320, 6, (5, 1), 960),
    "wide8": _shape(320, 8, (5, 1), 960),
    "shallow": _shape(384, 4, (6, 2), 1152),
    "h384": _shape(384, 6, (6, 2), 1152),
    "h448": _shape(448, 8, (7, 1), 1120),
    "v2048": _shape(256, 6, (4, 2), 768, vocabulary=2048),
    "v8192": _shape(256, 6, (4, 2), 768, vocabulary=8192),
    "untied": _shape(256, 6, (4, 2), 768),
    "mha": _shape(256, 6, (4, 4), 768),
}
# The shapes whose output matrix is not the embedding.
UNTIED: Final = frozenset({"untied"})

# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812, PLR0917
"""The vectors that BERT begins with."""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.affine import level_of, offset_of, scale_of
from model.compile.quantize import GROUP, per_word

__all__ = ["bert_embedding"]

_THREADS = 64


def bert_embedding(*, vocabulary: int, positions: int, hidden: int, bits: int):
    """Return the kernel that adds the vectors of the tokens, their positions and the text type."""
    share = per_word(bits)

    @T.prim_func(private=True, s_tir=True)
    def embed(
        var_tokens: T.handle,
        var_words: T.handle,
        var_scales: T.handle,
        var_positions: T.handle,
        var_type: T.handle,
        var_y: T.handle,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        tokens = T.match_buffer(var_tokens, (b, n), "int32")
        words = T.match_buffer(var_words, (hidden // share, vocabulary), "uint32")
        scales = T.match_buffer(var_scales, (hidden // GROUP, vocabulary), "uint32")
        places = T.match_buffer(var_positions, (positions, hidden), "float32")
        kind = T.match_buffer(var_type, (hidden,), "float32")
        y = T.match_buffer(var_y, (b, n, hidden), "float32")
        for by in T.thread_binding(b * n, "blockIdx.y"):
            for bx in T.thread_binding((hidden + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("embed"):
                        T.reads()
                        T.writes()
                        word = T.sblock_alloc_buffer((2,), "uint32", scope="local")
                        k: T.let[T.int32] = bx * _THREADS + tx
                        if k < hidden:
                            word[0] = words[k // share, tokens[by // n, by % n]]
                            word[1] = scales[k // GROUP, tokens[by // n, by % n]]
                            y[by // n, by % n, k] = (
                                level_of(word[0], k % share, bits) * scale_of(word[1])
                                + offset_of(word[1])
                                + places[by % n, k]
                                + kind[k]
                            )

    return embed

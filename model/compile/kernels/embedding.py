# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812
"""Token lookup in the quantized embedding, whose layout is that of the output projection."""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.affine import level_of, offset_of, scale_of
from model.compile.kernels.numbers import writer
from model.compile.quantize import GROUP, per_word

__all__ = ["gather_embedding"]

_THREADS = 64


def gather_embedding(
    *, vocabulary: int, hidden: int, bits: int = 4, factor: float = 1.0, dtype: str = "float32"
):
    """Return the kernel (ids `[n]`, words, scales) -> `[n, hidden]`, multiplied by `factor`."""
    share, store = per_word(bits), writer(dtype)

    @T.prim_func(private=True, s_tir=True)
    def gather(var_ids: T.handle, var_words: T.handle, var_scales: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n = T.int32()
        ids = T.match_buffer(var_ids, (n,), "int32")
        words = T.match_buffer(var_words, (hidden // share, vocabulary), "uint32")
        scales = T.match_buffer(var_scales, (hidden // GROUP, vocabulary), "uint32")
        y = T.match_buffer(var_y, (n, hidden), dtype)
        for by in T.thread_binding(n, "blockIdx.y"):
            for bx in T.thread_binding((hidden + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("gather"):
                        T.reads()
                        T.writes()
                        word = T.sblock_alloc_buffer((1,), "uint32", scope="local")
                        level = T.sblock_alloc_buffer((1,), "float32", scope="local")
                        k: T.let[T.int32] = bx * _THREADS + tx
                        if k < hidden:
                            level[0] = level_of(words[k // share, ids[by]], k % share, bits)
                            word[0] = scales[k // GROUP, ids[by]]
                            y[by, k] = store(
                                T.float32(factor)
                                * (level[0] * scale_of(word[0]) + offset_of(word[0]))
                            )

    return gather

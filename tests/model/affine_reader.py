# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
"""A kernel that only reads scales and offsets, to test how they are read."""

from __future__ import annotations

from tvm.script import tirx as T  # noqa: N812

from model.compile.kernels.affine import offset_of, scale_of

__all__ = ["scales_and_offsets"]


def scales_and_offsets(count: int):
    """Return the kernel (words `[count]`) -> scales and offsets `[2, count]`."""

    @T.prim_func(private=True, s_tir=True)
    def read(var_words: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        words = T.match_buffer(var_words, (count,), "uint32")
        y = T.match_buffer(var_y, (2, count), "float32")
        for bx in T.thread_binding((count + 63) // 64, "blockIdx.x"):
            for tx in T.thread_binding(64, "threadIdx.x"):
                with T.sblock("read"):
                    T.reads()
                    T.writes()
                    i: T.let[T.int32] = bx * 64 + tx
                    if i < count:
                        y[0, i] = scale_of(words[i])
                        y[1, i] = offset_of(words[i])

    return read

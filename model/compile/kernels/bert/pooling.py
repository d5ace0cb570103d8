# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812
"""One vector of each text, of length 1."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["mean_of_text", "unit_vector"]

_THREADS = 64


def mean_of_text(*, hidden: int):
    """Return the kernel (x `[b, n, hidden]`, lengths `[b]`) -> the mean vectors `[b, hidden]`."""

    @T.prim_func(private=True, s_tir=True)
    def mean(var_x: T.handle, var_lengths: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        x = T.match_buffer(var_x, (b, n, hidden), "float32")
        lengths = T.match_buffer(var_lengths, (b,), "int32")
        y = T.match_buffer(var_y, (b, hidden), "float32")
        for bx in T.thread_binding((b * hidden + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("mean"):
                    T.reads()
                    T.writes()
                    total = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    row: T.let[T.int32] = (bx * _THREADS + tx) // hidden
                    k: T.let[T.int32] = (bx * _THREADS + tx) % hidden
                    if row < b:
                        total[0] = T.float32(0)
                        for position in range(lengths[row]):
                            total[0] = total[0] + x[row, position, k]
                        y[row, k] = total[0] / T.Cast("float32", lengths[row])

    return mean


def unit_vector(*, hidden: int):
    """Return the kernel x `[b, hidden]` -> y `[b, n, hidden]`, whose first row has length 1.

    WebLLM reads only the first row of each text; the others are zero.
    """

    @T.prim_func(private=True, s_tir=True)
    def unit(var_x: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        x = T.match_buffer(var_x, (b, hidden), "float32")
        y = T.match_buffer(var_y, (b, n, hidden), "float32")
        for bx in T.thread_binding((b * n * hidden + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("unit"):
                    T.reads()
                    T.writes()
                    total = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    at: T.let[T.int32] = bx * _THREADS + tx
                    row: T.let[T.int32] = at // (n * hidden)
                    position: T.let[T.int32] = at // hidden % n
                    k: T.let[T.int32] = at % hidden
                    if row < b:
                        y[row, position, k] = T.float32(0)
                        if position == 0:
                            total[0] = T.float32(0)
                            for d in range(hidden):
                                total[0] = total[0] + x[row, d] * x[row, d]
                            y[row, position, k] = x[row, k] * T.rsqrt(
                                T.max(total[0], T.float32(1e-24))
                            )

    return unit

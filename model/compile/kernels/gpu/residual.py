# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812
"""Adding a normalized result to what it was computed from, with one workgroup per row."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["add_normed_rows"]

_THREADS = 64


def add_normed_rows(*, size: int, epsilon: float):
    """Return the kernel; its arguments are those of `residual.add_normed`."""
    each = (size + _THREADS - 1) // _THREADS

    @T.prim_func(private=True, s_tir=True)
    def add(var_x: T.handle, var_gain: T.handle, var_residual: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        m = T.int32()
        x = T.match_buffer(var_x, (m, size), "float32")
        gain = T.match_buffer(var_gain, (size,), "float32")
        residual = T.match_buffer(var_residual, (m, size), "float32")
        y = T.match_buffer(var_y, (m, size), "float32")
        for bx in T.thread_binding(m, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("add"):
                    T.reads()
                    T.writes()
                    sums = T.sblock_alloc_buffer((_THREADS,), scope="shared")
                    factor = T.sblock_alloc_buffer((1,), scope="local")
                    factor[0] = T.float32(0)
                    for i in range(each):
                        if i * _THREADS + tx < size:
                            factor[0] = (
                                factor[0] + x[bx, i * _THREADS + tx] * x[bx, i * _THREADS + tx]
                            )
                    sums[tx] = factor[0]
                    T.tvm_storage_sync("shared")
                    factor[0] = T.float32(0)
                    for i in range(_THREADS):
                        factor[0] = factor[0] + sums[i]
                    factor[0] = T.rsqrt(factor[0] * T.float32(1.0 / size) + T.float32(epsilon))
                    for i in range(each):
                        if i * _THREADS + tx < size:
                            y[bx, i * _THREADS + tx] = (
                                x[bx, i * _THREADS + tx] * factor[0] * gain[i * _THREADS + tx]
                                + residual[bx, i * _THREADS + tx]
                            )

    return add

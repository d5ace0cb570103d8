# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812
"""Adding a normalized result to what it was computed from, as networks with output norms do."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["add_normed"]

_THREADS = 8


def add_normed(*, size: int, epsilon: float):
    """Return the kernel (x `[m, size]`, weight of the norm, residual) -> rms_norm(x) + residual.

    Eight threads share a row; each computes the norm of the whole row, so that none waits.
    """

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
                    factor = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    factor[0] = T.float32(0)
                    for k in range(size):
                        factor[0] = factor[0] + x[bx, k] * x[bx, k]
                    factor[0] = T.rsqrt(factor[0] * T.float32(1.0 / size) + T.float32(epsilon))
                    for k in range((size + _THREADS - 1) // _THREADS):
                        if k * _THREADS + tx < size:
                            y[bx, k * _THREADS + tx] = (
                                x[bx, k * _THREADS + tx] * factor[0] * gain[k * _THREADS + tx]
                                + residual[bx, k * _THREADS + tx]
                            )

    return add

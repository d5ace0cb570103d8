# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812
"""Layer normalization."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["layer_norm"]

_THREADS = 64


def layer_norm(*, hidden: int, epsilon: float):
    """Return the kernel (x `[b, n, hidden]`, gain, bias) -> the same; a thread has one row."""

    @T.prim_func(private=True, s_tir=True)
    def norm(var_x: T.handle, var_gain: T.handle, var_bias: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        x = T.match_buffer(var_x, (b, n, hidden), "float32")
        gain = T.match_buffer(var_gain, (hidden,), "float32")
        bias = T.match_buffer(var_bias, (hidden,), "float32")
        y = T.match_buffer(var_y, (b, n, hidden), "float32")
        for bx in T.thread_binding((b * n + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("norm"):
                    T.reads()
                    T.writes()
                    sums = T.sblock_alloc_buffer((3,), "float32", scope="local")
                    row: T.let[T.int32] = bx * _THREADS + tx
                    if row < b * n:
                        sums[0] = T.float32(0)
                        for k in range(hidden):
                            sums[0] = sums[0] + x[row // n, row % n, k]
                        sums[0] = sums[0] * T.float32(1.0 / hidden)
                        sums[1] = T.float32(0)
                        for k in range(hidden):
                            sums[1] = sums[1] + (x[row // n, row % n, k] - sums[0]) * (
                                x[row // n, row % n, k] - sums[0]
                            )
                        sums[1] = T.rsqrt(sums[1] * T.float32(1.0 / hidden) + T.float32(epsilon))
                        for k in range(hidden):
                            y[row // n, row % n, k] = (x[row // n, row % n, k] - sums[0]) * sums[
                                1
                            ] * gain[k] + bias[k]

    return norm

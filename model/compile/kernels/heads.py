# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812
"""What some networks do between product and rotary positions: a bias, or a norm of heads."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["adjust_heads"]

_THREADS = 64


def adjust_heads(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    epsilon: float,
    biased: bool = False,
    normed: bool = False,
):
    """Return the kernel `[n, heads, size]` -> the same shape; the heads are queries, keys, values.

    With `biased`, it takes a bias `[heads * size]` and adds it; or with `normed`, it takes the
    weights of two norms `[2 * size]` and normalizes each head of the queries with the first and of
    the keys with the second. A thread computes one head.
    """
    heads = query_heads + 2 * kv_heads
    if biased == normed:
        raise ValueError("exactly one of biased and normed must be set")

    @T.prim_func(private=True, s_tir=True)
    def adjust(var_x: T.handle, var_extra: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n = T.int32()
        x = T.match_buffer(var_x, (n, heads, head_size), "float32")
        extra = T.match_buffer(
            var_extra, (heads * head_size if biased else 2 * head_size,), "float32"
        )
        y = T.match_buffer(var_y, (n, heads, head_size), "float32")
        for bx in T.thread_binding((n * heads + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("adjust"):
                    T.reads()
                    T.writes()
                    factor = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    gain = T.sblock_alloc_buffer((1,), "int32", scope="local")
                    row: T.let[T.int32] = (bx * _THREADS + tx) // heads
                    head: T.let[T.int32] = (bx * _THREADS + tx) % heads
                    if row < n:
                        if biased:
                            for d in range(head_size):
                                y[row, head, d] = x[row, head, d] + extra[head * head_size + d]
                        else:
                            factor[0] = T.float32(0)
                            for d in range(head_size):
                                factor[0] = factor[0] + x[row, head, d] * x[row, head, d]
                            factor[0] = T.rsqrt(
                                factor[0] * T.float32(1.0 / head_size) + T.float32(epsilon)
                            )
                            gain[0] = T.Select(head < query_heads, 0, head_size)
                            for d in range(head_size):
                                y[row, head, d] = T.Select(
                                    head < query_heads + kv_heads,
                                    x[row, head, d] * factor[0] * extra[gain[0] + d],
                                    x[row, head, d],
                                )

    return adjust

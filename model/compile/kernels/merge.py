# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812
"""Merging two attention results over disjoint keys: those of the chunk and of the cache."""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.numbers import reader, writer

__all__ = ["merge_attention"]

_THREADS = 64


def merge_attention(*, query_heads: int, head_size: int, dtype: str = "float32"):
    """Return the kernel that merges (b, lse_b) into (a, lse_a) in place.

    One thread computes all dimensions of one query and head, because it overwrites the `lse_a`
    that it has read. (In `_merge_state_inplace` of TVM 0.27, other threads may read it later.)
    """
    load, store = reader(dtype), writer(dtype)

    @T.prim_func(private=True, s_tir=True)
    def merge(var_a: T.handle, var_lse_a: T.handle, var_b: T.handle, var_lse_b: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        m = T.int32()
        a = T.match_buffer(var_a, (m, query_heads, head_size), dtype)
        lse_a = T.match_buffer(var_lse_a, (m, query_heads), "float32")
        b = T.match_buffer(var_b, (m, query_heads, head_size), dtype)
        lse_b = T.match_buffer(var_lse_b, (m, query_heads), "float32")
        for bx in T.thread_binding((m * query_heads + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("merge"):
                    T.reads()
                    T.writes()
                    weight = T.sblock_alloc_buffer((3,), "float32", scope="local")
                    row: T.let[T.int32] = (bx * _THREADS + tx) // query_heads
                    head: T.let[T.int32] = (bx * _THREADS + tx) % query_heads
                    if row < m:
                        weight[2] = T.max(lse_a[row, head], lse_b[row, head])
                        weight[0] = T.exp(lse_a[row, head] - weight[2])
                        weight[1] = T.exp(lse_b[row, head] - weight[2])
                        for d in range(head_size):
                            a[row, head, d] = store(
                                (
                                    load(a[row, head, d]) * weight[0]
                                    + load(b[row, head, d]) * weight[1]
                                )
                                / (weight[0] + weight[1])
                            )
                        lse_a[row, head] = weight[2] + T.log(weight[0] + weight[1])

    return merge

# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812
"""Attention of every position of a text to all of the text."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["attend_to_text"]

_THREADS = 64


def attend_to_text(*, heads: int, head_size: int):
    """Return the kernel (q, k, v `[b, n, 3 * heads * size]`, lengths) -> `[b, n, heads * size]`.

    A thread computes one query of one head; every position of a text attends to all of the text.
    """
    hidden = heads * head_size

    @T.prim_func(private=True, s_tir=True)
    def attend(var_qkv: T.handle, var_lengths: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        qkv = T.match_buffer(var_qkv, (b, n, 3 * hidden), "float32")
        lengths = T.match_buffer(var_lengths, (b,), "int32")
        y = T.match_buffer(var_y, (b, n, hidden), "float32")
        for bx in T.thread_binding((b * n * heads + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("attend"):
                    T.reads()
                    T.writes()
                    mixed = T.sblock_alloc_buffer((head_size,), "float32", scope="local")
                    # The maximum, the sum, the current score, and the factor of what came before.
                    state = T.sblock_alloc_buffer((4,), "float32", scope="local")
                    at: T.let[T.int32] = bx * _THREADS + tx
                    row: T.let[T.int32] = at // (n * heads)
                    query: T.let[T.int32] = at // heads % n
                    head: T.let[T.int32] = at % heads
                    if at < b * n * heads:
                        state[0] = T.float32(-1e30)
                        state[1] = T.float32(0)
                        for d in range(head_size):
                            mixed[d] = T.float32(0)
                        for key in range(lengths[row]):
                            state[2] = T.float32(0)
                            for d in range(head_size):
                                state[2] = (
                                    state[2]
                                    + qkv[row, query, head * head_size + d]
                                    * qkv[row, key, hidden + head * head_size + d]
                                )
                            state[2] = state[2] * T.float32(head_size**-0.5)
                            state[3] = T.max(state[0], state[2])
                            state[2] = T.exp(T.max(state[2] - state[3], T.float32(-80)))
                            state[0] = T.exp(T.max(state[0] - state[3], T.float32(-80)))
                            state[1] = state[1] * state[0] + state[2]
                            for d in range(head_size):
                                mixed[d] = (
                                    mixed[d] * state[0]
                                    + state[2] * qkv[row, key, 2 * hidden + head * head_size + d]
                                )
                            state[0] = state[3]
                        for d in range(head_size):
                            y[row, query, head * head_size + d] = mixed[d] / state[1]

    return attend

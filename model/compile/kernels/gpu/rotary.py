# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812, PLR0917
"""Rotary positions with one thread per pair of numbers; angles are those of `kernels.rotary`."""

from __future__ import annotations

from collections.abc import Sequence

from tvm.script import tirx as T

from model.compile.kernels.numbers import reader, writer
from model.compile.kernels.rotary import TURN, angle_steps, step_of

__all__ = ["rotate_pairs"]

_THREADS = 64


def rotate_pairs(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    frequencies: Sequence[float],
    dtype: str = "float32",
):
    """Return the kernel; its arguments are those of `rotary_positions`."""
    half = head_size // 2
    heads = query_heads + 2 * kv_heads
    steps, load, store = angle_steps(frequencies), reader(dtype), writer(dtype)

    @T.prim_func(private=True, s_tir=True)
    def rotate(
        var_qkv: T.handle,
        var_position: T.handle,
        var_q: T.handle,
        var_k: T.handle,
        var_v: T.handle,
        apply_rope: T.int64,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n, offset = T.int32(), T.int32()
        qkv = T.match_buffer(var_qkv, (n, heads, head_size), dtype)
        position = T.match_buffer(var_position, (n,), "int32", elem_offset=offset)
        q = T.match_buffer(var_q, (n, query_heads, head_size), dtype)
        k = T.match_buffer(var_k, (n, kv_heads, head_size), dtype)
        v = T.match_buffer(var_v, (n, kv_heads, head_size), dtype)
        for by in T.thread_binding(n, "blockIdx.y"):
            for bx in T.thread_binding((heads * half + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("rotate"):
                        T.reads()
                        T.writes()
                        phase = T.sblock_alloc_buffer((1,), "uint32", scope="local")
                        turn = T.sblock_alloc_buffer((2,), "float32", scope="local")
                        pair = T.sblock_alloc_buffer((2,), "float32", scope="local")
                        head: T.let[T.int32] = (bx * _THREADS + tx) // half
                        i: T.let[T.int32] = (bx * _THREADS + tx) % half
                        if head < heads:
                            phase[0] = step_of(steps, i) * T.Cast("uint32", position[by])
                            phase[0] = T.Select(apply_rope > T.int64(0), phase[0], T.uint32(0))
                            turn[0] = T.Cast("float32", T.Cast("int32", phase[0])) * T.float32(TURN)
                            turn[1] = T.sin(turn[0])
                            turn[0] = T.cos(turn[0])
                            pair[0] = load(qkv[by, head, i])
                            pair[1] = load(qkv[by, head, i + half])
                            if head < query_heads:
                                q[by, head, i] = store(pair[0] * turn[0] - pair[1] * turn[1])
                                q[by, head, i + half] = store(pair[1] * turn[0] + pair[0] * turn[1])
                            elif head < query_heads + kv_heads:
                                k[by, head - query_heads, i] = store(
                                    pair[0] * turn[0] - pair[1] * turn[1]
                                )
                                k[by, head - query_heads, i + half] = store(
                                    pair[1] * turn[0] + pair[0] * turn[1]
                                )
                            else:
                                v[by, head - query_heads - kv_heads, i] = store(pair[0])
                                v[by, head - query_heads - kv_heads, i + half] = store(pair[1])

    return rotate

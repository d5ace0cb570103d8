# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812, PLR0917
"""Rotary positions that are accurate for any position.

The angle of a pair at position p is p times the frequency of the pair. WGSL guarantees little about
the sine of a large angle, and p multiplies the error of a power that is computed on the GPU. So
angles are integers, 2^32 for a full turn: the frequency is a constant integer, the product wraps
around, and the result is an angle between minus pi and pi.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tvm.script import tirx as T

from model.compile.kernels.numbers import reader, writer

__all__ = ["TURN", "angle_steps", "rotary_positions", "step_of"]

_THREADS = 64
_STEPS = 1 << 32
TURN = 2 * math.pi / _STEPS  # radians per step of an integer angle


def angle_steps(frequencies: Sequence[float]) -> list[int]:
    """Return frequencies in radians per position as integer angles."""
    return [round(each / (2 * math.pi) * _STEPS) % _STEPS for each in frequencies]


def step_of(steps: Sequence[int], pair, first: int = 0):
    """Return the expression for the integer angle of a pair; `steps` are those from `first` on.

    It is a balanced tree: Chromium 156 rejects WGSL with 127 calls of `select` in each other, and
    a head of 256 has 128 pairs.
    """
    if len(steps) == 1:
        return T.uint32(steps[0])
    middle = len(steps) // 2
    return T.Select(
        pair < first + middle,
        step_of(steps[:middle], pair, first),
        step_of(steps[middle:], pair, first + middle),
    )


def rotary_positions(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    frequencies: Sequence[float],
    dtype: str = "float32",
):
    """Return the kernel that splits `[n, heads, size]` into rotated queries and keys, and values.

    `frequencies` are in radians per position, one for each pair (i, i + size / 2). A thread rotates
    one pair of all heads at one position.
    """
    half = head_size // 2
    steps, load, store = angle_steps(frequencies), reader(dtype), writer(dtype)
    heads = query_heads + 2 * kv_heads

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
        for bx in T.thread_binding((n * half + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("rotate"):
                    T.reads()
                    T.writes()
                    phase = T.sblock_alloc_buffer((1,), "uint32", scope="local")
                    turn = T.sblock_alloc_buffer((2,), "float32", scope="local")
                    pair = T.sblock_alloc_buffer((2,), "float32", scope="local")
                    row: T.let[T.int32] = (bx * _THREADS + tx) // half
                    i: T.let[T.int32] = (bx * _THREADS + tx) % half
                    if row < n:
                        phase[0] = step_of(steps, i) * T.Cast("uint32", position[row])
                        phase[0] = T.Select(apply_rope > T.int64(0), phase[0], T.uint32(0))
                        turn[0] = T.Cast("float32", T.Cast("int32", phase[0])) * T.float32(TURN)
                        turn[1] = T.sin(turn[0])
                        turn[0] = T.cos(turn[0])
                        for h in range(query_heads):
                            pair[0] = load(qkv[row, h, i])
                            pair[1] = load(qkv[row, h, i + half])
                            q[row, h, i] = store(pair[0] * turn[0] - pair[1] * turn[1])
                            q[row, h, i + half] = store(pair[1] * turn[0] + pair[0] * turn[1])
                        for h in range(kv_heads):
                            pair[0] = load(qkv[row, query_heads + h, i])
                            pair[1] = load(qkv[row, query_heads + h, i + half])
                            k[row, h, i] = store(pair[0] * turn[0] - pair[1] * turn[1])
                            k[row, h, i + half] = store(pair[1] * turn[0] + pair[0] * turn[1])
                            v[row, h, i] = qkv[row, query_heads + kv_heads + h, i]
                            v[row, h, i + half] = qkv[row, query_heads + kv_heads + h, i + half]

    return rotate

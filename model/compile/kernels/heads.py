# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812
"""What some networks do between product and attention: a bias, a norm of heads, a rotation."""

from __future__ import annotations

from collections.abc import Sequence

from tvm.script import tirx as T

from model.compile.kernels.numbers import reader, writer
from model.compile.kernels.rotary import TURN, angle_steps, step_of

__all__ = ["adjust_heads", "turn_heads"]

_THREADS = 64
_PAIRS = 8


def adjust_heads(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    epsilon: float,
    biased: bool = False,
    normed: bool = False,
    dtype: str = "float32",
):
    """Return the kernel `[n, heads, size]` -> the same shape; the heads are queries, keys, values.

    With `biased`, it takes a bias `[heads * size]` and adds it; or with `normed`, it takes the
    weights of two norms `[2 * size]` and normalizes each head of the queries with the first and of
    the keys with the second. A thread computes one head.
    """
    heads, load, store = query_heads + 2 * kv_heads, reader(dtype), writer(dtype)
    if biased == normed:
        raise ValueError("exactly one of biased and normed must be set")

    @T.prim_func(private=True, s_tir=True)
    def adjust(var_x: T.handle, var_extra: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n = T.int32()
        x = T.match_buffer(var_x, (n, heads, head_size), dtype)
        extra = T.match_buffer(
            var_extra, (heads * head_size if biased else 2 * head_size,), "float32"
        )
        y = T.match_buffer(var_y, (n, heads, head_size), dtype)
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
                                y[row, head, d] = store(
                                    load(x[row, head, d]) + extra[head * head_size + d]
                                )
                        else:
                            factor[0] = T.float32(0)
                            for d in range(head_size):
                                factor[0] = factor[0] + load(x[row, head, d]) * load(
                                    x[row, head, d]
                                )
                            factor[0] = T.rsqrt(
                                factor[0] * T.float32(1.0 / head_size) + T.float32(epsilon)
                            )
                            gain[0] = T.Select(head < query_heads, 0, head_size)
                            for d in range(head_size):
                                y[row, head, d] = T.Select(
                                    head < query_heads + kv_heads,
                                    store(load(x[row, head, d]) * factor[0] * extra[gain[0] + d]),
                                    x[row, head, d],
                                )

    return adjust


def turn_heads(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    epsilon: float,
    frequencies: Sequence[float],
):
    """Return the kernel that also rotates queries and keys, where layers differ in `frequencies`.

    It takes `[n, heads, size]`, the weights of two norms `[2 * size]` and the positions `[n]`. The
    frequencies are as of `rotary_positions`. A thread computes eight pairs of one head.
    """
    heads, half = query_heads + 2 * kv_heads, head_size // 2
    parts = (half + _PAIRS - 1) // _PAIRS
    steps = angle_steps(frequencies)

    @T.prim_func(private=True, s_tir=True)
    def turn(var_x: T.handle, var_gain: T.handle, var_position: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n, offset = T.int32(), T.int32()
        x = T.match_buffer(var_x, (n, heads, head_size), "float32")
        gain = T.match_buffer(var_gain, (2 * head_size,), "float32")
        position = T.match_buffer(var_position, (n,), "int32", elem_offset=offset)
        y = T.match_buffer(var_y, (n, heads, head_size), "float32")
        for bx in T.thread_binding((n * heads * parts + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("turn"):
                    T.reads()
                    T.writes()
                    factor = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    phase = T.sblock_alloc_buffer((1,), "uint32", scope="local")
                    angle = T.sblock_alloc_buffer((2,), "float32", scope="local")
                    pair = T.sblock_alloc_buffer((2,), "float32", scope="local")
                    place = T.sblock_alloc_buffer((2,), "int32", scope="local")
                    row: T.let[T.int32] = (bx * _THREADS + tx) // (heads * parts)
                    head: T.let[T.int32] = (bx * _THREADS + tx) // parts % heads
                    part: T.let[T.int32] = (bx * _THREADS + tx) % parts
                    if row < n:
                        factor[0] = T.float32(0)
                        for d in range(head_size):
                            factor[0] = factor[0] + x[row, head, d] * x[row, head, d]
                        factor[0] = T.rsqrt(
                            factor[0] * T.float32(1.0 / head_size) + T.float32(epsilon)
                        )
                        place[0] = T.Select(head < query_heads, 0, head_size)
                        for i in range(_PAIRS):
                            place[1] = i * parts + part
                            if place[1] < half:
                                pair[0] = x[row, head, place[1]]
                                pair[1] = x[row, head, place[1] + half]
                                if head < query_heads + kv_heads:
                                    phase[0] = step_of(steps, place[1]) * T.Cast(
                                        "uint32", position[row]
                                    )
                                    angle[0] = T.Cast(
                                        "float32", T.Cast("int32", phase[0])
                                    ) * T.float32(TURN)
                                    angle[1] = T.sin(angle[0])
                                    angle[0] = T.cos(angle[0])
                                    pair[0] = pair[0] * factor[0] * gain[place[0] + place[1]]
                                    pair[1] = pair[1] * factor[0] * gain[place[0] + place[1] + half]
                                    y[row, head, place[1]] = pair[0] * angle[0] - pair[1] * angle[1]
                                    y[row, head, place[1] + half] = (
                                        pair[1] * angle[0] + pair[0] * angle[1]
                                    )
                                else:
                                    y[row, head, place[1]] = pair[0]
                                    y[row, head, place[1] + half] = pair[1]

    return turn

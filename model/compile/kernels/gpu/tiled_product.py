# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0915
"""Products of many rows with quantized weights, in tiles.

A workgroup computes 64 rows of 64 outputs: for each group of inputs, its threads put the inputs and
the unpacked weights into workgroup memory once, and each thread computes four by four results.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.activation import ACTIVATIONS
from model.compile.kernels.affine import offset_of, scale_of
from model.compile.kernels.matmul import Projection
from model.compile.kernels.numbers import reader, writer
from model.compile.quantize import GROUP, per_word

__all__ = ["tiled_product"]

_TILE = 64
_SIDE = 16  # the threads are a square of this side
_EACH = _TILE // _SIDE
_THREADS = _SIDE * _SIDE
_STRIDE = GROUP + 1  # odd, so that the rows of a column are in different banks


def tiled_product(
    kind: Projection,
    *,
    inputs: int,
    outputs: int,
    epsilon: float,
    bits: int = 4,
    activation: str = "silu",
    dtype: str = "float32",
):
    """Return the kernel of one product; its arguments are those of `matmul.projection`."""
    added, gated, normed = kind is Projection.ADDED, kind is Projection.GATED, kind.normed
    act, load, store = ACTIVATIONS[activation], reader(dtype), writer(dtype)
    width = outputs // 2 if gated else outputs
    # A tile of GATED has the gates of 32 outputs, then their other factors.
    covered = _TILE // 2 if gated else _TILE
    share = per_word(bits)
    loads = GROUP // share * _TILE // _THREADS
    groups = inputs // GROUP

    def column_of(bx, j):
        if gated:
            return bx * covered + j % covered + j // covered * width
        return bx * covered + j

    @T.prim_func(private=True, s_tir=True)
    def product(
        var_x: T.handle,
        var_extra: T.handle,
        var_words: T.handle,
        var_scales: T.handle,
        var_y: T.handle,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        m = T.int32()
        x = T.match_buffer(var_x, (m, inputs), dtype)
        extra = T.match_buffer(
            var_extra, kind.extra(m, inputs, outputs), "float32" if normed else dtype
        )
        words = T.match_buffer(var_words, (inputs // share, outputs), "uint32")
        scales = T.match_buffer(var_scales, (groups, outputs), "uint32")
        y = T.match_buffer(var_y, (m, width), dtype)
        for by in T.thread_binding((m + _TILE - 1) // _TILE, "blockIdx.y"):
            for bx in T.thread_binding((width + covered - 1) // covered, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("product"):
                        T.reads()
                        T.writes()
                        rows = T.sblock_alloc_buffer((_TILE * _STRIDE,), scope="shared")
                        weights = T.sblock_alloc_buffer((GROUP * _TILE,), scope="shared")
                        total = T.sblock_alloc_buffer((_EACH * _EACH,), scope="local")
                        squares = T.sblock_alloc_buffer((_EACH,), scope="local")
                        left = T.sblock_alloc_buffer((_EACH,), scope="local")
                        right = T.sblock_alloc_buffer((_EACH,), scope="local")
                        word = T.sblock_alloc_buffer((1,), "uint32", scope="local")
                        scale = T.sblock_alloc_buffer((2,), scope="local")
                        value = T.sblock_alloc_buffer((1,), scope="local")
                        column = T.sblock_alloc_buffer((1,), "int32", scope="local")
                        at = T.sblock_alloc_buffer((1,), "int32", scope="local")
                        for i in T.unroll(_EACH):
                            squares[i] = T.float32(0)
                            for c in T.unroll(_EACH):
                                total[i * _EACH + c] = T.float32(0)
                        column[0] = T.min(column_of(bx, tx % _TILE), outputs - 1)
                        for group in range(groups):
                            for i in T.unroll(_TILE * GROUP // _THREADS):
                                rows[
                                    (tx // GROUP + i * (_THREADS // GROUP)) * _STRIDE + tx % GROUP
                                ] = load(
                                    x[
                                        T.min(
                                            by * _TILE + tx // GROUP + i * (_THREADS // GROUP),
                                            m - 1,
                                        ),
                                        group * GROUP + tx % GROUP,
                                    ]
                                )
                            word[0] = scales[group, column[0]]
                            scale[0] = scale_of(word[0])
                            scale[1] = offset_of(word[0])
                            for i in T.unroll(loads):
                                word[0] = words[
                                    group * (GROUP // share) + tx // _TILE * loads + i, column[0]
                                ]
                                for j in T.unroll(share):
                                    value[0] = scale[1] + scale[0] * T.Cast(
                                        "float32",
                                        T.bitwise_and(
                                            T.shift_right(word[0], T.Cast("uint32", bits * j)),
                                            T.uint32((1 << bits) - 1),
                                        ),
                                    )
                                    at[0] = (tx // _TILE * loads + i) * share + j
                                    if normed:
                                        value[0] = value[0] * extra[group * GROUP + at[0]]
                                    weights[at[0] * _TILE + tx % _TILE] = value[0]
                            T.tvm_storage_sync("shared")
                            for k in range(GROUP):
                                for i in T.unroll(_EACH):
                                    left[i] = rows[(tx // _SIDE + i * _SIDE) * _STRIDE + k]
                                    right[i] = weights[k * _TILE + tx % _SIDE + i * _SIDE]
                                for i in T.unroll(_EACH):
                                    if normed:
                                        squares[i] = squares[i] + left[i] * left[i]
                                    for c in T.unroll(_EACH):
                                        total[i * _EACH + c] = (
                                            total[i * _EACH + c] + left[i] * right[c]
                                        )
                            T.tvm_storage_sync("shared")
                        for i in T.unroll(_EACH):
                            if normed:
                                squares[i] = T.rsqrt(
                                    squares[i] * T.float32(1.0 / inputs) + T.float32(epsilon)
                                )
                                for c in T.unroll(_EACH):
                                    total[i * _EACH + c] = total[i * _EACH + c] * squares[i]
                            at[0] = by * _TILE + tx // _SIDE + i * _SIDE
                            if at[0] < m:
                                if gated:
                                    for c in T.unroll(_EACH // 2):
                                        if bx * covered + tx % _SIDE + c * _SIDE < width:
                                            y[at[0], bx * covered + tx % _SIDE + c * _SIDE] = store(
                                                act(total[i * _EACH + c])
                                                * total[i * _EACH + _EACH // 2 + c]
                                            )
                                else:
                                    for c in T.unroll(_EACH):
                                        if bx * covered + tx % _SIDE + c * _SIDE < width:
                                            if added:
                                                total[i * _EACH + c] = total[i * _EACH + c] + load(
                                                    extra[
                                                        at[0], bx * covered + tx % _SIDE + c * _SIDE
                                                    ]
                                                )
                                            y[at[0], bx * covered + tx % _SIDE + c * _SIDE] = store(
                                                total[i * _EACH + c]
                                            )

    return product

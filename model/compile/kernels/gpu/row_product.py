# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0915, PLR0917
"""Products of one row with quantized weights, split over the inputs.

A workgroup computes a few adjacent outputs. Its threads divide the groups of inputs among
themselves, and add their sums at the end. Adjacent threads read adjacent words, at least 32 bytes,
which is what a memory transaction of a GPU delivers.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.activation import ACTIVATIONS
from model.compile.kernels.affine import offset_of, scale_of
from model.compile.kernels.matmul import Projection
from model.compile.kernels.numbers import reader, writer
from model.compile.quantize import GROUP, per_word

__all__ = ["row_product"]

_THREADS = 256
_COLUMNS = 8
# Enough workgroups for any GPU; then wider ones have less to add up.
_MANY_COLUMNS = 32
_MANY_OUTPUTS = 16384


def row_product(
    kind: Projection,
    *,
    inputs: int,
    outputs: int,
    epsilon: float,
    kept: int | None = None,
    bits: int = 4,
    activation: str = "silu",
    dtype: str = "float32",
):
    """Return the kernel of one product; its arguments are those of `matmul.projection`."""
    added, gated, normed = kind is Projection.ADDED, kind is Projection.GATED, kind.normed
    last, act = kind is Projection.NORMED_LAST, ACTIVATIONS[activation]
    written = "float32" if last else dtype
    load, store = reader(dtype), writer(written)
    kept = outputs if kept is None else kept
    width = outputs // 2 if gated else kept
    columns = _COLUMNS if width < _MANY_OUTPUTS else _MANY_COLUMNS
    groups = inputs // GROUP
    slices = _slices(groups, _THREADS // columns)
    threads = columns * slices
    sums_of = 2 if gated else 1
    multiply = _products_of_group(bits, sums_of, outputs // 2, load, normed=normed)

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
        words = T.match_buffer(var_words, (inputs // per_word(bits), outputs), "uint32")
        scales = T.match_buffer(var_scales, (groups, outputs), "uint32")
        y = T.match_buffer(var_y, (1 if last else m, width), written)
        for bx in T.thread_binding((width + columns - 1) // columns, "blockIdx.x"):
            for tx in T.thread_binding(threads, "threadIdx.x"):
                with T.sblock("product"):
                    T.reads()
                    T.writes()
                    sums = T.sblock_alloc_buffer(((sums_of + 1) * threads,), scope="shared")
                    total = T.sblock_alloc_buffer((sums_of,), scope="local")
                    squares = T.sblock_alloc_buffer((1,), scope="local")
                    column: T.let[T.int32] = bx * columns + tx % columns
                    row: T.let[T.int32] = m - 1 if last else 0
                    squares[0] = T.float32(0)
                    for part in T.unroll(sums_of):
                        total[part] = T.float32(0)
                    if column < width:
                        for step in range((groups + slices - 1) // slices):
                            if step * slices + tx // columns < groups:
                                multiply(
                                    x,
                                    extra,
                                    words,
                                    scales,
                                    row,
                                    step * slices + tx // columns,
                                    column,
                                    total,
                                    squares,
                                )
                    for part in T.unroll(sums_of):
                        sums[part * threads + tx] = total[part]
                    if normed:
                        sums[sums_of * threads + tx] = squares[0]
                    T.tvm_storage_sync("shared")
                    if tx < columns and column < width:
                        squares[0] = T.float32(0)
                        for part in T.unroll(sums_of):
                            total[part] = T.float32(0)
                        for each in range(slices):
                            for part in T.unroll(sums_of):
                                total[part] = (
                                    total[part] + sums[part * threads + each * columns + tx]
                                )
                            if normed:
                                squares[0] = (
                                    squares[0] + sums[sums_of * threads + each * columns + tx]
                                )
                        if normed:
                            squares[0] = T.rsqrt(
                                squares[0] * T.float32(1.0 / inputs) + T.float32(epsilon)
                            )
                            for part in T.unroll(sums_of):
                                total[part] = total[part] * squares[0]
                        if gated:
                            y[row, column] = store(act(total[0]) * total[sums_of - 1])
                        elif last:
                            y[0, column] = total[0]
                        elif added:
                            y[row, column] = store(total[0] + load(extra[row, column]))
                        else:
                            y[row, column] = store(total[0])

    return product


def _slices(groups: int, most: int) -> int:
    """Return among how many threads the groups are divided: evenly, if that keeps many busy."""
    even = max(each for each in range(1, most + 1) if groups % each == 0)
    return even if 2 * even >= min(groups, most) else min(groups, most)


def _products_of_group(bits: int, sums_of: int, apart: int, load, *, normed: bool):
    """Return the macro that adds the products of a group of inputs to `total`.

    With two sums, the second is that of the column that is `apart` columns further.
    """
    share = per_word(bits)
    blocks = GROUP // share

    @T.macro
    def multiply(x, gain, words, scales, row, group, column, total, squares):
        word = T.sblock_alloc_buffer((sums_of * blocks,), "uint32", scope="local")
        part = T.sblock_alloc_buffer((sums_of,), "float32", scope="local")
        whole = T.sblock_alloc_buffer((1,), "float32", scope="local")
        value = T.sblock_alloc_buffer((1,), "float32", scope="local")
        whole[0] = T.float32(0)
        for each in T.unroll(sums_of):
            part[each] = T.float32(0)
            for block in T.unroll(blocks):
                word[each * blocks + block] = words[group * blocks + block, column + each * apart]
        for block in T.unroll(blocks):
            for j in T.unroll(share):
                k: T.let[T.int32] = group * GROUP + block * share + j
                value[0] = load(x[row, k])
                if normed:
                    squares[0] = squares[0] + value[0] * value[0]
                    value[0] = value[0] * gain[k]
                whole[0] = whole[0] + value[0]
                for each in T.unroll(sums_of):
                    part[each] = part[each] + value[0] * T.Cast(
                        "float32",
                        T.bitwise_and(
                            T.shift_right(word[each * blocks + block], T.Cast("uint32", bits * j)),
                            T.uint32((1 << bits) - 1),
                        ),
                    )
        for each in T.unroll(sums_of):
            word[0] = scales[group, column + each * apart]
            total[each] = (
                total[each] + scale_of(word[0]) * part[each] + offset_of(word[0]) * whole[0]
            )

    return multiply

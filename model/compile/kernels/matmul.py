# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0917
"""Matrix products with quantized weights, and the operations that are fused with them.

A thread computes eight outputs of one row of the input (decode) or of eight rows (prefill), so that
each loaded number is used in several products; its outputs are an eighth of the width apart, so
that adjacent threads read adjacent words. On SwiftShader, where a load costs more than a product,
this is several times as fast as one output per thread. Only the products are unrolled: what runs
once per output is a loop, because a shader is compiled while a page loads.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from tvm.script import tirx as T

from model.compile.kernels.activation import ACTIVATIONS
from model.compile.kernels.affine import offset_of, scale_of
from model.compile.kernels.numbers import reader, writer
from model.compile.quantize import GROUP, per_word

__all__ = ["Projection", "projection"]

_PREFILL_ROWS = 8
_PREFILL_COLUMNS = 8
_PREFILL_THREADS = 64
_DECODE_COLUMNS = 8
# Few, so that even a small product is split into several workgroups.
_DECODE_THREADS = 8


class Projection(Enum):
    """The operations around the product of the input `x` and the weight `w`."""

    NORMED = "normed"  # rms_norm(x) @ w
    NORMED_LAST = "normed_last"  # likewise, for the last row only
    GATED = "gated"  # act(rms_norm(x) @ gate) * (rms_norm(x) @ up), where w is [gate, up]
    ADDED = "added"  # x @ w + residual
    PLAIN = "plain"  # x @ w

    @property
    def normed(self) -> bool:
        """Whether `x` is normalized."""
        return self not in (Projection.ADDED, Projection.PLAIN)

    def extra(self, rows: Any, inputs: int, outputs: int) -> tuple[Any, ...]:
        """Return the shape of the second argument: the weight of the norm, or the residual.

        PLAIN needs none, and is given `x` again.
        """
        if self.normed:
            return (inputs,)
        return (rows, outputs if self is Projection.ADDED else inputs)


def projection(
    kind: Projection,
    *,
    inputs: int,
    outputs: int,
    single_row: bool,
    epsilon: float,
    kept: int | None = None,
    bits: int = 4,
    activation: str = "silu",
    dtype: str = "float32",
):
    """Return the kernel of one product.

    Its arguments are x `[m, inputs]`, the weight of the norm `[inputs]` (for ADDED instead the
    residual `[m, outputs]`, for PLAIN x again), the words and the scales of `w`, and the result
    `[m, outputs]`, which is `[1, kept]` for NORMED_LAST and `[m, outputs / 2]` for GATED. For a
    padded `w`, `kept` is the number of outputs without the padding, which is never written. It
    defaults to all. `activation` is that of GATED, a key of `ACTIVATIONS`. Activations have the
    type `dtype`; logits, which NORMED_LAST returns, and weights of norms are always float32.
    """
    added, gated, normed = kind is Projection.ADDED, kind is Projection.GATED, kind.normed
    last, act = kind is Projection.NORMED_LAST, ACTIVATIONS[activation]
    written = "float32" if last else dtype
    load, store = reader(dtype), writer(written)
    kept = outputs if kept is None else kept
    single = single_row or last
    rows = 1 if single else _PREFILL_ROWS
    columns = _DECODE_COLUMNS if single else _PREFILL_COLUMNS
    threads = _DECODE_THREADS if single else _PREFILL_THREADS
    width = outputs // columns
    multiply = (
        _products_of_row(inputs, width, columns, bits, load, normed=normed)
        if single
        else _products_of_rows(inputs, width, rows, columns, bits, load, normed=normed)
    )

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
        scales = T.match_buffer(var_scales, (inputs // GROUP, outputs), "uint32")
        y = T.match_buffer(
            var_y,
            (1, kept) if last else (m, outputs // 2 if gated else outputs),
            written,
        )
        for by in T.thread_binding(1 if last else (m + rows - 1) // rows, "blockIdx.y"):
            for bx in T.thread_binding((width + threads - 1) // threads, "blockIdx.x"):
                for tx in T.thread_binding(threads, "threadIdx.x"):
                    with T.sblock("product"):
                        T.reads()
                        T.writes()
                        total = T.sblock_alloc_buffer((rows * columns,), "float32", scope="local")
                        factor = T.sblock_alloc_buffer((rows,), "float32", scope="local")
                        column: T.let[T.int32] = bx * threads + tx
                        row: T.let[T.int32] = m - 1 if last else by * rows
                        if column < width:
                            multiply(x, extra, words, scales, m, row, column, total, factor)
                            for r in range(rows):
                                if normed:
                                    factor[r] = T.rsqrt(
                                        factor[r] * T.float32(1.0 / inputs) + T.float32(epsilon)
                                    )
                                    for c in range(columns):
                                        total[r * columns + c] = total[r * columns + c] * factor[r]
                                if row + r < m:
                                    if gated:
                                        for c in range(columns // 2):
                                            y[row + r, column + c * width] = store(
                                                act(total[r * columns + c])
                                                * total[r * columns + columns // 2 + c]
                                            )
                                    elif last:
                                        for c in range(columns):
                                            if column + c * width < kept:
                                                y[0, column + c * width] = total[c]
                                    else:
                                        for c in range(columns):
                                            if added:
                                                y[row + r, column + c * width] = store(
                                                    total[r * columns + c]
                                                    + load(extra[row + r, column + c * width])
                                                )
                                            else:
                                                y[row + r, column + c * width] = store(
                                                    total[r * columns + c]
                                                )

    return product


def _products_of_row(inputs: int, width: int, columns: int, bits: int, load, *, normed: bool):
    """Return the macro that writes products to `total`, and the sum of squares to `squares`.

    Each input is multiplied by the weight of the norm; the caller applies the factor of the norm,
    which is known only at the end. To reduce the cost per weight, a weight is not shifted to the
    end of its word, but remains 16^j times too large (256^j with 8 bits), and the input, which all
    columns share, is divided instead; scale and offset are applied to the sums of a group.
    """
    share, half_share = per_word(bits), per_word(bits) // 2

    @T.macro
    def multiply(x, gain, words, scales, m, row, column, total, squares):
        word = T.sblock_alloc_buffer((columns,), "uint32", scope="local")
        part = T.sblock_alloc_buffer((columns,), "float32", scope="local")
        whole = T.sblock_alloc_buffer((1,), "float32", scope="local")
        value = T.sblock_alloc_buffer((1,), "float32", scope="local")
        squares[0] = T.float32(0)
        for c in T.unroll(columns):
            total[c] = T.float32(0)
        for group in range(inputs // GROUP):
            whole[0] = T.float32(0)
            for c in T.unroll(columns):
                part[c] = T.float32(0)
            for block in range(GROUP // share):
                for c in T.unroll(columns):
                    word[c] = words[group * (GROUP // share) + block, column + c * width]
                for half in T.unroll(2):
                    for j in T.unroll(half_share):
                        k: T.let[T.int32] = group * GROUP + block * share + half * half_share + j
                        value[0] = load(x[row, k])
                        if normed:
                            squares[0] = squares[0] + value[0] * value[0]
                            value[0] = value[0] * gain[k]
                        whole[0] = whole[0] + value[0]
                        value[0] = value[0] * (
                            T.float32(1) / T.Cast("float32", T.shift_left(1, bits * j))
                        )
                        for c in T.unroll(columns):
                            part[c] = part[c] + value[0] * _number(
                                T.bitwise_and(
                                    word[c], T.uint32((1 << bits) - 1) << T.Cast("uint32", bits * j)
                                )
                            )
                    for c in T.unroll(columns):
                        word[c] = T.shift_right(word[c], T.uint32(bits * half_share))
            for c in T.unroll(columns):
                word[c] = scales[group, column + c * width]
                total[c] = total[c] + scale_of(word[c]) * part[c] + offset_of(word[c]) * whole[0]

    return multiply


def _products_of_rows(
    inputs: int, width: int, rows: int, columns: int, bits: int, load, *, normed: bool
):
    """Return the corresponding macro for several rows, which share the unpacked weights."""
    share = per_word(bits)

    @T.macro
    def multiply(x, gain, words, scales, m, row, column, total, squares):
        scale = T.sblock_alloc_buffer((columns,), "float32", scope="local")
        offset = T.sblock_alloc_buffer((columns,), "float32", scope="local")
        word = T.sblock_alloc_buffer((columns,), "uint32", scope="local")
        value = T.sblock_alloc_buffer((rows,), "float32", scope="local")
        level = T.sblock_alloc_buffer((1,), "float32", scope="local")
        for i in T.unroll(rows):
            squares[i] = T.float32(0)
        for i in range(rows * columns):
            total[i] = T.float32(0)
        for group in range(inputs // GROUP):
            for c in T.unroll(columns):
                word[c] = scales[group, column + c * width]
                scale[c] = scale_of(word[c])
                offset[c] = offset_of(word[c])
            for block in range(GROUP // share):
                for c in T.unroll(columns):
                    word[c] = words[group * (GROUP // share) + block, column + c * width]
                # Not unrolled, to keep the shader small: it is compiled while a page loads.
                for j in range(share):
                    k: T.let[T.int32] = group * GROUP + block * share + j
                    for r in T.unroll(rows):
                        value[r] = load(x[T.min(row + r, m - 1), k])
                        if normed:
                            squares[r] = squares[r] + value[r] * value[r]
                            value[r] = value[r] * gain[k]
                    for c in T.unroll(columns):
                        level[0] = (
                            scale[c] * _number(T.bitwise_and(word[c], T.uint32((1 << bits) - 1)))
                            + offset[c]
                        )
                        word[c] = T.shift_right(word[c], T.uint32(bits))
                        for r in T.unroll(rows):
                            total[r * columns + c] = total[r * columns + c] + value[r] * level[0]

    return multiply


def _number(bits):
    """Convert via a signed integer: SwiftShader needs several instructions for an unsigned one."""
    return T.Cast("float32", T.Cast("int32", bits))

# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0917
"""Products with quantized weights and a bias, with what follows them."""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.affine import offset_of, scale_of
from model.compile.quantize import GROUP, per_word

__all__ = ["dense"]

_THREADS = 64
_ROWS = 4
# The error function by Abramowitz and Stegun, formula 7.1.26: off by 1.5e-7 at most.
_P = 0.3275911
_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def dense(*, inputs: int, outputs: int, bits: int, gelu: bool = False, added: bool = False):
    """Return the kernel x `[b, n, inputs]` @ w + bias, with GELU, or added to a residual.

    A thread computes one output of four rows.
    """
    share = per_word(bits)

    @T.prim_func(private=True, s_tir=True)
    def multiply(
        var_x: T.handle,
        var_words: T.handle,
        var_scales: T.handle,
        var_bias: T.handle,
        var_residual: T.handle,
        var_y: T.handle,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        x = T.match_buffer(var_x, (b, n, inputs), "float32")
        words = T.match_buffer(var_words, (inputs // share, outputs), "uint32")
        scales = T.match_buffer(var_scales, (inputs // GROUP, outputs), "uint32")
        bias = T.match_buffer(var_bias, (outputs,), "float32")
        residual = T.match_buffer(var_residual, (b, n, outputs if added else inputs), "float32")
        y = T.match_buffer(var_y, (b, n, outputs), "float32")
        for by in T.thread_binding(b * ((n + _ROWS - 1) // _ROWS), "blockIdx.y"):
            for bx in T.thread_binding((outputs + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("multiply"):
                        T.reads()
                        T.writes()
                        total = T.sblock_alloc_buffer((_ROWS,), "float32", scope="local")
                        word = T.sblock_alloc_buffer((1,), "uint32", scope="local")
                        scale = T.sblock_alloc_buffer((2,), "float32", scope="local")
                        weight = T.sblock_alloc_buffer((4,), "float32", scope="local")
                        # The text, and the first of the rows.
                        place = T.sblock_alloc_buffer((2,), "int32", scope="local")
                        column: T.let[T.int32] = bx * _THREADS + tx
                        if column < outputs:
                            place[0] = by // ((n + _ROWS - 1) // _ROWS)
                            place[1] = by % ((n + _ROWS - 1) // _ROWS) * _ROWS
                            for r in T.unroll(_ROWS):
                                total[r] = bias[column]
                            for group in range(inputs // GROUP):
                                word[0] = scales[group, column]
                                scale[0] = scale_of(word[0])
                                scale[1] = offset_of(word[0])
                                for block in range(GROUP // share):
                                    word[0] = words[group * (GROUP // share) + block, column]
                                    for j in range(share):
                                        weight[0] = (
                                            T.Cast(
                                                "float32",
                                                T.bitwise_and(word[0], T.uint32((1 << bits) - 1)),
                                            )
                                            * scale[0]
                                            + scale[1]
                                        )
                                        word[0] = T.shift_right(word[0], T.uint32(bits))
                                        for r in T.unroll(_ROWS):
                                            total[r] = (
                                                total[r]
                                                + x[
                                                    place[0],
                                                    T.min(place[1] + r, n - 1),
                                                    group * GROUP + block * share + j,
                                                ]
                                                * weight[0]
                                            )
                            for r in T.unroll(_ROWS):
                                if place[1] + r < n:
                                    if gelu:
                                        # weight: |x| / sqrt(2), its polynomial, and the function.
                                        weight[0] = T.abs(total[r]) * T.float32(0.7071067811865476)
                                        weight[1] = T.float32(1) / (
                                            T.float32(1) + T.float32(_P) * weight[0]
                                        )
                                        weight[2] = weight[1] * (
                                            T.float32(_A[0])
                                            + weight[1]
                                            * (
                                                T.float32(_A[1])
                                                + weight[1]
                                                * (
                                                    T.float32(_A[2])
                                                    + weight[1]
                                                    * (
                                                        T.float32(_A[3])
                                                        + weight[1] * T.float32(_A[4])
                                                    )
                                                )
                                            )
                                        )
                                        weight[3] = T.float32(1) - weight[2] * T.exp(
                                            T.max(-(weight[0] * weight[0]), T.float32(-80))
                                        )
                                        y[place[0], place[1] + r, column] = (
                                            T.float32(0.5)
                                            * total[r]
                                            * (
                                                T.float32(1)
                                                + T.Select(
                                                    total[r] < T.float32(0), -weight[3], weight[3]
                                                )
                                            )
                                        )
                                    elif added:
                                        y[place[0], place[1] + r, column] = (
                                            total[r] + residual[place[0], place[1] + r, column]
                                        )
                                    else:
                                        y[place[0], place[1] + r, column] = total[r]

    return multiply

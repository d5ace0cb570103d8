# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812, PLR0917, SIM102
"""In-place changes of the logits: bias, penalties, and the bitmask of a grammar."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["apply_bias", "apply_bitmask", "apply_penalty"]

_THREADS = 64
_BITS = 32


def apply_bias(*, vocabulary: int):
    """Return the kernel (logits `[n, V]`, row, token, bias `[k]`) that adds biases to logits."""

    @T.prim_func(s_tir=True)
    def bias(var_logits: T.handle, var_row: T.handle, var_token: T.handle, var_bias: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n, k = T.int32(), T.int32()
        logits = T.match_buffer(var_logits, (n, vocabulary), "float32")
        row = T.match_buffer(var_row, (k,), "int32")
        token = T.match_buffer(var_token, (k,), "int32")
        amount = T.match_buffer(var_bias, (k,), "float32")
        for bx in T.thread_binding((k + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("bias"):
                    T.reads()
                    T.writes()
                    i: T.let[T.int32] = bx * _THREADS + tx
                    if i < k:
                        logits[row[i], token[i]] = logits[row[i], token[i]] + amount[i]

    return bias


def apply_penalty(*, vocabulary: int):
    """Return the kernel that penalizes tokens which have appeared, each listed once.

    It takes logits `[n, V]`, the rows of the sequences `[m]`, for each listed token its sequence,
    id and count `[k]`, and the penalties `[m, 3]`: presence and frequency are subtracted, then a
    positive logit is divided by the repetition penalty, and a negative one is multiplied by it.
    """

    @T.prim_func(s_tir=True)
    def penalty(
        var_logits: T.handle,
        var_row: T.handle,
        var_sequence: T.handle,
        var_token: T.handle,
        var_count: T.handle,
        var_penalties: T.handle,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n, k, m = T.int32(), T.int32(), T.int32()
        logits = T.match_buffer(var_logits, (n, vocabulary), "float32")
        row = T.match_buffer(var_row, (m,), "int32")
        sequence = T.match_buffer(var_sequence, (k,), "int32")
        token = T.match_buffer(var_token, (k,), "int32")
        count = T.match_buffer(var_count, (k,), "int32")
        penalties = T.match_buffer(var_penalties, (m, 3), "float32")
        for bx in T.thread_binding((k + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("penalty"):
                    T.reads()
                    T.writes()
                    logit = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    i: T.let[T.int32] = bx * _THREADS + tx
                    if i < k:
                        logit[0] = (
                            logits[row[sequence[i]], token[i]]
                            - penalties[sequence[i], 0]
                            - T.Cast("float32", count[i]) * penalties[sequence[i], 1]
                        )
                        logits[row[sequence[i]], token[i]] = T.Select(
                            logit[0] < T.float32(0),
                            logit[0] * penalties[sequence[i], 2],
                            logit[0] / penalties[sequence[i], 2],
                        )

    return penalty


def apply_bitmask(*, vocabulary: int):
    """Return the kernel (logits `[n, V]`, row `[m]`, bits `[n, ceil(V / 32)]`).

    A logit whose bit is 0 becomes -1e30: far below any other, but still finite when divided by the
    smallest temperature.
    """

    @T.prim_func(s_tir=True)
    def bitmask(var_logits: T.handle, var_row: T.handle, var_bits: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        n, m = T.int32(), T.int32()
        logits = T.match_buffer(var_logits, (n, vocabulary), "float32")
        row = T.match_buffer(var_row, (m,), "int32")
        bits = T.match_buffer(var_bits, (n, (vocabulary + _BITS - 1) // _BITS), "int32")
        for by in T.thread_binding(m, "blockIdx.y"):
            for bx in T.thread_binding((vocabulary + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("bitmask"):
                        T.reads()
                        T.writes()
                        i: T.let[T.int32] = bx * _THREADS + tx
                        if i < vocabulary:
                            if (
                                T.bitwise_and(
                                    T.shift_right(bits[row[by], i // _BITS], i % _BITS), 1
                                )
                                == 0
                            ):
                                logits[row[by], i] = T.float32(-1e30)

    return bitmask

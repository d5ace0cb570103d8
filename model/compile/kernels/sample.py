# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0917
"""Top-p sampling without sorting.

The smallest probability that `top_p` keeps is found digit by digit. Positive floating-point numbers
are ordered like their bits, so a threshold of 30 bits is determined by three bits per round: for
each of the seven nonzero digits, all threads together sum the probabilities that reach it.
"""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["sample_top_p"]

_BITS = 3
_ROUNDS = 10  # 30 bits: the largest probability, 1, is 0x3f800000
_CHOICES = (1 << _BITS) - 1


def sample_top_p(*, vocabulary: int, threads: int = 64):
    """Return the kernel that samples a token for each of n requests, one workgroup per request.

    It takes probabilities `[b, V]` twice (WebLLM passes what it assumes to be sorted probabilities
    and their tokens), random numbers in [0, 1) `[n]`, the row of each request `[n]` and the mass to
    keep `[b]`, and returns tokens `[n]`. The most probable tokens are kept until their mass reaches
    `top_p`, ties together; a token of probability 0 is never sampled.
    """
    find = _least_kept(vocabulary, threads)
    draw = _draw(vocabulary, threads)

    @T.prim_func(private=True, s_tir=True)
    def sample(
        var_probability: T.handle,
        var_same: T.handle,
        var_uniform: T.handle,
        var_row: T.handle,
        var_top_p: T.handle,
        var_out: T.handle,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        batch, n = T.int32(), T.int32()
        probability = T.match_buffer(var_probability, (batch, vocabulary), "float32")
        T.match_buffer(var_same, (batch, vocabulary), "float32")
        uniform = T.match_buffer(var_uniform, (n,), "float32")
        row = T.match_buffer(var_row, (n,), "int32")
        top_p = T.match_buffer(var_top_p, (batch,), "float32")
        out = T.match_buffer(var_out, (n,), "int32")
        for bx in T.thread_binding(n, "blockIdx.x"):
            for tx in T.thread_binding(threads, "threadIdx.x"):
                with T.sblock("sample"):
                    T.reads()
                    T.writes()
                    parts = T.sblock_alloc_buffer((_CHOICES * threads,), scope="shared")
                    at = T.sblock_alloc_buffer((1,), "int32", scope="local")
                    least = T.sblock_alloc_buffer((1,), "int32", scope="local")
                    at[0] = row[bx]
                    find(probability, top_p, at, tx, parts, least)
                    draw(probability, uniform, at, bx, tx, parts, least, out)

    return sample


def _least_kept(vocabulary: int, threads: int):
    """Return the macro that writes the bits of the smallest probability to keep to `least`."""
    each = (vocabulary + threads - 1) // threads

    @T.macro
    def find(probability, top_p, at, tx, parts, least):
        sums = T.sblock_alloc_buffer((_CHOICES,), scope="shared")
        mass = T.sblock_alloc_buffer((_CHOICES,), scope="local")
        limit = T.sblock_alloc_buffer((_CHOICES,), scope="local")
        mine = T.sblock_alloc_buffer((1,), scope="local")
        digit = T.sblock_alloc_buffer((1,), "int32", scope="local")
        least[0] = 0
        for step in range(_ROUNDS):
            for c in T.unroll(_CHOICES):
                mass[c] = T.float32(0)
                limit[c] = T.reinterpret(
                    "float32", least[0] + T.shift_left(c + 1, (_ROUNDS - 1 - step) * _BITS)
                )
            # Strided, so that adjacent threads read adjacent numbers.
            for i in range(each):
                if i * threads + tx < vocabulary:
                    mine[0] = probability[at[0], i * threads + tx]
                    for c in T.unroll(_CHOICES):
                        mass[c] = mass[c] + mine[0] * T.Cast("float32", mine[0] >= limit[c])
            for c in T.unroll(_CHOICES):
                parts[c * threads + tx] = mass[c]
            T.tvm_storage_sync("shared")
            if tx < _CHOICES:
                mine[0] = T.float32(0)
                for i in range(threads):
                    mine[0] = mine[0] + parts[tx * threads + i]
                sums[tx] = mine[0]
            T.tvm_storage_sync("shared")
            # Masses decrease with the limit: the digit is the number of masses that suffice.
            digit[0] = 0
            for c in T.unroll(_CHOICES):
                digit[0] = digit[0] + T.Cast("int32", sums[c] >= top_p[at[0]])
            least[0] = least[0] + T.shift_left(digit[0], (_ROUNDS - 1 - step) * _BITS)

    return find


def _draw(vocabulary: int, threads: int):
    """Return the macro that samples a token whose probability is at least that of `least`."""
    each = (vocabulary + threads - 1) // threads

    @T.macro
    def draw(probability, uniform, at, bx, tx, parts, least, out):
        limit = T.sblock_alloc_buffer((1,), scope="local")
        mine = T.sblock_alloc_buffer((1,), scope="local")
        mass = T.sblock_alloc_buffer(
            (4,), scope="local"
        )  # before this thread, with it, of all; sampled
        chosen = T.sblock_alloc_buffer((1,), "int32", scope="local")
        limit[0] = T.reinterpret("float32", least[0])
        mass[0] = T.float32(0)
        for i in range(each):
            if i * threads + tx < vocabulary:
                mine[0] = probability[at[0], i * threads + tx]
                mass[0] = mass[0] + mine[0] * T.Cast("float32", mine[0] >= limit[0])
        parts[tx] = mass[0]
        T.tvm_storage_sync("shared")
        # All threads add the same numbers in the same order, so that the sampled mass is in the
        # interval of exactly one.
        mass[2] = T.float32(0)
        for i in range(threads):
            if i == tx:
                mass[0] = mass[2]
            mass[2] = mass[2] + parts[i]
            if i == tx:
                mass[1] = mass[2]
        # A number near 1 must not be rounded out of the last interval.
        mass[3] = T.min(uniform[bx] * mass[2], mass[2] * T.float32(1 - 2**-22))
        if mass[0] <= mass[3] and mass[3] < mass[1]:
            chosen[0] = 0
            for i in range(each):
                if i * threads + tx < vocabulary:
                    mine[0] = probability[at[0], i * threads + tx]
                    if mine[0] >= limit[0] and mine[0] > T.float32(0) and mass[0] <= mass[3]:
                        chosen[0] = i * threads + tx
                        mass[0] = mass[0] + mine[0]
            out[bx] = chosen[0]

    return draw

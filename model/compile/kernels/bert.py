# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0917
"""The kernels of BERT, which turns texts into vectors; none has a barrier.

A batch has `b` texts of at most `n` tokens. Two more positions have the tokens that BERT puts
around a text, so activations are `[b, n + 2, hidden]`; `lengths` has the number of used positions.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.affine import offset_of, scale_of
from model.compile.quantize import GROUP, per_word

__all__ = [
    "attend_to_text",
    "bert_embedding",
    "dense",
    "frame_text",
    "layer_norm",
    "mean_of_text",
    "unit_vector",
]

_THREADS = 64
_ROWS = 4
# The error function by Abramowitz and Stegun, formula 7.1.26: off by 1.5e-7 at most.
_P = 0.3275911
_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def frame_text(*, start: int, end: int):
    """Return the kernel (ids, mask `[b, n]`) -> tokens `[b, n + 2]`, lengths `[b]`.

    It puts `start` before a text and `end` after it, unless it has them already.
    """

    @T.prim_func(private=True, s_tir=True)
    def frame(var_ids: T.handle, var_mask: T.handle, var_tokens: T.handle, var_lengths: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        ids = T.match_buffer(var_ids, (b, n), "int32")
        mask = T.match_buffer(var_mask, (b, n), "int32")
        tokens = T.match_buffer(var_tokens, (b, n + 2), "int32")
        lengths = T.match_buffer(var_lengths, (b,), "int32")
        for bx in T.thread_binding((b + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("frame"):
                    T.reads()
                    T.writes()
                    count = T.sblock_alloc_buffer((1,), "int32", scope="local")
                    shift = T.sblock_alloc_buffer((1,), "int32", scope="local")
                    row: T.let[T.int32] = bx * _THREADS + tx
                    if row < b:
                        count[0] = 0
                        for k in range(n):
                            count[0] = count[0] + mask[row, k]
                        shift[0] = T.Select(ids[row, 0] == start, 0, 1)
                        for k in range(n + 2):
                            tokens[row, k] = 0
                        for k in range(n):
                            if k < count[0]:
                                tokens[row, k + shift[0]] = ids[row, k]
                        if shift[0] > 0:
                            tokens[row, 0] = start
                            tokens[row, count[0] + 1] = end
                        lengths[row] = count[0] + 2 * shift[0]

    return frame


def bert_embedding(*, vocabulary: int, positions: int, hidden: int, bits: int):
    """Return the kernel that adds the vectors of the tokens, their positions and the text type."""
    share = per_word(bits)

    @T.prim_func(private=True, s_tir=True)
    def embed(
        var_tokens: T.handle,
        var_words: T.handle,
        var_scales: T.handle,
        var_positions: T.handle,
        var_type: T.handle,
        var_y: T.handle,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        tokens = T.match_buffer(var_tokens, (b, n), "int32")
        words = T.match_buffer(var_words, (hidden // share, vocabulary), "uint32")
        scales = T.match_buffer(var_scales, (hidden // GROUP, vocabulary), "uint32")
        places = T.match_buffer(var_positions, (positions, hidden), "float32")
        kind = T.match_buffer(var_type, (hidden,), "float32")
        y = T.match_buffer(var_y, (b, n, hidden), "float32")
        for by in T.thread_binding(b * n, "blockIdx.y"):
            for bx in T.thread_binding((hidden + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("embed"):
                        T.reads()
                        T.writes()
                        word = T.sblock_alloc_buffer((2,), "uint32", scope="local")
                        k: T.let[T.int32] = bx * _THREADS + tx
                        if k < hidden:
                            word[0] = words[k // share, tokens[by // n, by % n]]
                            word[1] = scales[k // GROUP, tokens[by // n, by % n]]
                            y[by // n, by % n, k] = (
                                T.Cast(
                                    "float32",
                                    T.bitwise_and(
                                        T.shift_right(word[0], T.Cast("uint32", k % share * bits)),
                                        T.uint32((1 << bits) - 1),
                                    ),
                                )
                                * scale_of(word[1])
                                + offset_of(word[1])
                                + places[by % n, k]
                                + kind[k]
                            )

    return embed


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


def layer_norm(*, hidden: int, epsilon: float):
    """Return the kernel (x `[b, n, hidden]`, gain, bias) -> the same; a thread has one row."""

    @T.prim_func(private=True, s_tir=True)
    def norm(var_x: T.handle, var_gain: T.handle, var_bias: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        x = T.match_buffer(var_x, (b, n, hidden), "float32")
        gain = T.match_buffer(var_gain, (hidden,), "float32")
        bias = T.match_buffer(var_bias, (hidden,), "float32")
        y = T.match_buffer(var_y, (b, n, hidden), "float32")
        for bx in T.thread_binding((b * n + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("norm"):
                    T.reads()
                    T.writes()
                    sums = T.sblock_alloc_buffer((3,), "float32", scope="local")
                    row: T.let[T.int32] = bx * _THREADS + tx
                    if row < b * n:
                        sums[0] = T.float32(0)
                        for k in range(hidden):
                            sums[0] = sums[0] + x[row // n, row % n, k]
                        sums[0] = sums[0] * T.float32(1.0 / hidden)
                        sums[1] = T.float32(0)
                        for k in range(hidden):
                            sums[1] = sums[1] + (x[row // n, row % n, k] - sums[0]) * (
                                x[row // n, row % n, k] - sums[0]
                            )
                        sums[1] = T.rsqrt(sums[1] * T.float32(1.0 / hidden) + T.float32(epsilon))
                        for k in range(hidden):
                            y[row // n, row % n, k] = (x[row // n, row % n, k] - sums[0]) * sums[
                                1
                            ] * gain[k] + bias[k]

    return norm


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


def mean_of_text(*, hidden: int):
    """Return the kernel (x `[b, n, hidden]`, lengths `[b]`) -> the mean vectors `[b, hidden]`."""

    @T.prim_func(private=True, s_tir=True)
    def mean(var_x: T.handle, var_lengths: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        x = T.match_buffer(var_x, (b, n, hidden), "float32")
        lengths = T.match_buffer(var_lengths, (b,), "int32")
        y = T.match_buffer(var_y, (b, hidden), "float32")
        for bx in T.thread_binding((b * hidden + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("mean"):
                    T.reads()
                    T.writes()
                    total = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    row: T.let[T.int32] = (bx * _THREADS + tx) // hidden
                    k: T.let[T.int32] = (bx * _THREADS + tx) % hidden
                    if row < b:
                        total[0] = T.float32(0)
                        for position in range(lengths[row]):
                            total[0] = total[0] + x[row, position, k]
                        y[row, k] = total[0] / T.Cast("float32", lengths[row])

    return mean


def unit_vector(*, hidden: int):
    """Return the kernel x `[b, hidden]` -> y `[b, n, hidden]`, whose first row has length 1.

    WebLLM reads only the first row of each text; the others are zero.
    """

    @T.prim_func(private=True, s_tir=True)
    def unit(var_x: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b, n = T.int32(), T.int32()
        x = T.match_buffer(var_x, (b, hidden), "float32")
        y = T.match_buffer(var_y, (b, n, hidden), "float32")
        for bx in T.thread_binding((b * n * hidden + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("unit"):
                    T.reads()
                    T.writes()
                    total = T.sblock_alloc_buffer((1,), "float32", scope="local")
                    at: T.let[T.int32] = bx * _THREADS + tx
                    row: T.let[T.int32] = at // (n * hidden)
                    position: T.let[T.int32] = at // hidden % n
                    k: T.let[T.int32] = at % hidden
                    if row < b:
                        y[row, position, k] = T.float32(0)
                        if position == 0:
                            total[0] = T.float32(0)
                            for d in range(hidden):
                                total[0] = total[0] + x[row, d] * x[row, d]
                            y[row, position, k] = x[row, k] * T.rsqrt(
                                T.max(total[0], T.float32(1e-24))
                            )

    return unit

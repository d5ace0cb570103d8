# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0915, PLR0917
"""Attention over keys in any memory layout.

During prefill, a thread computes one query for all heads that share a key, independently of other
threads. It processes eight keys at a time: the running maximum is then corrected once per eight
keys, and each loaded number is used in several products. Only these products are unrolled: eight
copies of the rest would run no sooner, and a shader is compiled while a page loads.

Decode has a single query, so the threads of a workgroup split first the keys and then the
dimensions of the result, with barriers in between. Few variables may be live across a barrier:
SwiftShader compiles such shaders as coroutines, which takes seconds if they are large.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.numbers import reader, writer

__all__ = ["PAGE", "attend_in_decode", "attend_in_prefill"]

PAGE = 16
_BLOCK = 8
_THREADS = 64
# Half as many for decode: on SwiftShader, the cost of a barrier grows with the threads.
_DECODE_THREADS = 32


def attend_in_prefill(
    query_heads: int,
    kv_heads: int,
    head_size: int,
    window: int | None = None,
    *,
    dtype: str = "float32",
):
    """Return the macro that writes `out` and `lse`, the natural logarithm of the sum of weights.

    The keys are those from `first` to `key_count`. `locate(position)` returns the page of a key, or
    its row; `key(page, slot, head, d)` and `value` with the same arguments read one number. With a
    `window`, the keys precede the queries, and each query sees so many tokens, including itself.
    """
    shared_by = query_heads // kv_heads
    scan, store = _scan(shared_by, head_size, reader(dtype)), writer(dtype)

    @T.macro
    def attend(q, out, lse, m, first, key_count, causal, score_scale, locate, key, value):
        for bx in T.thread_binding((m * kv_heads + _THREADS - 1) // _THREADS, "blockIdx.x"):
            for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                with T.sblock("attend"):
                    T.reads()
                    T.writes()
                    mixed = T.sblock_alloc_buffer((shared_by, head_size), scope="local")
                    peak = T.sblock_alloc_buffer((shared_by,), scope="local")
                    total = T.sblock_alloc_buffer((shared_by,), scope="local")
                    span = T.sblock_alloc_buffer((2,), "int32", scope="local")
                    row: T.let[T.int32] = (bx * _THREADS + tx) // kv_heads
                    head: T.let[T.int32] = (bx * _THREADS + tx) % kv_heads
                    if row < m:
                        span[0] = first
                        if window is not None:
                            span[0] = T.max(first, key_count + row + 1 - window)
                        span[1] = T.Select(causal > 0, key_count - m + row + 1, key_count)
                        scan(
                            q, row, head, span, score_scale, locate, key, value, mixed, peak, total
                        )
                        for g in range(shared_by):
                            for d in range(head_size):
                                out[row, head * shared_by + g, d] = store(
                                    mixed[g, d] / T.max(total[g], T.float32(1e-30))
                                )
                            # Without any key, the result has no weight in the merge.
                            lse[row, head * shared_by + g] = peak[g] + T.log(
                                T.max(total[g], T.float32(1e-30))
                            )

    return attend


def attend_in_decode(
    query_heads: int, kv_heads: int, head_size: int, max_keys: int, *, dtype: str = "float32"
):
    """Return the corresponding macro for few queries: one workgroup per query and head.

    `first` is in the first page, and the keys in front of it have no weight.
    """
    shared_by = query_heads // kv_heads
    load, store = reader(dtype), writer(dtype)
    rounds = (max_keys + _DECODE_THREADS - 1) // _DECODE_THREADS

    @T.macro
    def attend(q, out, lse, m, first, key_count, score_scale, locate, key, value):
        for by in T.thread_binding(m, "blockIdx.y"):
            for bx in T.thread_binding(query_heads, "blockIdx.x"):
                for tx in T.thread_binding(_DECODE_THREADS, "threadIdx.x"):
                    with T.sblock("attend"):
                        T.reads()
                        T.writes()
                        weight = T.sblock_alloc_buffer((rounds * _DECODE_THREADS,), scope="shared")
                        maxima = T.sblock_alloc_buffer((_DECODE_THREADS,), scope="shared")
                        sums = T.sblock_alloc_buffer((_DECODE_THREADS,), scope="shared")
                        whole = T.sblock_alloc_buffer((2,), scope="shared")
                        # A thread keeps its scores in local memory until they are final: TVM adds
                        # a barrier wherever a loop both reads and writes shared memory.
                        score = T.sblock_alloc_buffer((rounds,), scope="local")
                        peak = T.sblock_alloc_buffer((1,), scope="local")
                        sum_ = T.sblock_alloc_buffer((2,), scope="local")
                        page = T.sblock_alloc_buffer((1,), "int32", scope="local")
                        count = T.sblock_alloc_buffer((2,), "int32", scope="local")
                        count[0] = key_count
                        count[1] = first
                        peak[0] = T.float32(-1e30)
                        for i in range((count[0] + _DECODE_THREADS - 1) // _DECODE_THREADS):
                            score[i] = T.float32(-1e30)
                            if (
                                i * _DECODE_THREADS + tx < count[0]
                                and i * _DECODE_THREADS + tx >= count[1]
                            ):
                                page[0] = locate(i * _DECODE_THREADS + tx)
                                sum_[0] = T.float32(0)
                                for d in range(head_size):
                                    sum_[0] = sum_[0] + load(q[by, bx, d]) * key(
                                        page[0],
                                        (i * _DECODE_THREADS + tx) % PAGE,
                                        bx // shared_by,
                                        d,
                                    )
                                score[i] = sum_[0] * score_scale
                            peak[0] = T.max(peak[0], score[i])
                        maxima[tx] = peak[0]
                        T.tvm_storage_sync("shared")
                        # One thread only: if 32 do the same, SwiftShader is 8 times as slow.
                        if tx == 0:
                            for i in range(_DECODE_THREADS):
                                peak[0] = T.max(peak[0], maxima[i])
                            whole[0] = peak[0]
                        T.tvm_storage_sync("shared")
                        peak[0] = whole[0]
                        sum_[0] = T.float32(0)
                        for i in range((count[0] + _DECODE_THREADS - 1) // _DECODE_THREADS):
                            score[i] = T.Select(
                                score[i] > T.float32(-1e29),
                                T.exp(T.max(score[i] - peak[0], T.float32(-80))),
                                T.float32(0),
                            )
                            weight[i * _DECODE_THREADS + tx] = score[i]
                            sum_[0] = sum_[0] + score[i]
                        sums[tx] = sum_[0]
                        T.tvm_storage_sync("shared")
                        if tx == 0:
                            sum_[1] = T.float32(0)
                            for i in range(_DECODE_THREADS):
                                sum_[1] = sum_[1] + sums[i]
                            whole[1] = sum_[1]
                        T.tvm_storage_sync("shared")
                        sum_[1] = whole[1]
                        for i in range((head_size + _DECODE_THREADS - 1) // _DECODE_THREADS):
                            if i * _DECODE_THREADS + tx < head_size:
                                sum_[0] = T.float32(0)
                                for p in range((count[0] + PAGE - 1) // PAGE):
                                    page[0] = locate(p * PAGE)
                                    for slot in range(T.min(PAGE, count[0] - p * PAGE)):
                                        sum_[0] = sum_[0] + weight[p * PAGE + slot] * value(
                                            page[0], slot, bx // shared_by, i * _DECODE_THREADS + tx
                                        )
                                out[by, bx, i * _DECODE_THREADS + tx] = store(sum_[0] / sum_[1])
                        if tx == 0:
                            lse[by, bx] = peak[0] + T.log(sum_[1])

    return attend


def _scan(shared_by: int, head_size: int, load):
    """Return the macro with which one thread attends to the keys from `span[0]` to `span[1]`.

    For each head that shares these keys, it computes the maximum of the scores, the sum of their
    exponentials relative to it, and the weighted sum of the values. Numbers that are reused are in
    buffers, because TVM repeats the expression of a `let` at each use.
    """

    @T.macro
    def scan(q, row, head, span, score_scale, locate, key, value, mixed, peak, total):
        weight = T.sblock_alloc_buffer((shared_by, _BLOCK), scope="local")
        loaded = T.sblock_alloc_buffer((_BLOCK,), scope="local")
        other = T.sblock_alloc_buffer((1,), scope="local")
        first = T.sblock_alloc_buffer((1,), "int32", scope="local")
        page = T.sblock_alloc_buffer((_BLOCK,), "int32", scope="local")
        slot = T.sblock_alloc_buffer((_BLOCK,), "int32", scope="local")
        for g in range(shared_by):
            peak[g] = T.float32(-1e30)
            total[g] = T.float32(0)
            for d in range(head_size):
                mixed[g, d] = T.float32(0)
        first[0] = span[0]
        while first[0] < span[1]:
            for j in range(_BLOCK):
                slot[j] = T.min(first[0] + j, span[1] - 1)
                page[j] = locate(slot[j])
                slot[j] = slot[j] % PAGE
            for g in range(shared_by):
                for j in range(_BLOCK):
                    weight[g, j] = T.float32(0)
            for d in range(head_size):
                for j in T.unroll(_BLOCK):
                    loaded[j] = key(page[j], slot[j], head, d)
                for g in range(shared_by):
                    other[0] = load(q[row, head * shared_by + g, d])
                    for j in T.unroll(_BLOCK):
                        weight[g, j] = weight[g, j] + other[0] * loaded[j]
            for g in range(shared_by):
                other[0] = peak[g]
                for j in range(_BLOCK):
                    weight[g, j] = T.Select(
                        first[0] + j < span[1], weight[g, j] * score_scale, T.float32(-1e30)
                    )
                    peak[g] = T.max(peak[g], weight[g, j])
                # The sums so far are relative to the old maximum.
                other[0] = T.exp(T.max(other[0] - peak[g], T.float32(-80)))
                total[g] = total[g] * other[0]
                for d in range(head_size):
                    mixed[g, d] = mixed[g, d] * other[0]
                for j in range(_BLOCK):
                    weight[g, j] = T.exp(T.max(weight[g, j] - peak[g], T.float32(-80)))
                    total[g] = total[g] + weight[g, j]
            for d in range(head_size):
                for j in T.unroll(_BLOCK):
                    loaded[j] = value(page[j], slot[j], head, d)
                for g in range(shared_by):
                    other[0] = mixed[g, d]
                    for j in T.unroll(_BLOCK):
                        other[0] = other[0] + weight[g, j] * loaded[j]
                    mixed[g, d] = other[0]
            first[0] = first[0] + _BLOCK

    return scan

# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0915, PLR0917
"""Attention of one query to all keys, 256 at a time, in one workgroup per head.

For the scores, 16 threads share a key, so that a page of 16 keys is read at once and in the order
of the memory. For the result, a thread sums one dimension over every fourth page (of 64
dimensions). The maximum is corrected once per block, so that contexts of any length are possible.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.attend import PAGE
from model.compile.kernels.numbers import reader, writer

__all__ = ["attend_to_pages"]

_THREADS = 256
_LANES = _THREADS // PAGE  # that share a key
_PAGES = _THREADS // PAGE  # in a block
_AT_ONCE = 4  # pages that are read before any of their products is needed
_STRIDE = _LANES + 1  # odd, so that the sums of adjacent keys are in different banks


def attend_to_pages(
    query_heads: int, kv_heads: int, head_size: int, max_keys: int, *, dtype: str = "float32"
):
    """Return the macro that writes `out` and `lse`; the arguments are as of `attend_in_decode`."""
    shared_by, load, store = query_heads // kv_heads, reader(dtype), writer(dtype)
    dimensions = (head_size + _LANES - 1) // _LANES
    # Each part of the threads has one thread per dimension and takes one page of each few.
    parts = max(_THREADS // head_size, 1)
    rounds = (head_size * parts + _THREADS - 1) // _THREADS

    @T.macro
    def attend(q, out, lse, m, first, key_count, score_scale, locate, key, value):
        for by in T.thread_binding(m, "blockIdx.y"):
            for bx in T.thread_binding(query_heads, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("attend"):
                        T.reads()
                        T.writes()
                        products = T.sblock_alloc_buffer((_THREADS * _STRIDE,), scope="shared")
                        weight = T.sblock_alloc_buffer((_THREADS,), scope="shared")
                        maxima = T.sblock_alloc_buffer((_LANES,), scope="shared")
                        pages = T.sblock_alloc_buffer((_PAGES,), "int32", scope="shared")
                        query = T.sblock_alloc_buffer((dimensions,), scope="local")
                        mixed = T.sblock_alloc_buffer((rounds,), scope="local")
                        score = T.sblock_alloc_buffer((1,), scope="local")
                        sum_ = T.sblock_alloc_buffer((_AT_ONCE,), scope="local")
                        loaded = T.sblock_alloc_buffer((PAGE,), scope="local")
                        total = T.sblock_alloc_buffer((1,), scope="local")
                        peak = T.sblock_alloc_buffer((2,), scope="local")
                        count = T.sblock_alloc_buffer((2,), "int32", scope="local")
                        page = T.sblock_alloc_buffer((1,), "int32", scope="local")
                        at = T.sblock_alloc_buffer((1,), "int32", scope="local")
                        count[0] = key_count
                        count[1] = first
                        peak[0] = T.float32(-1e30)
                        total[0] = T.float32(0)
                        for i in T.unroll(rounds):
                            mixed[i] = T.float32(0)
                        for i in T.unroll(dimensions):
                            query[i] = T.float32(0)
                            if i * _LANES + tx % _LANES < head_size:
                                query[i] = load(q[by, bx, i * _LANES + tx % _LANES]) * score_scale
                        for block in range((count[0] + _THREADS - 1) // _THREADS):
                            # A page beyond the last is the last again, and has no weight.
                            if tx < _PAGES:
                                pages[tx] = locate(
                                    T.min(block * _THREADS + tx * PAGE, count[0] - 1)
                                )
                            T.tvm_storage_sync("shared")
                            for group in range(
                                T.min(
                                    _PAGES // _AT_ONCE,
                                    (count[0] - block * _THREADS + PAGE * _AT_ONCE - 1)
                                    // (PAGE * _AT_ONCE),
                                )
                            ):
                                for p in T.unroll(_AT_ONCE):
                                    page[0] = group * _AT_ONCE + p
                                    at[0] = T.min(
                                        page[0] * PAGE + tx // _LANES,
                                        count[0] - block * _THREADS - 1,
                                    )
                                    sum_[p] = T.float32(0)
                                    for i in T.unroll(dimensions):
                                        if i * _LANES + tx % _LANES < head_size:
                                            sum_[p] = sum_[p] + query[i] * key(
                                                pages[at[0] // PAGE],
                                                at[0] % PAGE,
                                                bx // shared_by,
                                                i * _LANES + tx % _LANES,
                                            )
                                for p in T.unroll(_AT_ONCE):
                                    products[
                                        ((group * _AT_ONCE + p) * PAGE + tx // _LANES) * _STRIDE
                                        + tx % _LANES
                                    ] = sum_[p]
                            T.tvm_storage_sync("shared")
                            score[0] = T.float32(-1e30)
                            if (
                                block * _THREADS + tx < count[0]
                                and block * _THREADS + tx >= count[1]
                            ):
                                score[0] = T.float32(0)
                                for i in T.unroll(_LANES):
                                    score[0] = score[0] + products[tx * _STRIDE + i]
                            weight[tx] = score[0]
                            T.tvm_storage_sync("shared")
                            if tx < _LANES:
                                peak[1] = weight[tx]
                                for i in range(_PAGES):
                                    peak[1] = T.max(peak[1], weight[i * _LANES + tx])
                                maxima[tx] = peak[1]
                            T.tvm_storage_sync("shared")
                            peak[1] = peak[0]
                            for i in T.unroll(_LANES):
                                peak[0] = T.max(peak[0], maxima[i])
                            # The sums so far are relative to the old maximum.
                            peak[1] = T.exp(T.max(peak[1] - peak[0], T.float32(-80)))
                            score[0] = T.Select(
                                score[0] > T.float32(-1e29),
                                T.exp(T.max(score[0] - peak[0], T.float32(-80))),
                                T.float32(0),
                            )
                            total[0] = total[0] * peak[1] + score[0]
                            weight[tx] = score[0]
                            T.tvm_storage_sync("shared")
                            for r in T.unroll(rounds):
                                mixed[r] = mixed[r] * peak[1]
                                if r * _THREADS + tx < head_size * parts:
                                    for p in range((_PAGES + parts - 1) // parts):
                                        page[0] = (r * _THREADS + tx) // head_size + p * parts
                                        if (
                                            page[0] < _PAGES
                                            and block * _THREADS + page[0] * PAGE < count[0]
                                        ):
                                            # A slot beyond the last is the last again; its weight
                                            # is 0.
                                            at[0] = count[0] - block * _THREADS - page[0] * PAGE - 1
                                            for slot in T.unroll(PAGE):
                                                loaded[slot] = value(
                                                    pages[page[0]],
                                                    T.min(slot, at[0]),
                                                    bx // shared_by,
                                                    (r * _THREADS + tx) % head_size,
                                                )
                                            for slot in T.unroll(PAGE):
                                                mixed[r] = (
                                                    mixed[r]
                                                    + weight[page[0] * PAGE + slot] * loaded[slot]
                                                )
                            T.tvm_storage_sync("shared")
                        # Add the sums of all threads, and those of all parts.
                        weight[tx] = total[0]
                        for r in T.unroll(rounds):
                            if r * _THREADS + tx < head_size * parts:
                                products[r * _THREADS + tx] = mixed[r]
                        T.tvm_storage_sync("shared")
                        if tx < _LANES:
                            sum_[0] = T.float32(0)
                            for i in range(_PAGES):
                                sum_[0] = sum_[0] + weight[i * _LANES + tx]
                            maxima[tx] = sum_[0]
                        T.tvm_storage_sync("shared")
                        total[0] = T.float32(0)
                        for i in T.unroll(_LANES):
                            total[0] = total[0] + maxima[i]
                        for r in range((head_size + _THREADS - 1) // _THREADS):
                            if r * _THREADS + tx < head_size:
                                sum_[0] = T.float32(0)
                                for i in range(parts):
                                    sum_[0] = sum_[0] + products[i * head_size + r * _THREADS + tx]
                                out[by, bx, r * _THREADS + tx] = store(sum_[0] / total[0])
                        if tx == 0:
                            lse[by, bx] = peak[0] + T.log(total[0])

    return attend

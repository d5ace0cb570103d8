# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0915, PLR0917
"""Attention of one query to all keys, 256 at a time, in one or several workgroups per head.

A workgroup computes the scores of all keys, and the result for its part of the head's dimensions.
For the scores, 16 threads share a key, so that a page of 16 keys is read at once and in the order
of the memory. For the result, a thread sums one dimension over every fourth page (of 64
dimensions). The maximum is corrected once per block, so that contexts of any length are possible.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.attend import PAGE
from model.compile.kernels.numbers import reader, writer

__all__ = ["attend_to_pages", "parts_of_head"]

_THREADS = 256
_LANES = _THREADS // PAGE  # that share a key
_PAGES = _THREADS // PAGE  # in a block
_AT_ONCE = 64  # numbers that a thread reads before it needs any of their products
_STRIDE = _LANES + 1  # odd, so that the sums of adjacent keys are in different banks
_MOST_WORKGROUPS = 48  # so many run at the same time on a small GPU
_SMALLEST_PART = 16  # dimensions: 64 bytes of each value


def parts_of_head(query_heads: int, head_size: int) -> int:
    """Return how many workgroups share a head: more than one if there are few heads."""
    fitting = (
        parts
        for parts in range(1, head_size // _SMALLEST_PART + 1)
        if head_size % parts == 0 and query_heads * parts <= _MOST_WORKGROUPS
    )
    return max(fitting, default=1)


def attend_to_pages(
    query_heads: int, kv_heads: int, head_size: int, max_keys: int, *, dtype: str = "float32"
):
    """Return the macro that writes `out` and `lse`; the arguments are as of `attend_in_decode`.

    `blockIdx.x` counts the parts of all heads.
    """
    shared_by, load, store = query_heads // kv_heads, reader(dtype), writer(dtype)
    dimensions = (head_size + _LANES - 1) // _LANES
    # Pages of keys; a power of two, as is the number of pages in a block.
    at_once = min(1 << (max(_AT_ONCE // dimensions, 1).bit_length() - 1), _PAGES)
    parts = parts_of_head(query_heads, head_size)
    size = head_size // parts  # of a part
    # Each group of threads has one thread per dimension and takes one page of each few.
    groups = max(_THREADS // size, 1)
    rounds = (size * groups + _THREADS - 1) // _THREADS

    @T.macro
    def attend(q, out, lse, m, first, key_count, score_scale, locate, key, value):
        for by in T.thread_binding(m, "blockIdx.y"):
            for bx in T.thread_binding(query_heads * parts, "blockIdx.x"):
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
                        sum_ = T.sblock_alloc_buffer((at_once,), scope="local")
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
                                query[i] = (
                                    load(q[by, bx // parts, i * _LANES + tx % _LANES]) * score_scale
                                )
                        for block in range((count[0] + _THREADS - 1) // _THREADS):
                            # A page beyond the last is the last again, and has no weight.
                            if tx < _PAGES:
                                pages[tx] = locate(
                                    T.min(block * _THREADS + tx * PAGE, count[0] - 1)
                                )
                            T.tvm_storage_sync("shared")
                            for group in range(
                                T.min(
                                    _PAGES // at_once,
                                    (count[0] - block * _THREADS + PAGE * at_once - 1)
                                    // (PAGE * at_once),
                                )
                            ):
                                for p in T.unroll(at_once):
                                    page[0] = group * at_once + p
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
                                                bx // parts // shared_by,
                                                i * _LANES + tx % _LANES,
                                            )
                                for p in T.unroll(at_once):
                                    products[
                                        ((group * at_once + p) * PAGE + tx // _LANES) * _STRIDE
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
                                if r * _THREADS + tx < size * groups:
                                    for p in range((_PAGES + groups - 1) // groups):
                                        page[0] = (r * _THREADS + tx) // size + p * groups
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
                                                    bx // parts // shared_by,
                                                    bx % parts * size + (r * _THREADS + tx) % size,
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
                            if r * _THREADS + tx < size * groups:
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
                        for r in range((size + _THREADS - 1) // _THREADS):
                            if r * _THREADS + tx < size:
                                sum_[0] = T.float32(0)
                                for i in range(groups):
                                    sum_[0] = sum_[0] + products[i * size + r * _THREADS + tx]
                                out[by, bx // parts, bx % parts * size + r * _THREADS + tx] = store(
                                    sum_[0] / total[0]
                                )
                        if tx == 0 and bx % parts == 0:
                            lse[by, bx // parts] = peak[0] + T.log(total[0])

    return attend

# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812, PLR0912, PLR0915, PLR0917, SIM102
"""Attention of many queries to many keys, in tiles.

A workgroup computes a tile of queries of one head. It puts the queries, then tile after tile of
keys, scores and values into workgroup memory; its threads are a square, of which each row computes
a few queries. All threads of a row compute the same maximum and the same sum of weights.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.attend import PAGE
from model.compile.kernels.numbers import reader, writer

__all__ = ["attend_in_tiles"]

_SIDE = 16
_THREADS = _SIDE * _SIDE


def _tiles(head_size: int) -> tuple[int, int]:
    """Return how many queries and keys are in a tile, so that 32 KiB suffice."""
    if head_size <= 64:
        return 32, 32
    return (16, 16) if head_size <= 128 else (16, 8)


def attend_in_tiles(
    query_heads: int,
    kv_heads: int,
    head_size: int,
    window: int | None = None,
    *,
    dtype: str = "float32",
):
    """Return the macro that writes `out` and `lse`; the arguments are as of `attend_in_prefill`."""
    shared_by, load, store = query_heads // kv_heads, reader(dtype), writer(dtype)
    queries, keys = _tiles(head_size)
    each_query, each_key = queries // _SIDE, (keys + _SIDE - 1) // _SIDE
    dimensions = (head_size + _SIDE - 1) // _SIDE
    stride, score_stride = head_size + 1, keys + 1

    @T.macro
    def attend(q, out, lse, m, first, key_count, causal, score_scale, locate, key, value):
        for by in T.thread_binding((m + queries - 1) // queries, "blockIdx.y"):
            for bx in T.thread_binding(query_heads, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("attend"):
                        T.reads()
                        T.writes()
                        query = T.sblock_alloc_buffer((queries * stride,), scope="shared")
                        tile = T.sblock_alloc_buffer((keys * stride,), scope="shared")
                        scores = T.sblock_alloc_buffer((queries * score_stride,), scope="shared")
                        mixed = T.sblock_alloc_buffer((each_query * dimensions,), scope="local")
                        score = T.sblock_alloc_buffer((each_query * each_key,), scope="local")
                        peak = T.sblock_alloc_buffer((each_query,), scope="local")
                        total = T.sblock_alloc_buffer((each_query,), scope="local")
                        left = T.sblock_alloc_buffer((each_query,), scope="local")
                        right = T.sblock_alloc_buffer((1,), scope="local")
                        count = T.sblock_alloc_buffer((3,), "int32", scope="local")
                        at = T.sblock_alloc_buffer((2,), "int32", scope="local")
                        # The keys that the last query of this tile sees.
                        count[0] = key_count
                        count[1] = T.Select(
                            causal > 0,
                            T.min(count[0], count[0] - m + (by + 1) * queries),
                            count[0],
                        )
                        # The keys that no query of this tile sees.
                        count[2] = first
                        if window is not None:
                            count[2] = T.max(first, count[0] + by * queries + 1 - window)
                        for i in T.unroll(each_query):
                            peak[i] = T.float32(-1e30)
                            total[i] = T.float32(0)
                            for j in T.unroll(dimensions):
                                mixed[i * dimensions + j] = T.float32(0)
                        for i in range((queries * head_size + _THREADS - 1) // _THREADS):
                            if i * _THREADS + tx < queries * head_size:
                                at[0] = (i * _THREADS + tx) // head_size
                                at[1] = (i * _THREADS + tx) % head_size
                                query[at[0] * stride + at[1]] = (
                                    load(q[T.min(by * queries + at[0], m - 1), bx, at[1]])
                                    * score_scale
                                )
                        for step in range(
                            (T.max(count[1] - count[2] // keys * keys, 0) + keys - 1) // keys
                        ):
                            block: T.let[T.int32] = count[2] // keys + step
                            T.tvm_storage_sync("shared")
                            for i in range((keys * head_size + _THREADS - 1) // _THREADS):
                                if i * _THREADS + tx < keys * head_size:
                                    at[0] = T.min(
                                        block * keys + (i * _THREADS + tx) // head_size,
                                        count[0] - 1,
                                    )
                                    tile[
                                        (i * _THREADS + tx) // head_size * stride
                                        + (i * _THREADS + tx) % head_size
                                    ] = key(
                                        locate(at[0]),
                                        at[0] % PAGE,
                                        bx // shared_by,
                                        (i * _THREADS + tx) % head_size,
                                    )
                            T.tvm_storage_sync("shared")
                            for i in T.unroll(each_query * each_key):
                                score[i] = T.float32(0)
                            for d in range(head_size):
                                for i in T.unroll(each_query):
                                    left[i] = query[(tx // _SIDE + i * _SIDE) * stride + d]
                                for j in T.unroll(each_key):
                                    right[0] = tile[
                                        T.min(tx % _SIDE + j * _SIDE, keys - 1) * stride + d
                                    ]
                                    for i in T.unroll(each_query):
                                        score[i * each_key + j] = (
                                            score[i * each_key + j] + left[i] * right[0]
                                        )
                            for i in T.unroll(each_query):
                                for j in T.unroll(each_key):
                                    at[0] = block * keys + tx % _SIDE + j * _SIDE
                                    at[1] = by * queries + tx // _SIDE + i * _SIDE
                                    if tx % _SIDE + j * _SIDE < keys:
                                        # A key that this query does not see.
                                        if (
                                            at[0] >= count[0]
                                            or at[0] < first
                                            or (causal > 0 and at[0] > count[0] - m + at[1])
                                        ):
                                            score[i * each_key + j] = T.float32(-1e30)
                                        if window is not None:
                                            if at[0] < count[0] + at[1] + 1 - window:
                                                score[i * each_key + j] = T.float32(-1e30)
                                        scores[
                                            (tx // _SIDE + i * _SIDE) * score_stride
                                            + tx % _SIDE
                                            + j * _SIDE
                                        ] = score[i * each_key + j]
                            T.tvm_storage_sync("shared")
                            for i in T.unroll(each_query):
                                left[i] = peak[i]
                                for j in range(keys):
                                    peak[i] = T.max(
                                        peak[i],
                                        scores[(tx // _SIDE + i * _SIDE) * score_stride + j],
                                    )
                                # The sums so far are relative to the old maximum.
                                left[i] = T.exp(T.max(left[i] - peak[i], T.float32(-80)))
                                total[i] = total[i] * left[i]
                                for j in T.unroll(dimensions):
                                    mixed[i * dimensions + j] = mixed[i * dimensions + j] * left[i]
                            for i in range((keys * head_size + _THREADS - 1) // _THREADS):
                                if i * _THREADS + tx < keys * head_size:
                                    at[0] = T.min(
                                        block * keys + (i * _THREADS + tx) // head_size,
                                        count[0] - 1,
                                    )
                                    tile[
                                        (i * _THREADS + tx) // head_size * stride
                                        + (i * _THREADS + tx) % head_size
                                    ] = value(
                                        locate(at[0]),
                                        at[0] % PAGE,
                                        bx // shared_by,
                                        (i * _THREADS + tx) % head_size,
                                    )
                            T.tvm_storage_sync("shared")
                            for i in T.unroll(each_query):
                                for j in T.unroll(each_key):
                                    if tx % _SIDE + j * _SIDE < keys:
                                        scores[
                                            (tx // _SIDE + i * _SIDE) * score_stride
                                            + tx % _SIDE
                                            + j * _SIDE
                                        ] = T.Select(
                                            score[i * each_key + j] > T.float32(-1e29),
                                            T.exp(
                                                T.max(
                                                    score[i * each_key + j] - peak[i],
                                                    T.float32(-80),
                                                )
                                            ),
                                            T.float32(0),
                                        )
                            T.tvm_storage_sync("shared")
                            for k in range(keys):
                                for i in T.unroll(each_query):
                                    left[i] = scores[(tx // _SIDE + i * _SIDE) * score_stride + k]
                                    total[i] = total[i] + left[i]
                                for j in T.unroll(dimensions):
                                    right[0] = tile[
                                        k * stride + T.min(tx % _SIDE + j * _SIDE, head_size - 1)
                                    ]
                                    for i in T.unroll(each_query):
                                        mixed[i * dimensions + j] = (
                                            mixed[i * dimensions + j] + left[i] * right[0]
                                        )
                        for i in T.unroll(each_query):
                            at[0] = by * queries + tx // _SIDE + i * _SIDE
                            if at[0] < m:
                                for j in T.unroll(dimensions):
                                    if tx % _SIDE + j * _SIDE < head_size:
                                        out[at[0], bx, tx % _SIDE + j * _SIDE] = store(
                                            mixed[i * dimensions + j]
                                            / T.max(total[i], T.float32(1e-30))
                                        )
                                if tx % _SIDE == 0:
                                    # Without any key, the result has no weight in the merge.
                                    lse[at[0], bx] = peak[i] + T.log(
                                        T.max(total[i], T.float32(1e-30))
                                    )

    return attend

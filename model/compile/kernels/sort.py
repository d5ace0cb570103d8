# TVMScript is Python by its syntax only: types and control flow are TVM's.
# mypy: ignore-errors
# ruff: noqa: C901, N812, SIM102
"""Descending, stable sort of probabilities by rank, without a barrier.

`sort_runs` sorts runs of 16, then each `merge_runs` joins 16 sorted runs into one. A thread owns
one element, counts how many elements go before it in the other runs (by bisection, they are
sorted) and writes it to its place. Three launches sort 4096 elements; a network of comparators
needs 78, each of which costs as much to launch.
"""

from tvm.script import tirx as T

__all__ = ["WAYS", "merge_runs", "sort_runs"]

WAYS = 16
_THREADS = 64


def sort_runs(*, size: int):
    """Return the kernel (values `[b, size]`) -> (values, indices) in sorted runs of 16."""

    @T.prim_func(private=True, s_tir=True)
    def sort(var_x: T.handle, var_value: T.handle, var_index: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        batch = T.int32()
        x = T.match_buffer(var_x, (batch, size), "float32")
        value = T.match_buffer(var_value, (batch, size), "float32")
        index = T.match_buffer(var_index, (batch, size), "int32")
        for by in T.thread_binding(batch, "blockIdx.y"):
            for bx in T.thread_binding((size + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("sort"):
                        T.reads()
                        T.writes()
                        place = T.sblock_alloc_buffer((1,), "int32", scope="local")
                        i: T.let[T.int32] = bx * _THREADS + tx
                        start: T.let[T.int32] = i // WAYS * WAYS
                        if i < size:
                            place[0] = start
                            for j in range(WAYS):
                                if start + j < size:
                                    if x[by, start + j] > x[by, i] or (
                                        x[by, start + j] == x[by, i] and start + j < i
                                    ):
                                        place[0] = place[0] + 1
                            value[by, place[0]] = x[by, i]
                            index[by, place[0]] = i

    return sort


def merge_runs(*, size: int, run: int):
    """Return the kernel (values, indices) -> the same with runs of `16 * run`."""
    steps = run.bit_length()

    @T.prim_func(private=True, s_tir=True)
    def merge(
        var_from_value: T.handle, var_from_index: T.handle, var_value: T.handle, var_index: T.handle
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        batch = T.int32()
        from_value = T.match_buffer(var_from_value, (batch, size), "float32")
        from_index = T.match_buffer(var_from_index, (batch, size), "int32")
        value = T.match_buffer(var_value, (batch, size), "float32")
        index = T.match_buffer(var_index, (batch, size), "int32")
        for by in T.thread_binding(batch, "blockIdx.y"):
            for bx in T.thread_binding((size + _THREADS - 1) // _THREADS, "blockIdx.x"):
                for tx in T.thread_binding(_THREADS, "threadIdx.x"):
                    with T.sblock("merge"):
                        T.reads()
                        T.writes()
                        mine = T.sblock_alloc_buffer((1,), "float32", scope="local")
                        at = T.sblock_alloc_buffer((4,), "int32", scope="local")
                        i: T.let[T.int32] = bx * _THREADS + tx
                        first: T.let[T.int32] = i // (run * WAYS) * (run * WAYS)
                        if i < size:
                            mine[0] = from_value[by, i]
                            at[0] = first + i % run
                            for way in range(WAYS):
                                if first + way * run < size and way != i // run % WAYS:
                                    # [at[1], at[2]) is where the first element after mine may be.
                                    at[1] = first + way * run
                                    at[2] = T.min(at[1] + run, size)
                                    # Not `_`: WGSL refuses names like `__1`, which TVM makes of it.
                                    for step in range(steps):  # noqa: B007
                                        if at[1] < at[2]:
                                            at[3] = (at[1] + at[2]) // 2
                                            # Of equals the one of the earlier run goes first.
                                            if from_value[by, at[3]] > mine[0] or (
                                                from_value[by, at[3]] == mine[0] and at[3] < i
                                            ):
                                                at[1] = at[3] + 1
                                            else:
                                                at[2] = at[3]
                                    at[0] = at[0] + at[1] - (first + way * run)
                            value[by, at[0]] = mine[0]
                            index[by, at[0]] = from_index[by, i]

    return merge

# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: C901, N812
"""The first kernel of BERT: the tokens around each text."""

from __future__ import annotations

from tvm.script import tirx as T

__all__ = ["frame_text"]

_THREADS = 64


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

# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812, PLR0917
"""The attention kernels that TVM's cache calls: to one chunk (ragged), or to the cache's pages.

The cache passes batches; WebLLM runs one sequence, so these kernels support batch size 1. They
differ in the memory layout of the keys and share the macros in `attend`.

Where only some layers have a sliding window, the cache calls kernels of their own for them, with
other arguments (`sliding`). It could pass them only the pages of the window, but with WebGPU, TVM
0.27 keeps the page tables of both kinds of layers in one buffer. So all get the whole table, and
the kernels skip what is before the window. A chunk must not be longer than the window, because the
kernel within a chunk serves all layers and does not look for one.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.attend import PAGE, attend_in_decode, attend_in_prefill
from model.compile.kernels.numbers import reader

__all__ = ["decode_attention", "paged_attention", "ragged_attention"]


def ragged_attention(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    dtype: str = "float32",
    attend_in_prefill=attend_in_prefill,
):
    """Return the kernel for the queries and keys of one prefill chunk."""
    load = reader(dtype)
    attend = attend_in_prefill(query_heads, kv_heads, head_size, dtype=dtype)

    @T.prim_func(private=True, s_tir=True)
    def ragged(
        var_q: T.handle,
        var_q_starts: T.handle,
        var_k: T.handle,
        var_v: T.handle,
        var_k_starts: T.handle,
        var_q_positions: T.handle,
        var_k_offsets: T.handle,
        var_out: T.handle,
        var_lse: T.handle,
        causal: T.int32,
        rotary_mode: T.int32,
        rope_scale: T.float32,
        rope_theta: T.float32,
        score_scale: T.float32,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        m, n, batch = T.int32(), T.int32(), T.int32()
        offset_0, offset_1, offset_2, offset_3 = T.int32(), T.int32(), T.int32(), T.int32()
        q = T.match_buffer(var_q, (m, query_heads, head_size), dtype)
        T.match_buffer(var_q_starts, (batch + 1,), "int32", elem_offset=offset_0)
        k = T.match_buffer(var_k, (n, kv_heads, head_size), dtype)
        v = T.match_buffer(var_v, (n, kv_heads, head_size), dtype)
        T.match_buffer(var_k_starts, (batch + 1,), "int32", elem_offset=offset_1)
        T.match_buffer(var_q_positions, (m,), "int32", elem_offset=offset_2)
        T.match_buffer(var_k_offsets, (batch,), "int32", elem_offset=offset_3)
        out = T.match_buffer(var_out, (m, query_heads, head_size), dtype)
        lse = T.match_buffer(var_lse, (m, query_heads), "float32")
        attend(
            q,
            out,
            lse,
            m,
            0,
            m,
            causal,
            score_scale,
            lambda position: position,
            lambda row, slot, head, d: load(k[row, head, d]),
            lambda row, slot, head, d: load(v[row, head, d]),
        )

    return ragged


def paged_attention(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    window: int | None = None,
    sliding: bool = False,
    dtype: str = "float32",
    attend_in_prefill=attend_in_prefill,
):
    """Return the kernel for the queries of one prefill chunk and the keys of earlier chunks."""
    load = reader(dtype)
    attend = attend_in_prefill(query_heads, kv_heads, head_size, window, dtype=dtype)

    @T.prim_func(private=True, s_tir=True)
    def paged(
        var_q: T.handle,
        var_q_starts: T.handle,
        var_pages: T.handle,
        var_page_starts: T.handle,
        var_page_ids: T.handle,
        var_length: T.handle,
        var_k_offsets: T.handle,
        var_q_positions: T.handle,
        var_out: T.handle,
        var_lse: T.handle,
        causal: T.int32,
        rotary_mode: T.int32,
        rope_scale: T.float32,
        rope_theta: T.float32,
        score_scale: T.float32,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        m, batch, count, used = T.int32(), T.int32(), T.int32(), T.int32()
        offset_0, offset_1, offset_2, offset_3 = T.int32(), T.int32(), T.int32(), T.int32()
        offset_4, offset_5, offset_6 = T.int32(), T.int32(), T.int32()
        q = T.match_buffer(var_q, (m, query_heads, head_size), dtype)
        T.match_buffer(var_q_starts, (batch + 1,), "int32", elem_offset=offset_0)
        pages = T.match_buffer(
            var_pages, (count, 2, kv_heads, PAGE, head_size), dtype, elem_offset=offset_1
        )
        starts = T.match_buffer(var_page_starts, (batch + 1,), "int32", elem_offset=offset_2)
        ids = T.match_buffer(var_page_ids, (used,), "int32", elem_offset=offset_3)
        length = T.match_buffer(
            var_length, _length_shape(batch, sliding), "int32", elem_offset=offset_4
        )
        T.match_buffer(var_k_offsets, (batch,), "int32", elem_offset=offset_5)
        T.match_buffer(var_q_positions, (m,), "int32", elem_offset=offset_6)
        out = T.match_buffer(var_out, (m, query_heads, head_size), dtype)
        lse = T.match_buffer(var_lse, (m, query_heads), "float32")
        attend(
            q,
            out,
            lse,
            m,
            0,
            (starts[1] - starts[0] - 1) * PAGE + _last_page(length, sliding),
            # All keys of a window are earlier, although the cache says that they may not be.
            causal if window is None else 0,
            score_scale,
            lambda position: ids[starts[0] + position // PAGE],
            lambda page, slot, head, d: load(pages[page, 0, head, slot, d]),
            lambda page, slot, head, d: load(pages[page, 1, head, slot, d]),
        )

    return paged


def decode_attention(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    max_keys: int,
    window: int | None = None,
    sliding: bool = False,
    dtype: str = "float32",
    attend_in_decode=attend_in_decode,
):
    """Return the kernel for one new query and all keys in its window, including its own."""
    # A window may start after the first slots of its first page.
    most = max_keys if window is None else min(max_keys, window + PAGE - 1)
    load = reader(dtype)
    attend = attend_in_decode(query_heads, kv_heads, head_size, most, dtype=dtype)

    def skipped(starts, length):
        """Return how many keys are before the window."""
        if window is None:
            return 0
        count = (starts[1] - starts[0] - 1) * PAGE + _last_page(length, sliding)
        return T.max(count - window, 0)

    @T.prim_func(private=True, s_tir=True)
    def decode(
        var_q: T.handle,
        var_pages: T.handle,
        var_page_starts: T.handle,
        var_page_ids: T.handle,
        var_length: T.handle,
        var_k_offsets: T.handle,
        var_q_positions: T.handle,
        var_out: T.handle,
        var_lse: T.handle,
        rotary_mode: T.int32,
        rope_scale: T.float32,
        rope_theta: T.float32,
        score_scale: T.float32,
    ):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        m, count, used = T.int32(), T.int32(), T.int32()
        offset_0, offset_1, offset_2, offset_3 = T.int32(), T.int32(), T.int32(), T.int32()
        offset_4, offset_5 = T.int32(), T.int32()
        q = T.match_buffer(var_q, (m, query_heads, head_size), dtype)
        pages = T.match_buffer(
            var_pages, (count, 2, kv_heads, PAGE, head_size), dtype, elem_offset=offset_0
        )
        starts = T.match_buffer(var_page_starts, (m + 1,), "int32", elem_offset=offset_1)
        ids = T.match_buffer(var_page_ids, (used,), "int32", elem_offset=offset_2)
        length = T.match_buffer(
            var_length, _length_shape(m, sliding), "int32", elem_offset=offset_3
        )
        T.match_buffer(var_k_offsets, (m,), "int32", elem_offset=offset_4)
        T.match_buffer(var_q_positions, (m,), "int32", elem_offset=offset_5)
        out = T.match_buffer(var_out, (m, query_heads, head_size), dtype)
        lse = T.match_buffer(var_lse, (m, query_heads), "float32")
        attend(
            q,
            out,
            lse,
            m,
            skipped(starts, length) % PAGE,
            (starts[1] - starts[0] - 1) * PAGE
            + _last_page(length, sliding)
            - skipped(starts, length) // PAGE * PAGE,
            score_scale,
            lambda position: ids[starts[0] + skipped(starts, length) // PAGE + position // PAGE],
            lambda page, slot, head, d: load(pages[page, 0, head, slot, d]),
            lambda page, slot, head, d: load(pages[page, 1, head, slot, d]),
        )

    return decode


def _length_shape(batch, sliding):
    """Return the shape of the length of the last page: `[3, batch]` with zeros if it is sliding."""
    return (3, batch) if sliding else (batch,)


def _last_page(length, sliding):
    return length[0, 0] if sliding else length[0]

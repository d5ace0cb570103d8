# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812, PLR0917
"""The attention kernels that TVM's cache calls: to one chunk (ragged), or to the cache's pages.

The cache passes batches; WebLLM runs one sequence, so these kernels support batch size 1. They
differ in the memory layout of the keys and share the macros in `attend`.
"""

from __future__ import annotations

from tvm.script import tirx as T

from model.compile.kernels.attend import PAGE, attend_in_decode, attend_in_prefill

__all__ = ["decode_attention", "paged_attention", "ragged_attention"]


def ragged_attention(
    *, query_heads: int, kv_heads: int, head_size: int, attend_in_prefill=attend_in_prefill
):
    """Return the kernel for the queries and keys of one prefill chunk."""
    attend = attend_in_prefill(query_heads, kv_heads, head_size)

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
        q = T.match_buffer(var_q, (m, query_heads, head_size), "float32")
        T.match_buffer(var_q_starts, (batch + 1,), "int32", elem_offset=offset_0)
        k = T.match_buffer(var_k, (n, kv_heads, head_size), "float32")
        v = T.match_buffer(var_v, (n, kv_heads, head_size), "float32")
        T.match_buffer(var_k_starts, (batch + 1,), "int32", elem_offset=offset_1)
        T.match_buffer(var_q_positions, (m,), "int32", elem_offset=offset_2)
        T.match_buffer(var_k_offsets, (batch,), "int32", elem_offset=offset_3)
        out = T.match_buffer(var_out, (m, query_heads, head_size), "float32")
        lse = T.match_buffer(var_lse, (m, query_heads), "float32")
        attend(
            q,
            out,
            lse,
            m,
            m,
            causal,
            score_scale,
            lambda position: position,
            lambda row, slot, head, d: k[row, head, d],
            lambda row, slot, head, d: v[row, head, d],
        )

    return ragged


def paged_attention(
    *, query_heads: int, kv_heads: int, head_size: int, attend_in_prefill=attend_in_prefill
):
    """Return the kernel for the queries of one prefill chunk and the keys of earlier chunks."""
    attend = attend_in_prefill(query_heads, kv_heads, head_size)

    @T.prim_func(private=True, s_tir=True)
    def paged(
        var_q: T.handle,
        var_q_starts: T.handle,
        var_pages: T.handle,
        var_page_starts: T.handle,
        var_page_ids: T.handle,
        var_last_page: T.handle,
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
        q = T.match_buffer(var_q, (m, query_heads, head_size), "float32")
        T.match_buffer(var_q_starts, (batch + 1,), "int32", elem_offset=offset_0)
        pages = T.match_buffer(
            var_pages, (count, 2, kv_heads, PAGE, head_size), "float32", elem_offset=offset_1
        )
        starts = T.match_buffer(var_page_starts, (batch + 1,), "int32", elem_offset=offset_2)
        ids = T.match_buffer(var_page_ids, (used,), "int32", elem_offset=offset_3)
        last_page = T.match_buffer(var_last_page, (batch,), "int32", elem_offset=offset_4)
        T.match_buffer(var_k_offsets, (batch,), "int32", elem_offset=offset_5)
        T.match_buffer(var_q_positions, (m,), "int32", elem_offset=offset_6)
        out = T.match_buffer(var_out, (m, query_heads, head_size), "float32")
        lse = T.match_buffer(var_lse, (m, query_heads), "float32")
        attend(
            q,
            out,
            lse,
            m,
            (starts[1] - starts[0] - 1) * PAGE + last_page[0],
            causal,
            score_scale,
            lambda position: ids[starts[0] + position // PAGE],
            lambda page, slot, head, d: pages[page, 0, head, slot, d],
            lambda page, slot, head, d: pages[page, 1, head, slot, d],
        )

    return paged


def decode_attention(
    *,
    query_heads: int,
    kv_heads: int,
    head_size: int,
    max_keys: int,
    attend_in_decode=attend_in_decode,
):
    """Return the kernel for one new query and all keys, including its own."""
    attend = attend_in_decode(query_heads, kv_heads, head_size, max_keys)

    @T.prim_func(private=True, s_tir=True)
    def decode(
        var_q: T.handle,
        var_pages: T.handle,
        var_page_starts: T.handle,
        var_page_ids: T.handle,
        var_last_page: T.handle,
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
        q = T.match_buffer(var_q, (m, query_heads, head_size), "float32")
        pages = T.match_buffer(
            var_pages, (count, 2, kv_heads, PAGE, head_size), "float32", elem_offset=offset_0
        )
        starts = T.match_buffer(var_page_starts, (m + 1,), "int32", elem_offset=offset_1)
        ids = T.match_buffer(var_page_ids, (used,), "int32", elem_offset=offset_2)
        last_page = T.match_buffer(var_last_page, (m,), "int32", elem_offset=offset_3)
        T.match_buffer(var_k_offsets, (m,), "int32", elem_offset=offset_4)
        T.match_buffer(var_q_positions, (m,), "int32", elem_offset=offset_5)
        out = T.match_buffer(var_out, (m, query_heads, head_size), "float32")
        lse = T.match_buffer(var_lse, (m, query_heads), "float32")
        attend(
            q,
            out,
            lse,
            m,
            (starts[1] - starts[0] - 1) * PAGE + last_page[0],
            score_scale,
            lambda position: ids[starts[0] + position // PAGE],
            lambda page, slot, head, d: pages[page, 0, head, slot, d],
            lambda page, slot, head, d: pages[page, 1, head, slot, d],
        )

    return decode

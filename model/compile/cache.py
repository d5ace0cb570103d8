"""The paged key-value cache: that of TVM, with custom kernels where speed matters.

`tvm.relax.frontend.nn.llm.kv_cache` has the kernels that append to pages and move them; they are
private, which is one reason to pin the exact version of TVM. Attention, the merge of its results
and rotary positions are custom. What WebLLM never uses for one sequence (windows of a whole
sequence, tree masks, latent attention) is left empty.

Layers with a sliding window have their own attention kernels, which skip the keys before it. The
cache keeps all keys nevertheless, so that such layers are faster, but need no less memory.
"""

from __future__ import annotations

from typing import Any

import tvm
from tvm import relax
from tvm.relax.frontend.nn.llm import kv_cache as stock

from model.compile import kernels
from model.compile.architecture import Architecture
from model.compile.graph import Expr, Graph

__all__ = ["add_cache"]

_CREATE = "vm.builtin.paged_attention_kv_cache_create"
_ATTENTION_KERNELS = 5
_SIZES = ("max_batch_size", "max_total_seq_len", "prefill_chunk_size", "page_size", "sliding")


def add_cache(graph: Graph, shape: Architecture, target: Any) -> None:
    """Add `create_tir_paged_kv_cache`, which takes five shapes with one number each."""
    arguments = [
        relax.Var(f"{name}_", relax.ShapeType([tvm.tirx.Var(name, "int64")])) for name in _SIZES
    ]

    def body() -> Expr:
        # So long that layers with a window get the same page table as others.
        window = [shape.context] if _is_mixed(shape) else []
        sizes = relax.ShapeExpr([argument.ty.values[0] for argument in arguments] + window)
        fields = [*_dimensions(sizes, shape, graph.kernels.dtype), *_kernels(graph, shape, target)]
        return graph.builder.emit(
            relax.call_pure_packed(_CREATE, *fields, ty_args=relax.ObjectType())
        )

    graph.define("create_tir_paged_kv_cache", arguments, body)


def _dimensions(sizes: Expr, shape: Architecture, dtype: str) -> list[Expr]:
    value = relax.prim_value
    disaggregation = False
    no_scaling = relax.const(0.0, dtype)
    return [
        sizes,
        relax.ShapeExpr([0, shape.layers]),
        value(shape.query_heads),
        value(shape.kv_heads),
        value(shape.head_size),
        value(shape.head_size),
        relax.ShapeExpr([int(_kind(shape, layer)) for layer in range(shape.layers)]),
        value(disaggregation),
        value(int(stock.RopeMode.NONE if shape.turns_heads else stock.RopeMode.NORMAL)),
        value(1),  # rope scale
        value(shape.rope.theta),
        value(0),  # no rope extension factors
        no_scaling,  # only determines the element type
    ]


def _kernels(graph: Graph, shape: Architecture, target: Any) -> list[Expr]:
    heads, size, dtype = shape.kv_heads, shape.head_size, graph.kernels.dtype
    empty = relax.Tuple([])
    append = graph.kernel(
        "cache_append", lambda: stock._kv_cache_transpose_append(heads, size, dtype)
    )
    merge = graph.kernel(
        "attention_merge",
        lambda: kernels.merge_attention(query_heads=shape.query_heads, head_size=size, dtype=dtype),
    )
    return [
        append,
        append,  # the slot for latent attention; never called
        *_attention(graph, shape),
        *[empty] * 3,
        relax.Tuple([merge]),
        *_other_kernels(graph, shape, target),
    ]


def _kind(shape: Architecture, layer: int) -> stock.AttnKind:
    is_sliding = _is_mixed(shape) and shape.is_local(layer)
    return stock.AttnKind.MHA_SLIDING if is_sliding else stock.AttnKind.MHA


def _is_mixed(shape: Architecture) -> bool:
    """Return whether some layers have a window and others not.

    If all have one, TVM 0.27 fails with a kind of its own for them.
    """
    some = shape.window is not None
    return some and not all(shape.is_local(layer) for layer in range(shape.layers))


def _attention(graph: Graph, shape: Architecture) -> list[Expr]:
    """Return the attention kernels as the (kind, kernel) tuples that TVM needs.

    They are ragged prefill, paged prefill and decode, then the latter two for layers with a window.
    """
    sizes = {
        "query_heads": shape.query_heads,
        "kv_heads": shape.kv_heads,
        "head_size": shape.head_size,
    }
    window = None if _is_mixed(shape) else shape.window
    makers = {
        "attention_ragged": lambda: graph.kernels.ragged_attention(**sizes),
        "attention_paged": lambda: graph.kernels.paged_attention(**sizes, window=window),
        "attention_decode": lambda: graph.kernels.decode_attention(
            **sizes, max_keys=shape.context, window=window
        ),
    }
    sliding = {
        "attention_paged_sliding": lambda: graph.kernels.paged_attention(
            **sizes, window=shape.window, sliding=True
        ),
        "attention_decode_sliding": lambda: graph.kernels.decode_attention(
            **sizes, max_keys=shape.context, window=shape.window, sliding=True
        ),
    }
    makers |= sliding if _is_mixed(shape) else {}
    found = [
        relax.Tuple([tvm.ir.StringImm("tirx"), graph.kernel(name, make)])
        for name, make in makers.items()
    ]
    return found + [relax.Tuple([])] * (_ATTENTION_KERNELS - len(found))


def _other_kernels(graph: Graph, shape: Architecture, target: Any) -> list[Expr]:
    """Return rotary positions, copying a page, reading for debugging, and compaction."""
    heads, size, dtype = shape.kv_heads, shape.head_size, graph.kernels.dtype
    page = kernels.PAGE
    makers = {
        "rotary": lambda: graph.kernels.rotary_positions(
            query_heads=shape.query_heads,
            kv_heads=heads,
            head_size=size,
            frequencies=shape.rope.frequencies(size),
        ),
        "cache_copy_page": lambda: stock._copy_single_page(heads, page, size, dtype, target),
        "cache_read": lambda: stock._kv_cache_debug_get_kv(shape.layers, heads, size, dtype),
        "cache_compact": lambda: stock._compact_kv_copy(heads, size, dtype, target),
    }
    return [graph.kernel(name, make) for name, make in makers.items()]

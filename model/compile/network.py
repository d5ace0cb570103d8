"""The network as relax functions: `embed`, `prefill` and `decode`, as WebLLM 0.2.86 calls them.

All take the parameters as one tuple. A `decode` step launches seven kernels per layer: product,
rotary positions, append, attention (these three by the cache), product, product, product. A Qwen
has one more, a Gemma three more.
"""

from __future__ import annotations

from typing import Any

import tvm
from tvm import relax

from model.compile import kernels
from model.compile.architecture import Architecture
from model.compile.graph import Expr, Graph, tensor
from model.compile.kernels import Projection
from model.compile.parameters import parameters

__all__ = ["add_network"]

_ATTENTION = "vm.builtin.attention_kv_cache_attention_with_fused_qkv"
_POSITIONS = "vm.builtin.attention_kv_cache_get_query_positions"


def add_network(graph: Graph, shape: Architecture) -> None:
    """Add `embed`, `prefill` and `decode`."""
    network = _Network(graph, shape)
    network.add_embed()
    network.add_forward("prefill", tvm.tirx.Var("seq_len", "int64"))
    network.add_forward("decode", 1)


def _kind(rows: Any) -> str:
    """Return how the names of kernels for so many rows end."""
    return "row" if isinstance(rows, int) else "rows"


class _Network:
    """Adds the three functions to one graph."""

    def __init__(self, graph: Graph, shape: Architecture) -> None:
        self._graph = graph
        self._shape = shape
        self._parameters = parameters(shape)
        self._positions: Expr = None

    def add_embed(self) -> None:
        """Add (ids `[n]`, parameters) -> `[n, hidden]`."""
        shape, graph = self._shape, self._graph
        count = tvm.tirx.Var("seq_len", "int64")
        ids = relax.Var("input_ids", tensor([count], "int32"))
        packed = self._packed()

        def body() -> Expr:
            values = self._unpack(packed)
            dtype = graph.kernels.dtype
            gather = graph.kernel(
                "gather_embedding",
                lambda: kernels.gather_embedding(
                    vocabulary=shape.padded_vocabulary,
                    hidden=shape.hidden,
                    bits=shape.embedding_bits,
                    factor=shape.hidden**0.5 if shape.family.is_gemma else 1.0,
                    dtype=dtype,
                ),
            )
            matrix = [values["embedding.words"], values["embedding.scales"]]
            return graph.call(gather, [ids, *matrix], tensor([count, shape.hidden], dtype))

        graph.define("embed", [ids, packed], body)

    def add_forward(self, name: str, rows: Any) -> None:
        """Add (embeddings `[1, rows, hidden]`, cache, parameters) -> (logits of the last, cache).

        `rows` is 1 or a variable; for 1, the kernels are specialized for a single row.
        """
        shape, graph = self._shape, self._graph
        embeddings = relax.Var("embeddings", tensor([1, rows, shape.hidden], graph.kernels.dtype))
        cache = relax.Var("kv_cache", relax.ObjectType())
        packed = self._packed()

        def body() -> Expr:
            values = self._unpack(packed)
            x = graph.reshape(embeddings, rows, shape.hidden)
            self._positions = self._query_positions(cache, rows) if shape.turns_heads else None
            for layer in range(shape.layers):
                x = self._attend(x, values, cache, layer, rows)
                x = self._feed_forward(x, values, layer, rows)
            head = "embedding" if shape.tied else "head"
            logits = self._project(Projection.NORMED_LAST, x, values, head, values["norm"], rows)
            return relax.Tuple([graph.reshape(logits, 1, 1, shape.vocabulary), cache])

        graph.define(name, [embeddings, cache, packed], body)

    def _attend(self, x: Expr, values: dict[str, Expr], cache: Expr, layer: int, rows: Any) -> Expr:
        shape, graph, name = self._shape, self._graph, f"layers.{layer}.attention"
        heads = shape.query_heads + 2 * shape.kv_heads
        gain = values[f"{name}.norm"]
        qkv = self._project(Projection.NORMED, x, values, f"{name}.qkv", gain, rows)
        qkv = graph.reshape(qkv, rows, heads, shape.head_size)
        if shape.turns_heads:
            qkv = self._turn(qkv, values, layer, rows)
        else:
            qkv = self._adjust(qkv, values, name, rows)
        scale = relax.prim_value(shape.score_scale)
        mixed = graph.builder.emit(
            relax.call_dps_packed(
                _ATTENTION,
                [
                    cache,
                    relax.prim_value(layer),
                    scale,
                    qkv,
                ],
                out_ty=tensor([rows, shape.query_heads, shape.head_size], graph.kernels.dtype),
            )
        )
        mixed = graph.reshape(mixed, rows, shape.attention_size)
        return self._add(x, mixed, values, f"{name}.out", rows)

    def _query_positions(self, cache: Expr, rows: Any) -> Expr:
        call = relax.call_pure_packed(_POSITIONS, cache, ty_args=tensor([rows], "int32"))
        return self._graph.builder.emit(call)

    def _turn(self, qkv: Expr, values: dict[str, Expr], layer: int, rows: Any) -> Expr:
        """Normalize and rotate queries and keys, each layer with its own positions."""
        shape, is_local = self._shape, self._shape.is_local(layer)
        rope = (shape.windows and shape.windows.rope if is_local else None) or shape.rope
        kernel = self._graph.kernel(
            f"turn_heads_{'local' if is_local else 'global'}_{_kind(rows)}",
            lambda: kernels.turn_heads(
                query_heads=shape.query_heads,
                kv_heads=shape.kv_heads,
                head_size=shape.head_size,
                epsilon=shape.norm_epsilon,
                frequencies=rope.frequencies(shape.head_size),
            ),
        )
        gain = values[f"layers.{layer}.attention.head_norm"]
        out = tensor([rows, shape.query_heads + 2 * shape.kv_heads, shape.head_size])
        return self._graph.call(kernel, [qkv, gain, self._positions], out)

    def _adjust(self, qkv: Expr, values: dict[str, Expr], name: str, rows: Any) -> Expr:
        """Add the bias, and normalize the heads of queries and keys, in networks that do so."""
        shape = self._shape
        given = [each for each in ("bias", "head_norm") if f"{name}.{each}" in values]
        if not given:
            return qkv
        kernel = self._graph.kernel(
            f"adjust_heads_{_kind(rows)}",
            lambda: kernels.adjust_heads(
                query_heads=shape.query_heads,
                kv_heads=shape.kv_heads,
                head_size=shape.head_size,
                epsilon=shape.norm_epsilon,
                biased=shape.family.qkv_bias,
                normed=shape.family.head_norm,
                dtype=self._graph.kernels.dtype,
            ),
        )
        heads = shape.query_heads + 2 * shape.kv_heads
        out = tensor([rows, heads, shape.head_size], self._graph.kernels.dtype)
        return self._graph.call(kernel, [qkv, *(values[f"{name}.{each}"] for each in given)], out)

    def _feed_forward(self, x: Expr, values: dict[str, Expr], layer: int, rows: Any) -> Expr:
        name = f"layers.{layer}.mlp"
        gain = values[f"{name}.norm"]
        gated = self._project(Projection.GATED, x, values, f"{name}.gate_up", gain, rows)
        return self._add(x, gated, values, f"{name}.down", rows)

    def _add(self, x: Expr, y: Expr, values: dict[str, Expr], matrix: str, rows: Any) -> Expr:
        """Add the product of `y` and a matrix to `x`, in some networks normalized before."""
        shape = self._shape
        if not shape.family.is_gemma:
            return self._project(Projection.ADDED, y, values, matrix, x, rows)
        y = self._project(Projection.PLAIN, y, values, matrix, y, rows)
        gain = values[f"{matrix.rpartition('.')[0]}.out_norm"]
        kernel = self._graph.kernel(
            f"add_normed_{_kind(rows)}",
            lambda: self._graph.kernels.add_normed(size=shape.hidden, epsilon=shape.norm_epsilon),
        )
        return self._graph.call(kernel, [y, gain, x], tensor([rows, shape.hidden]))

    def _project(  # noqa: PLR0917 (most readable as kind, x, weights, name, norm or residual)
        self,
        kind: Projection,
        x: Expr,
        values: dict[str, Expr],
        matrix: str,
        extra: Expr,
        rows: Any,
    ) -> Expr:
        words, scales = values[f"{matrix}.words"], values[f"{matrix}.scales"]
        inputs, outputs = int(scales.ty.shape[0]) * kernels.GROUP, int(scales.ty.shape[1])
        last = kind is Projection.NORMED_LAST
        single = last or isinstance(rows, int)
        kept = self._shape.vocabulary if last else outputs
        kernel = self._graph.kernel(
            f"product_{kind.value}_{inputs}_{outputs}_{'row' if single else 'rows'}",
            lambda: self._graph.kernels.projection(
                kind,
                inputs=inputs,
                outputs=outputs,
                single_row=single,
                epsilon=self._shape.norm_epsilon,
                kept=kept,
                bits=self._shape.embedding_bits if last else self._shape.bits,
                activation=self._shape.family.activation,
            ),
        )
        written = outputs // 2 if kind is Projection.GATED else kept
        # Logits are what WebLLM reads, always in float32.
        dtype = "float32" if last else self._graph.kernels.dtype
        out = tensor([1 if last else rows, written], dtype)
        return self._graph.call(kernel, [x, extra, words, scales], out)

    def _packed(self) -> Expr:
        types = [tensor(parameter.shape, parameter.dtype) for parameter in self._parameters]
        return relax.Var("packed_params", relax.TupleType(types))

    def _unpack(self, packed: Expr) -> dict[str, Expr]:
        return {
            parameter.name: self._graph.item(packed, index)
            for index, parameter in enumerate(self._parameters)
        }

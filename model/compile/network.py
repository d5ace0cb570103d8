"""The network as relax functions: `embed`, `prefill` and `decode`, as WebLLM 0.2.86 calls them.

All take the parameters as one tuple. A `decode` step launches seven kernels per layer: product,
rotary positions, append, attention (these three by the cache), product, product, product.
"""

from __future__ import annotations

import math
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


def add_network(graph: Graph, shape: Architecture) -> None:
    """Add `embed`, `prefill` and `decode`."""
    network = _Network(graph, shape)
    network.add_embed()
    network.add_forward("prefill", tvm.tirx.Var("seq_len", "int64"))
    network.add_forward("decode", 1)


class _Network:
    """Adds the three functions to one graph."""

    def __init__(self, graph: Graph, shape: Architecture) -> None:
        self._graph = graph
        self._shape = shape
        self._parameters = parameters(shape)

    def add_embed(self) -> None:
        """Add (ids `[n]`, parameters) -> `[n, hidden]`."""
        shape, graph = self._shape, self._graph
        count = tvm.tirx.Var("seq_len", "int64")
        ids = relax.Var("input_ids", tensor([count], "int32"))
        packed = self._packed()

        def body() -> Expr:
            values = self._unpack(packed)
            gather = graph.kernel(
                "gather_embedding",
                lambda: kernels.gather_embedding(
                    vocabulary=shape.padded_vocabulary,
                    hidden=shape.hidden,
                    bits=shape.embedding_bits,
                ),
            )
            matrix = [values["embedding.words"], values["embedding.scales"]]
            return graph.call(gather, [ids, *matrix], tensor([count, shape.hidden]))

        graph.define("embed", [ids, packed], body)

    def add_forward(self, name: str, rows: Any) -> None:
        """Add (embeddings `[1, rows, hidden]`, cache, parameters) -> (logits of the last, cache).

        `rows` is 1 or a variable; for 1, the kernels are specialized for a single row.
        """
        shape, graph = self._shape, self._graph
        embeddings = relax.Var("embeddings", tensor([1, rows, shape.hidden]))
        cache = relax.Var("kv_cache", relax.ObjectType())
        packed = self._packed()

        def body() -> Expr:
            values = self._unpack(packed)
            x = graph.reshape(embeddings, rows, shape.hidden)
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
        qkv = self._adjust(graph.reshape(qkv, rows, heads, shape.head_size), values, name, rows)
        scale = relax.prim_value(1 / math.sqrt(shape.head_size))
        mixed = graph.builder.emit(
            relax.call_dps_packed(
                _ATTENTION,
                [
                    cache,
                    relax.prim_value(layer),
                    scale,
                    qkv,
                ],
                out_ty=tensor([rows, shape.query_heads, shape.head_size]),
            )
        )
        mixed = graph.reshape(mixed, rows, shape.attention_size)
        return self._project(Projection.ADDED, mixed, values, f"{name}.out", x, rows)

    def _adjust(self, qkv: Expr, values: dict[str, Expr], name: str, rows: Any) -> Expr:
        """Add the bias, and normalize the heads of queries and keys, in networks that do so."""
        shape = self._shape
        given = [each for each in ("bias", "head_norm") if f"{name}.{each}" in values]
        if not given:
            return qkv
        kernel = self._graph.kernel(
            f"adjust_heads_{'row' if isinstance(rows, int) else 'rows'}",
            lambda: kernels.adjust_heads(
                query_heads=shape.query_heads,
                kv_heads=shape.kv_heads,
                head_size=shape.head_size,
                epsilon=shape.norm_epsilon,
                biased=shape.qkv_bias,
                normed=shape.head_norm,
            ),
        )
        heads = shape.query_heads + 2 * shape.kv_heads
        out = tensor([rows, heads, shape.head_size])
        return self._graph.call(kernel, [qkv, *(values[f"{name}.{each}"] for each in given)], out)

    def _feed_forward(self, x: Expr, values: dict[str, Expr], layer: int, rows: Any) -> Expr:
        name = f"layers.{layer}.mlp"
        gain = values[f"{name}.norm"]
        gated = self._project(Projection.GATED, x, values, f"{name}.gate_up", gain, rows)
        return self._project(Projection.ADDED, gated, values, f"{name}.down", x, rows)

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
            ),
        )
        written = outputs // 2 if kind is Projection.GATED else kept
        out = tensor([1 if last else rows, written])
        return self._graph.call(kernel, [x, extra, words, scales], out)

    def _packed(self) -> Expr:
        types = [tensor(parameter.shape, parameter.dtype) for parameter in self._parameters]
        return relax.Var("packed_params", relax.TupleType(types))

    def _unpack(self, packed: Expr) -> dict[str, Expr]:
        return {
            parameter.name: self._graph.item(packed, index)
            for index, parameter in enumerate(self._parameters)
        }

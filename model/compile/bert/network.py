"""The BERT as one relax function, `prefill`, as WebLLM 0.2.86 calls it for embeddings."""

from __future__ import annotations

import json
from typing import Any

import tvm
from tvm import relax

from model.compile.bert.shape import BATCH, BertShape
from model.compile.bert.weights import parameters
from model.compile.graph import Expr, Graph, tensor
from model.compile.kernels import bert as kernels

__all__ = ["bert_module"]


def bert_module(shape: BertShape) -> Any:
    """Return the relax module with `prefill` and `_metadata`.

    `prefill` takes ids and mask `[batch, length]` and the parameters, and returns
    `[batch, length, hidden]`, of which WebLLM reads the first row of each text: its unit vector.
    """
    graph = Graph({"batch": BATCH, "length": shape.context})
    _Bert(graph, shape).add_prefill()
    metadata = {
        "model_type": "bert",
        "model_task": "embedding",
        "quantization": f"q{shape.bits}f32_1",
        "context_window_size": shape.context,
        "prefill_chunk_size": shape.context,
        "max_batch_size": BATCH,
        "params": [
            {"name": each.name, "shape": list(each.shape), "dtype": each.dtype}
            for each in parameters(shape)
        ],
    }
    with graph.builder.function("_metadata", []):
        graph.builder.emit_func_output(tvm.ir.StringImm(json.dumps(metadata)))
    return graph.builder.finalize()


class _Bert:
    def __init__(self, graph: Graph, shape: BertShape) -> None:
        self._graph = graph
        self._shape = shape
        self._parameters = parameters(shape)
        self._batch = tvm.tirx.Var("batch", "int64")
        self._length = tvm.tirx.Var("length", "int64")
        self._framed = self._length + 2

    def add_prefill(self) -> None:
        ids, mask = (
            relax.Var(name, tensor([self._batch, self._length], "int32"))
            for name in ("ids", "mask")
        )
        types = [tensor(parameter.shape, parameter.dtype) for parameter in self._parameters]
        packed = relax.Var("packed_params", relax.TupleType(types))
        self._graph.define("prefill", [ids, mask, packed], lambda: self._body(ids, mask, packed))

    def _body(self, ids: Expr, mask: Expr, packed: Expr) -> Expr:
        graph, shape = self._graph, self._shape
        values = {
            parameter.name: graph.item(packed, index)
            for index, parameter in enumerate(self._parameters)
        }
        frame = graph.kernel(
            "frame_text", lambda: kernels.frame_text(start=shape.start, end=shape.end)
        )
        framed = graph.builder.emit(
            relax.call_tir(
                frame,
                [ids, mask],
                [tensor([self._batch, self._framed], "int32"), tensor([self._batch], "int32")],
            )
        )
        tokens, lengths = graph.item(framed, 0), graph.item(framed, 1)
        x = self._norm(self._embed(tokens, values), values, "norm")
        for layer in range(shape.layers):
            x = self._layer(x, lengths, values, f"layers.{layer}")
        return self._pool(x, lengths)

    def _embed(self, tokens: Expr, values: dict[str, Expr]) -> Expr:
        shape = self._shape
        kernel = self._graph.kernel(
            "bert_embedding",
            lambda: kernels.bert_embedding(
                vocabulary=shape.vocabulary,
                positions=shape.positions,
                hidden=shape.hidden,
                bits=shape.bits,
            ),
        )
        names = ("embedding.words", "embedding.scales", "positions", "type")
        arguments = [tokens, *(values[name] for name in names)]
        return self._graph.call(kernel, arguments, self._rows(shape.hidden))

    def _layer(self, x: Expr, lengths: Expr, values: dict[str, Expr], name: str) -> Expr:
        shape, graph = self._shape, self._graph
        qkv = self._dense(x, x, values, f"{name}.qkv")
        attend = graph.kernel(
            "attend_to_text",
            lambda: kernels.attend_to_text(heads=shape.heads, head_size=shape.head_size),
        )
        mixed = graph.call(attend, [qkv, lengths], self._rows(shape.hidden))
        mixed = self._dense(mixed, x, values, f"{name}.out", added=True)
        x = self._norm(mixed, values, f"{name}.norm")
        up = self._dense(x, x, values, f"{name}.up", gelu=True)
        return self._norm(
            self._dense(up, x, values, f"{name}.down", added=True), values, f"{name}.last"
        )

    def _dense(
        self, x: Expr, residual: Expr, values: dict[str, Expr], name: str, **kind: bool
    ) -> Expr:
        """Multiply; a kernel without a residual gets `x` in its place, and ignores it."""
        scales = values[f"{name}.scales"]
        inputs, outputs = int(scales.ty.shape[0]) * 32, int(scales.ty.shape[1])
        kernel = self._graph.kernel(
            "_".join(["dense", str(inputs), str(outputs), *kind]),
            lambda: kernels.dense(inputs=inputs, outputs=outputs, bits=self._shape.bits, **kind),
        )
        arguments = [x, values[f"{name}.words"], scales, values[f"{name}.bias"], residual]
        return self._graph.call(kernel, arguments, self._rows(outputs))

    def _norm(self, x: Expr, values: dict[str, Expr], name: str) -> Expr:
        shape = self._shape
        kernel = self._graph.kernel(
            "layer_norm",
            lambda: kernels.layer_norm(hidden=shape.hidden, epsilon=shape.epsilon),
        )
        arguments = [x, values[f"{name}.weight"], values[f"{name}.bias"]]
        return self._graph.call(kernel, arguments, self._rows(shape.hidden))

    def _pool(self, x: Expr, lengths: Expr) -> Expr:
        graph, hidden = self._graph, self._shape.hidden
        mean = graph.kernel("mean_of_text", lambda: kernels.mean_of_text(hidden=hidden))
        unit = graph.kernel("unit_vector", lambda: kernels.unit_vector(hidden=hidden))
        vectors = graph.call(mean, [x, lengths], tensor([self._batch, hidden]))
        return graph.call(unit, [vectors], tensor([self._batch, self._length, hidden]))

    def _rows(self, size: int) -> Expr:
        return tensor([self._batch, self._framed, size])

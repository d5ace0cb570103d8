"""The functions that WebLLM 0.2.86 calls to sample from logits, in relax.

WebLLM determines names and argument order. It passes the result of `argsort_probs` on to
`sample_with_top_p` without reading it, and takes `logprobs` from the unsorted probabilities. So
nothing is sorted: sampling does not need it, and `argsort_probs` returns its argument.
"""

from __future__ import annotations

import tvm
from tvm import relax

from model.compile import kernels
from model.compile.architecture import Architecture
from model.compile.graph import Expr, Graph, tensor

__all__ = ["add_sampling"]


def add_sampling(graph: Graph, shape: Architecture) -> None:
    """Add softmax, `argsort_probs`, sampling, and three functions that change logits in place."""
    _add_softmax(graph, shape.vocabulary)
    _add_argsort(graph, shape.vocabulary)
    _add_sample(graph, shape.vocabulary)
    for name, make in {
        "apply_logit_bias_inplace": kernels.apply_bias,
        "apply_penalty_inplace": kernels.apply_penalty,
        "apply_bitmask_inplace": kernels.apply_bitmask,
    }.items():
        kernel = make(vocabulary=shape.vocabulary).with_attr("global_symbol", name)
        graph.builder.add_func(kernel, name)


def _add_softmax(graph: Graph, vocabulary: int) -> None:
    batch = tvm.tirx.Var("b", "int64")
    logits = relax.Var("logits", tensor([batch, 1, vocabulary]))
    temperature = relax.Var("temperature", tensor([batch]))

    def body() -> Expr:
        kernel = graph.kernel(
            "softmax", lambda: graph.kernels.softmax_with_temperature(vocabulary=vocabulary)
        )
        return graph.call(kernel, [logits, temperature], tensor([batch, 1, vocabulary]))

    graph.define("softmax_with_temperature", [logits, temperature], body)


def _add_argsort(graph: Graph, vocabulary: int) -> None:
    batch = tvm.tirx.Var("b", "int64")
    probabilities = relax.Var("probs", tensor([batch, vocabulary]))
    pair = relax.Tuple([probabilities, probabilities])
    graph.define("argsort_probs", [probabilities], lambda: pair)


def _add_sample(graph: Graph, vocabulary: int) -> None:
    batch, count = tvm.tirx.Var("b", "int64"), tvm.tirx.Var("n", "int64")
    arguments = [
        relax.Var("probs", tensor([batch, vocabulary])),
        relax.Var("same_probs", tensor([batch, vocabulary])),
        relax.Var("uniform", tensor([count])),
        relax.Var("sample_indices", tensor([count], "int32")),
        relax.Var("top_p", tensor([batch])),
    ]

    def body() -> Expr:
        kernel = graph.kernel(
            "sample_top_p", lambda: graph.kernels.sample_top_p(vocabulary=vocabulary)
        )
        return graph.call(kernel, arguments, tensor([count], "int32"))

    graph.define("sample_with_top_p", arguments, body)

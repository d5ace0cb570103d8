"""What WebLLM 0.2.86 does with logits, as relax functions.

Names and argument order are WebLLM's. Of the sorted list it reads nothing itself: it hands it to
`sample_with_top_p`, and takes `logprobs` from the unsorted probabilities.
"""

from functools import partial

import tvm
from tvm import relax

from . import kernels
from .architecture import Architecture
from .graph import Expr, Graph, tensor

__all__ = ["add_sampling"]


def add_sampling(graph: Graph, shape: Architecture) -> None:
    """Add softmax, sort, draw, and the three functions that change logits in place."""
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
    partials = -(-vocabulary // kernels.PARTIAL)

    def body() -> Expr:
        kernel = graph.kernel(
            "softmax", lambda: kernels.softmax_with_temperature(vocabulary=vocabulary)
        )
        outputs = [tensor([batch, 1, vocabulary]), tensor([batch, 2, partials])]
        return graph.item(graph.call(kernel, [logits, temperature], outputs), 0)

    graph.define("softmax_with_temperature", [logits, temperature], body)


def _add_argsort(graph: Graph, vocabulary: int) -> None:
    batch = tvm.tirx.Var("b", "int64")
    probabilities = relax.Var("probs", tensor([batch, vocabulary]))
    outputs = [tensor([batch, vocabulary]), tensor([batch, vocabulary], "int32")]

    def body() -> Expr:
        kernel = graph.kernel("sort_runs", lambda: kernels.sort_runs(size=vocabulary))
        pairs = graph.call(kernel, [probabilities], outputs)
        run = kernels.WAYS
        while run < vocabulary:
            make = partial(kernels.merge_runs, size=vocabulary, run=run)
            kernel = graph.kernel(f"merge_runs_{run}", make)
            pairs = graph.call(kernel, [graph.item(pairs, 0), graph.item(pairs, 1)], outputs)
            run *= kernels.WAYS
        return pairs

    graph.define("argsort_probs", [probabilities], body)


def _add_sample(graph: Graph, vocabulary: int) -> None:
    batch, count = tvm.tirx.Var("b", "int64"), tvm.tirx.Var("n", "int64")
    arguments = [
        relax.Var("sorted_probs", tensor([batch, vocabulary])),
        relax.Var("sorted_indices", tensor([batch, vocabulary], "int32")),
        relax.Var("uniform", tensor([count])),
        relax.Var("sample_indices", tensor([count], "int32")),
        relax.Var("top_p", tensor([batch])),
    ]

    def body() -> Expr:
        kernel = graph.kernel("sample_top_p", lambda: kernels.sample_top_p(vocabulary=vocabulary))
        return graph.call(kernel, arguments, tensor([count], "int32"))

    graph.define("sample_with_top_p", arguments, body)

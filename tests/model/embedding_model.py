# TVMScript shares only its syntax with Python: types and control flow are those of TVM.
# mypy: ignore-errors
# ruff: noqa: N812
"""A tiny embedding model, compiled for WebLLM: the mean of the token vectors of a text.

No available embedding model is small enough for a test, so the tests compile one: random vectors
with the tokenizer of the built-in model.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
from pywebllm.builtin import BUILTIN_PATH
from tvm import ir, relax, tirx
from tvm.contrib import tvmjs
from tvm.script import tirx as T

from model.compile.graph import Graph, tensor
from model.compile.library import link_module, webgpu_target
from model.compile.linker import Linker, find_emcc
from model.compile.runtime import build_runtime

__all__ = ["DIMENSIONS", "write_embedding_model"]

DIMENSIONS = 16
_BATCH, _CONTEXT = 2, 64
_TOKENIZER = Path("static") / BUILTIN_PATH


def write_embedding_model(folder: Path, *, runtime: Path) -> np.ndarray:
    """Write a folder that WebLLM loads as `model_type` 1; return the vectors of the tokens."""
    vocabulary = json.loads((_TOKENIZER / "mlc-chat-config.json").read_text())["vocab_size"]
    table = np.random.default_rng(7).standard_normal((vocabulary, DIMENSIONS)).astype(np.float32)
    folder.mkdir(parents=True)
    linker = Linker(emcc=find_emcc(), runtime=build_runtime(runtime, find_emcc()))
    target = webgpu_target()
    with target:
        link_module(_module(vocabulary), target, folder / "model.wasm", linker)
    with contextlib.redirect_stdout(io.StringIO()):
        tvmjs.dump_tensor_cache(
            {"table": table}, str(folder), encode_format="raw", show_progress=False
        )
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(_TOKENIZER / file, folder / file)
    settings = {
        "version": "0.1.0",
        "model_type": "bert",
        "vocab_size": vocabulary,
        "context_window_size": _CONTEXT,
        "prefill_chunk_size": _CONTEXT,
        "sliding_window_size": -1,
        "tokenizer_files": ["tokenizer.json", "tokenizer_config.json"],
    }
    (folder / "mlc-chat-config.json").write_text(json.dumps(settings))
    return table


def _module(vocabulary: int):
    graph = Graph({"batch": _BATCH, "length": _CONTEXT})
    batch, length = tirx.Var("batch", "int64"), tirx.Var("length", "int64")
    ids = relax.Var("ids", tensor([batch, length], "int32"))
    mask = relax.Var("mask", tensor([batch, length], "int32"))
    packed = relax.Var("packed_params", relax.TupleType([tensor([vocabulary, DIMENSIONS])]))

    def body():
        kernel = graph.kernel("mean", lambda: _mean(vocabulary))
        out = tensor([batch, length, DIMENSIONS])
        return graph.call(kernel, [ids, mask, graph.item(packed, 0)], out)

    graph.define("prefill", [ids, mask, packed], body)
    metadata = {
        "model_task": "embedding",
        "max_batch_size": _BATCH,
        "prefill_chunk_size": _CONTEXT,
        "params": [{"name": "table", "shape": [vocabulary, DIMENSIONS], "dtype": "float32"}],
    }
    with graph.builder.function("_metadata", []):
        graph.builder.emit_func_output(ir.StringImm(json.dumps(metadata)))
    return graph.builder.finalize()


def _mean(vocabulary: int):
    @T.prim_func(private=True, s_tir=True)
    def mean(var_ids: T.handle, var_mask: T.handle, var_table: T.handle, var_y: T.handle):
        T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
        b = T.int32()
        n = T.int32()
        ids = T.match_buffer(var_ids, (b, n), "int32")
        mask = T.match_buffer(var_mask, (b, n), "int32")
        table = T.match_buffer(var_table, (vocabulary, DIMENSIONS), "float32")
        y = T.match_buffer(var_y, (b, n, DIMENSIONS), "float32")
        for by in T.thread_binding(b * n, "blockIdx.y"):
            for _bx in T.thread_binding(1, "blockIdx.x"):
                for tx in T.thread_binding(DIMENSIONS, "threadIdx.x"):
                    with T.sblock("mean"):
                        T.reads()
                        T.writes()
                        found = T.sblock_alloc_buffer((2,), "float32", scope="local")
                        row: T.let[T.int32] = by // n
                        found[0] = T.float32(0)
                        found[1] = T.float32(0)
                        for k in range(n):
                            if mask[row, k] > 0:
                                found[0] = found[0] + table[ids[row, k], tx]
                                found[1] = found[1] + T.float32(1)
                        y[row, by % n, tx] = found[0] / T.max(found[1], T.float32(1))

    return mean

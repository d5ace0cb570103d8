"""Building the module, lowering it to WebAssembly and WGSL, and linking it with the runtime."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import tvm
from tvm import relax
from tvm.s_tir import dlight

from model.compile.architecture import Architecture
from model.compile.cache import add_cache
from model.compile.errors import CompileError
from model.compile.graph import Graph
from model.compile.kernels.sets import FOR_ANY_ADAPTER, FOR_GPUS, FOR_GPUS_IN_F16, KernelSet
from model.compile.linker import Linker
from model.compile.network import add_network
from model.compile.parameters import parameters
from model.compile.sampling import add_sampling

__all__ = [
    "build_libraries",
    "build_library",
    "build_module",
    "link_module",
    "lower",
    "shader_modules",
    "webgpu_target",
]

_GPU_PREFILL_CHUNK = 512


def webgpu_target() -> Any:
    """Return the target: WebGPU within the limits that WebLLM requests from every adapter."""
    host = {"kind": "llvm", "mtriple": "wasm32-unknown-unknown-wasm"}
    limits = {"max_num_threads": 256, "max_shared_memory_per_block": 32 * 1024}
    return tvm.target.Target({"kind": "webgpu", "host": host, **limits})


def build_module(shape: Architecture, target: Any, kernels: KernelSet = FOR_ANY_ADAPTER) -> Any:
    """Return the relax module of a network, before it is lowered."""
    graph = Graph({"seq_len": shape.prefill_chunk, "n": 1, "b": 1}, kernels)
    add_network(graph, shape)
    add_cache(graph, shape, target)
    add_sampling(graph, shape)
    with graph.builder.function("_metadata", []):
        graph.builder.emit_func_output(tvm.ir.StringImm(json.dumps(_metadata(shape))))
    return graph.builder.finalize()


def build_libraries(shape: Architecture, folder: Path, linker: Linker) -> None:
    """Write both libraries of a network, `model.wasm` for any adapter and `model-gpu.wasm`.

    That for GPUs reads longer chunks of a prompt at once, which a real GPU computes faster; on an
    emulated one, a stopped request would wait too long. In float16, which no emulated adapter has,
    there is only one library, `model.wasm`.

    Raises:
        ToolError: The linker failed.
        CompileError: The shaders are not in one module.
    """
    longer = max(shape.prefill_chunk, shape.chunk(_GPU_PREFILL_CHUNK))
    for_gpus = replace(shape, prefill_chunk=longer)
    if shape.dtype == "float16":
        build_library(for_gpus, folder / "model.wasm", linker, FOR_GPUS_IN_F16)
        return
    build_library(shape, folder / "model.wasm", linker)
    build_library(for_gpus, folder / "model-gpu.wasm", linker, FOR_GPUS)


def build_library(
    shape: Architecture, path: Path, linker: Linker, kernels: KernelSet = FOR_ANY_ADAPTER
) -> None:
    """Write the library of a network to `path`, a `.wasm` file.

    Raises:
        ToolError: The linker failed.
        CompileError: The shaders are not in one module.
    """
    target = webgpu_target()
    with target:
        link_module(build_module(shape, target, kernels), target, path, linker)


def link_module(module: Any, target: Any, path: Path, linker: Linker) -> None:
    """Lower a relax module and write it with TVM's runtime to `path`.

    Raises:
        ToolError: The linker failed.
        CompileError: The shaders are not in one module.
    """
    lower(module, target).export_library(str(path), fcompile=linker)


def lower(module: Any, target: Any) -> Any:
    """Lower a relax module to WebAssembly and WGSL, without TVM's runtime.

    Raises:
        CompileError: The shaders are not in one module.
    """
    executable = relax.build(
        module, target=target, relax_pipeline=_pipeline(target), system_lib=True
    )
    _check_shader_modules(executable)
    return executable


def _pipeline(target: Any) -> Any:
    """Return the passes from relax to calls of the virtual machine.

    Operators are not fused here, because the custom kernels are fused already; only the kernels of
    TVM's cache are unscheduled and get their threads from the fallback schedule.
    """
    passes = relax.transform
    return tvm.transform.Sequential(
        [
            tvm.tirx.transform.BindTarget(target),
            passes.LegalizeOps(),
            passes.FoldConstant(),
            passes.DeadCodeElimination(),
            dlight.ApplyDefaultSchedule(dlight.gpu.Fallback()),
            tvm.tirx.transform.ForceNarrowIndexToInt32(),
            passes.RewriteDataflowReshape(),  # views instead of copies
            passes.DeadCodeElimination(),  # removes the shaders of those copies
            passes.ToNonDataflow(),
            passes.RemovePurityChecking(),
            passes.CallTIRRewrite(),
            passes.StaticPlanBlockMemory(),
            passes.LowerAllocTensor(),
            passes.KillAfterLastUse(),
            passes.LowerRuntimeBuiltin(),
            passes.VMShapeLower(),
            passes.AttachGlobalSymbol(),
        ]
    )


def _check_shader_modules(executable: Any) -> None:
    """Check that one module has all shaders: WebLLM 0.2.86 compiles others on first use."""
    count = len(shader_modules(executable.mod))
    if count != 1:
        raise CompileError(
            f"The shaders must be in one module, got {count}; some would compile at the first "
            "token. Find the kernel that was built for another target."
        )


def shader_modules(module: Any) -> list[Any]:
    """Return the modules of shaders among a module and its imports."""
    own = [module] if module.kind == "webgpu" else []
    return own + [found for child in module.imports for found in shader_modules(child)]


def _metadata(shape: Architecture) -> dict[str, Any]:
    """Return the metadata of the library; WebLLM reads the sizes and `params`."""
    return {
        "model_type": "llama",
        "model_task": "chat",
        "quantization": shape.quantization,
        "kv_state_kind": "kv_cache",
        "context_window_size": shape.context,
        "prefill_chunk_size": shape.prefill_chunk,
        "sliding_window_size": -1,
        "attention_sink_size": -1,
        "max_batch_size": 1,
        "params": [
            {"name": each.name, "shape": list(each.shape), "dtype": each.dtype}
            for each in parameters(shape)
        ],
    }

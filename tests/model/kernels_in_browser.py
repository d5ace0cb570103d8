"""Run a GPU kernel on SwiftShader with WebGPU alone, for kernels with barriers.

SwiftShader runs groups of four lanes, one after another, which reveals a missing barrier.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import tvm
from playwright.sync_api import Page, Route, sync_playwright

from model.browser.chromium import FLAGS, find_chromium
from model.compile.library import webgpu_target

__all__ = ["blank_page", "errors_in", "run_in_browser", "shader"]

_ADDRESS = "http://127.0.0.1/"  # WebGPU requires a secure context; nothing is fetched
_BUFFER = re.compile(r"@binding\((\d+)\) var<storage, \w+> (\w+)_ptr ")
_SCALARS = re.compile(r"struct PODArgs \{(.*?)\}", re.DOTALL)
_RUN = """
async ({ code, buffers, grid }) => {
  // Devices and pipelines are kept, because SwiftShader compiles a large shader for seconds.
  globalThis.kernels ??= (async () => {
    const adapter = await navigator.gpu.requestAdapter();
    // As WebLLM requests it.
    const requiredLimits = { maxComputeWorkgroupStorageSize: 32768 };
    return { device: await adapter.requestDevice({ requiredLimits }), pipelines: new Map() };
  })();
  const { device, pipelines } = await globalThis.kernels;
  if (!pipelines.has(code)) {
    const compute = { module: device.createShaderModule({ code }), entryPoint: "kernel_kernel" };
    pipelines.set(code, await device.createComputePipelineAsync({ layout: "auto", compute }));
  }
  const pipeline = pipelines.get(code);
  const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const made = buffers.map(({ data, uniform }) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const usage = (uniform ? UNIFORM : STORAGE | COPY_SRC) | COPY_DST;
    const buffer = device.createBuffer({ size: bytes.length, usage });
    device.queue.writeBuffer(buffer, 0, bytes);
    return buffer;
  });
  const entries = made.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(...grid);
  pass.end();
  const reads = buffers.map(({ uniform }, index) => {
    if (uniform) return null;
    const { size } = made[index];
    const target = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    encoder.copyBufferToBuffer(made[index], 0, target, 0, size);
    return target;
  });
  device.queue.submit([encoder.finish()]);
  const results = [];
  for (const target of reads) {
    if (!target) continue;
    await target.mapAsync(GPUMapMode.READ);
    const bytes = new Uint8Array(target.getMappedRange());
    results.push(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
  }
  for (const buffer of [...made, ...reads]) buffer?.destroy();
  return results;
}
"""

_ERRORS = """
async (code) => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  device.destroy();
  return messages.filter(({ type }) => type === "error").map(({ message }) => message);
}
"""


@contextmanager
def blank_page() -> Iterator[Page]:
    """Open a page in which WebGPU works."""
    with sync_playwright() as playwright:
        path = find_chromium()
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        page = browser.new_page()
        page.route("**/*", _answer)
        page.goto(_ADDRESS)
        yield page
        browser.close()


def _answer(route: Route) -> None:
    route.fulfill(body="<!doctype html><title>kernels</title>", content_type="text/html")


def run_in_browser(
    page: Page,
    kernel: Any,
    buffers: Mapping[str, npt.NDArray[Any]],
    scalars: Mapping[str, float],
    grid: tuple[int, int],
) -> dict[str, npt.NDArray[Any]]:
    """Return all buffers after the kernel.

    `buffers` and `scalars` have the names of the kernel, and the scalars include the variable
    sizes; `grid` is in workgroups.
    """
    code = shader(kernel)
    names = [
        name for _, name in sorted((int(place), name) for place, name in _BUFFER.findall(code))
    ]
    data = [{"data": _text(buffers[name].tobytes()), "uniform": False} for name in names]
    data.append({"data": _text(_packed(code, scalars)), "uniform": True})
    result = page.evaluate(_RUN, {"code": code, "buffers": data, "grid": list(grid)})
    return {
        name: np.frombuffer(_bytes(text), buffers[name].dtype).reshape(buffers[name].shape)
        for name, text in zip(names, result, strict=True)
    }


def errors_in(page: Page, code: str) -> list[str]:
    """Return what the browser's compiler says of WGSL that it rejects."""
    errors: list[str] = page.evaluate(_ERRORS, code)
    return errors


def shader(kernel: Any) -> str:
    """Return the WGSL of a kernel."""
    target = webgpu_target()
    module = tvm.IRModule({"kernel": kernel.with_attr("global_symbol", "kernel")})
    with target:
        module = tvm.tirx.transform.BindTarget(target)(module)
        module = tvm.tirx.transform.ForceNarrowIndexToInt32()(module)
        [shaders] = tvm.compile(module, target=target).mod.imports
    return str(shaders.inspect_source())


def _packed(code: str, scalars: Mapping[str, float]) -> bytes:
    found = _SCALARS.search(code)
    assert found is not None
    values = {"packGridDimX": 1 << 16, **scalars}
    fields = re.findall(r"(\w+): (\w+)", found[1])
    packed = b"".join(
        struct.pack("<f" if kind == "f32" else "<i", values[name]) for name, kind in fields
    )
    return packed.ljust(-(-len(packed) // 16) * 16, b"\0")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)

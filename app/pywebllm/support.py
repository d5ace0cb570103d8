"""Messages for what a browser may lack: the problem, and what a visitor can do.

The codes are those of the bridge's `checkSupport()`, and `no-storage`. Which browsers have
WebGPU follows https://developer.mozilla.org/docs/Web/API/WebGPU_API (November 2026).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["Shortfall", "explain", "explain_host"]

# The limits that WebGPU counts in bytes (https://www.w3.org/TR/webgpu/#limits).
_BYTES = ("maxBufferSize", "maxStorageBufferBindingSize", "maxComputeWorkgroupStorageSize")
_KIB, _MIB = 2**10, 2**20

_MESSAGES = MappingProxyType(
    {
        "insecure-context": (
            "This page is not served over HTTPS, so the browser disables WebGPU.",
            "Open it over https://, or from localhost or 127.0.0.1.",
        ),
        "no-webgpu": (
            "This browser has no WebGPU.",
            "Use a current Chrome or Edge (113 or newer), Safari 26, or Firefox (141 on Windows,"
            " 145 on a Mac with Apple silicon).",
        ),
        "no-adapter": (
            "This browser has WebGPU, but no GPU adapter is available.",
            "Turn on hardware acceleration in the browser's settings and update the graphics"
            " driver; on Linux, Chrome may need chrome://flags/#enable-unsafe-webgpu.",
        ),
        "no-storage": (
            "This page cannot store files, so every visit downloads a model again, and a model of"
            " more than 1 GiB cannot be loaded.",
            "In a frame with `sandbox`, add `allow-same-origin`; elsewhere allow cookies and site"
            " data for this page.",
        ),
        "no-worker-adapter": (
            "The page has a GPU adapter, but the worker in which the engine runs has none, as after"
            " repeated crashes of the browser's GPU process.",
            "Restart the browser; where that does not help, pass thread='main' to run the engine in"
            " the page.",
        ),
        "software-adapter": (
            "The browser emulates the GPU on the processor, where llama.cpp is faster.",
            "Turn on hardware acceleration in the browser's settings if this device has a GPU.",
        ),
        "device-lost": (
            "The GPU device was lost twice.",
            "Close other pages that use the GPU, or restart the browser.",
        ),
        "not-installed": (
            "The files of the engine wllama are not installed.",
            "Install the package pywebllm-wllama, or serve its files in the folder wllama beside"
            " webllm_bridge.js.",
        ),
        "no-worker": (
            "This page cannot start workers, which the engine wllama needs.",
            "Use it in a page, or in a worker that can start others.",
        ),
        "no-memory64": (
            "This browser has no 64-bit memory for WebAssembly, which the engine wllama needs.",
            "Use a current Chrome or Edge (133 or newer), or Firefox (134 or newer).",
        ),
        "no-simd": (
            "This browser has no SIMD for WebAssembly, which the engine wllama needs.",
            "Use a current Chrome, Edge or Firefox.",
        ),
        "limits": (
            "The GPU of this device is too small for the engine.",
            "Use a device with a more powerful GPU; on a laptop with two GPUs, configure the"
            " browser to use the faster one.",
        ),
    }
)

# What the host of this Python lacks; these are no codes of the bridge, which is not open yet.
_HOSTS = MappingProxyType(
    {
        "no-browser": (
            "pywebllm runs models in a browser, and this Python runs outside of one",
            "Use it in a web page, from Pyodide or PyScript.",
        ),
        "old-pyodide": (
            "this version of Pyodide cannot suspend synchronous Python code",
            "Use Pyodide 0.26 or newer; or use AsyncWebLLM, which needs no suspension.",
        ),
        "no-jspi": (
            "this browser cannot suspend synchronous Python code (it lacks JSPI)",
            "Use Chrome or Edge 137+, Firefox 153+ or Safari 27+; or use AsyncWebLLM, which"
            " works in every browser that has WebGPU.",
        ),
        "no-suspension": (
            "this Python code was called in a way that cannot be suspended",
            "Start it with `pyodide.runPythonAsync`, not in a plain callback; or use"
            " AsyncWebLLM, which needs no suspension.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A WebGPU limit that is too low for the engine.

    Attributes:
        name: The name of the limit in WebGPU.
        value: What the GPU has.
        needed: What the engine needs, in the same unit.
    """

    name: str
    value: int
    needed: int

    def __str__(self) -> str:
        return f"{self.name} is {self._amount(self.value)}, needed: {self._amount(self.needed)}"

    def _amount(self, amount: int) -> str:
        if self.name not in _BYTES:
            return str(amount)
        unit, name = (_MIB, "MiB") if self.needed >= _MIB else (_KIB, "KiB")
        # Rounded down, so that a limit a few bytes too low does not look sufficient.
        return f"{math.floor(amount / unit * 100) / 100:.10g} {name}"


def explain(code: str, shortfalls: Sequence[Shortfall] = ()) -> tuple[str, str]:
    """Return the problem and the advice for a code of the support check.

    Args:
        code: The code, as the bridge's `checkSupport()` returns it, or `no-storage`.
        shortfalls: The limits that are too low; the problem names them.
    """
    unknown = (
        f"This browser cannot run the engine ({code}).",
        "Use a current Chrome or Edge on a device with a GPU.",
    )
    problem, advice = _MESSAGES.get(code, unknown)
    if shortfalls:
        problem = f"{problem.removesuffix('.')}: {'; '.join(map(str, shortfalls))}."
    return problem, advice


def explain_host(code: str) -> tuple[str, str]:
    """Return the problem and the advice where the host of this Python lacks something.

    Args:
        code: `no-browser`, `old-pyodide`, `no-jspi` or `no-suspension`.
    """
    return _HOSTS[code]

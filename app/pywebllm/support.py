"""The words for what can be missing in a browser: the problem, and what a visitor can do.

The codes are those of the bridge's `checkSupport()`. Which browsers have WebGPU follows
https://developer.mozilla.org/docs/Web/API/WebGPU_API (November 2026).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["Shortfall", "explain"]

# The limits that WebGPU counts in bytes (https://www.w3.org/TR/webgpu/#limits).
_BYTES = ("maxBufferSize", "maxStorageBufferBindingSize", "maxComputeWorkgroupStorageSize")
_KIB, _MIB = 2**10, 2**20

_WORDS = MappingProxyType(
    {
        "insecure-context": (
            "This page is not served securely, so the browser keeps WebGPU from it.",
            "Open it over https://, or from localhost or 127.0.0.1.",
        ),
        "no-webgpu": (
            "This browser has no WebGPU.",
            "Use a current Chrome or Edge (113 or newer), Safari 26, or Firefox (141 on Windows,"
            " 145 on a Mac with Apple silicon).",
        ),
        "no-adapter": (
            "This browser has WebGPU but offers no GPU.",
            "Turn on hardware acceleration in the browser's settings and update the graphics"
            " driver; on Linux, Chrome may need chrome://flags/#enable-unsafe-webgpu.",
        ),
        "limits": (
            "The GPU of this device is too small for the engine.",
            "Use a device with a larger GPU; on a laptop with two, let the browser use the"
            " faster one.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A limit of WebGPU, by its name there: what the GPU has, and what the engine needs."""

    name: str
    value: int
    needed: int

    def __str__(self) -> str:
        return f"{self.name} is {self._amount(self.value)}, needed: {self._amount(self.needed)}"

    def _amount(self, amount: int) -> str:
        if self.name not in _BYTES:
            return str(amount)
        unit, name = (_MIB, "MiB") if self.needed >= _MIB else (_KIB, "KiB")
        # Rounded down, so that a limit a few bytes short does not look like what is needed.
        return f"{math.floor(amount / unit * 100) / 100:.10g} {name}"


def explain(code: str, shortfalls: Sequence[Shortfall] = ()) -> tuple[str, str]:
    """Return what is missing and what to do about it, for a code of the support check.

    `shortfalls` are the limits that are too low; the words name them.
    """
    unknown = (
        f"This browser cannot run the engine ({code}).",
        "Use a current Chrome or Edge on a device with a GPU.",
    )
    problem, advice = _WORDS.get(code, unknown)
    if shortfalls:
        problem = f"{problem.removesuffix('.')}: {'; '.join(map(str, shortfalls))}."
    return problem, advice

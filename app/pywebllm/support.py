"""The words for what can be missing in a browser: the problem, and what a visitor can do.

The codes are those of the bridge's `checkSupport()`. Which browsers have WebGPU follows
https://developer.mozilla.org/docs/Web/API/WebGPU_API (November 2026).
"""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["explain"]

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


def explain(code: str) -> tuple[str, str]:
    """Return what is missing and what to do about it, for a code of the support check."""
    unknown = (
        f"This browser cannot run the engine ({code}).",
        "Use a current Chrome or Edge on a device with a GPU.",
    )
    return _WORDS.get(code, unknown)

"""The files that a page needs for the replay, by the path at which they are served."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["FILES"]

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[1]
_WLLAMA: Final = _ROOT / "node_modules/@wllama/wllama/esm"

FILES: Final[Mapping[str, Path]] = {
    "/replay.js": _HERE / "replay.js",
    # Not bundled: over HTTP the modules can import each other.
    **{
        f"/{file.relative_to(_ROOT).as_posix()}": file
        for file in [_ROOT / "webllm_bridge.js", *sorted((_ROOT / "bridge").rglob("*.js"))]
    },
    "/webllm.js": _ROOT / "node_modules/@mlc-ai/web-llm/lib/index.js",
    "/wllama/wllama.js": _WLLAMA / "index.min.js",
    "/wllama/wllama.wasm": _WLLAMA / "wasm/wllama.wasm",
}

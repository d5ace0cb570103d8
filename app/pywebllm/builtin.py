"""The built-in model: its id, its revision, and the location of its files.

The folder below the assets has the layout of a model repository, because WebLLM appends
`/resolve/main/` to a model's URL unless it contains a revision. WebLLM caches files by URL
indefinitely, so new weights always need a new revision.
"""

from __future__ import annotations

__all__ = ["BUILTIN_CONFIG", "BUILTIN_LIBRARY", "BUILTIN_MODEL", "BUILTIN_PATH", "BUILTIN_REVISION"]

BUILTIN_MODEL = "pywebllm-persona-q4f32_1"
BUILTIN_REVISION = "v2"

# Relative to the assets; ends with a slash.
BUILTIN_PATH = f"models/{BUILTIN_MODEL}/resolve/{BUILTIN_REVISION}/"

# Relative to BUILTIN_PATH.
BUILTIN_CONFIG = "mlc-chat-config.json"
BUILTIN_LIBRARY = "model.wasm"

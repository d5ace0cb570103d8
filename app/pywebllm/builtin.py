"""The model that comes with the library: its name, its revision, and where its files lie.

The folder below the assets mirrors a model repository, because WebLLM appends `/resolve/main/`
to a model's address unless it names a revision. WebLLM keeps files by address for ever, so new
weights always ask for a new revision.
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

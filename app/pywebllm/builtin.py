"""The built-in model: its id, its revision, and the location of its files.

The folder below the assets has the layout of a model repository, because WebLLM appends
`/resolve/main/` to a model's URL unless it contains a revision. WebLLM caches files by URL
indefinitely, so new weights always need a new revision.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "BUILTIN_CHECKSUMS",
    "BUILTIN_CONFIG",
    "BUILTIN_CONTEXT_WINDOW",
    "BUILTIN_GPU_LIBRARY",
    "BUILTIN_LIBRARY",
    "BUILTIN_MODEL",
    "BUILTIN_PATH",
    "BUILTIN_REVISION",
]

BUILTIN_MODEL = "pywebllm-persona-q4f32_1"
BUILTIN_REVISION = "v5"

# As in its `mlc-chat-config.json`.
BUILTIN_CONTEXT_WINDOW = 1024

# Relative to the assets; ends with a slash.
BUILTIN_PATH = f"models/{BUILTIN_MODEL}/resolve/{BUILTIN_REVISION}/"

# Relative to BUILTIN_PATH.
BUILTIN_CONFIG = "mlc-chat-config.json"
BUILTIN_LIBRARY = "model.wasm"
BUILTIN_GPU_LIBRARY = "model-gpu.wasm"

# Of the files below BUILTIN_PATH: those of SHA256SUMS, in the form of Subresource Integrity.
BUILTIN_CHECKSUMS: Mapping[str, str] = MappingProxyType(
    {
        "mlc-chat-config.json": "sha256-UECKKgz4r7UT7eFoY4WWC/OE2R8lLXWbdQqQrN6VaKE=",
        "model-gpu.wasm": "sha256-iBYBp9iZNCDAnVUsTgQ7W6HydVxWmwFrd0nJkRA16c0=",
        "model.wasm": "sha256-pqtLKYa7jWMxWqH1PQkged4RTbX4NbGnrBdrS9gSEYM=",
        "params_shard_0.bin": "sha256-9MeuOVXK4Wu+7cGGDF2FJ8/vjI6EHkrqfj8O4T+A/po=",
        "tensor-cache.json": "sha256-9fqlcNJsTA6W6Wj6UHh3DbYoIKnNzQTJKt+2eUOcEWM=",
        "tokenizer.json": "sha256-HgvzCBa5ibY/gjxErAts/wNS6n0JGPBy5ut3quO9UdY=",
        "tokenizer_config.json": "sha256-gy/mImSfm3KGee23CcG9kGnbhj2yNhm5+5nwVuVdOkI=",
    }
)

"""What the page asks of the engine before Python is there, in the words of the library itself.

`static/start/engine.js` sends it; Python's own load of the built-in model then joins that load.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["early_requests"]


def early_requests(root: Path) -> dict[str, Any]:
    """Return the requests, with paths of the site in place of URLs."""
    # The library of this checkout; it needs nothing but the standard library.
    sys.path.insert(0, str(root / "app"))
    try:
        names = ("wire", "assets", "records", "request.duration")
        wire, assets, records, duration = (
            importlib.import_module(f"pywebllm.{name}") for name in names
        )
        builtin = importlib.import_module("pywebllm.builtin")
    finally:
        sys.path.remove(str(root / "app"))
    record = assets.builtin_record(builtin.BUILTIN_PATH)
    module, wasm = assets.WLLAMA_FILES
    known = {name: getattr(record, name) for name in record.__dataclass_fields__}
    wllama = records.WllamaRecord(**known, wllama_url=module, wasm_url=wasm)
    config = wire.bridge_config(
        webllm_url=assets.WEBLLM_FILE,
        thread="worker",
        keep_alive=duration.read_keep_alive("5m"),
        max_models=1,
    )
    return {
        "config": json.loads(config),
        "webllm": json.loads(wire.load_request(record))["model"],
        "wllama": json.loads(wire.load_request(wllama))["model"],
    }

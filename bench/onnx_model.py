"""Convert a checkpoint in the format of transformers to the 4-bit ONNX form of transformers.js.

    python -m bench.onnx_model CHECKPOINT OUT

It needs torch, transformers, onnx, and onnxruntime-genai 0.18, whose model builder does the work.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

__all__ = ["convert"]

_NAME: Final = "model_q4f16.onnx"
_CACHE_DIMENSIONS: Final = 4  # batch, heads, tokens, numbers of a head


def convert(checkpoint: Path, out: Path) -> None:
    """Write the model of the folder `checkpoint` into the folder `out`.

    Raises:
        SystemExit: onnxruntime-genai is not installed.
        subprocess.CalledProcessError: The builder failed.
    """
    spec = find_spec("onnxruntime_genai")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("onnxruntime-genai is not installed. Run: pip install onnxruntime-genai")
    # As a program, because it imports its own modules by their bare names.
    builder = Path(spec.submodule_search_locations[0]) / "models/builder.py"
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as name:
        made = Path(name)
        arguments = ["-i", checkpoint, "-o", made, "-p", "int4", "-e", "webgpu", "-c", made / "c"]
        command = [sys.executable, str(builder), *map(str, arguments)]
        subprocess.run(command, check=True)  # noqa: S603 (the installed package)
        _save(made / "model.onnx", out / "onnx", _head_size(checkpoint))
    _write_settings(checkpoint, out)


def _head_size(checkpoint: Path) -> int:
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _save(model_file: Path, folder: Path, head_size: int) -> None:
    onnx = import_module("onnx")  # not in the requirements of this repository
    model: Any = onnx.load(str(model_file))
    for value in (*model.graph.input, *model.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        # transformers.js does not know the name that the builder gives this dimension.
        if len(dimensions) == _CACHE_DIMENSIONS:
            dimensions[-1].Clear()
            dimensions[-1].dim_value = head_size
    folder.mkdir(parents=True, exist_ok=True)
    external = {"save_as_external_data": True, "location": f"{_NAME}_data"}
    onnx.save(model, str(folder / _NAME), **external)


def _write_settings(checkpoint: Path, out: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    config["transformers.js_config"] = {
        "use_external_data_format": {_NAME: 1},
        "kv_cache_dtype": {"q4f16": "float16"},
    }
    (out / "config.json").write_text(json.dumps(config), "utf-8")
    for file in ("generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(checkpoint / file, out / file)


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.onnx_model", description=description)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    convert(given.checkpoint, given.out)


if __name__ == "__main__":
    _main()

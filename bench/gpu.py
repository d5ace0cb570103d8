"""Print load, decode and prefill times of compiled models, with both of their libraries.

Run it as `.venv/bin/python -m bench.gpu NAME=FOLDER ...`, where FOLDER is a folder that
`python -m model build` wrote. It uses Chromium on SwiftShader, where the kernels for GPUs are slow;
so `--stage SITE` only writes the folder SITE, for `python -m bench.staged SITE --gpu` on a machine
with a GPU.

Each library is measured with and without the bridge's patches of WebLLM, and the time of each
kernel by timestamp queries, where the adapter has them. Loads are from the cache.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.hollow import hollow
from bench.kernels import named_folder
from bench.staged import evaluate_staged

__all__ = ["measure", "stage"]

_PAGE: Final = Path(__file__).with_name("gpu.js")
_BRIDGE: Final = Path("bridge")
_WEBLLM: Final = Path("node_modules/@mlc-ai/web-llm/lib/index.js")
_LIBRARIES: Final = ("model.wasm", "model-gpu.wasm")


def stage(models: Mapping[str, Path], site: Path, options: Mapping[str, Any]) -> None:
    """Write the folder from which the page and the models are served."""
    site.mkdir(parents=True, exist_ok=True)
    (site / "index.html").write_text("<!doctype html><title>gpu</title>", "utf-8")
    shutil.copyfile(_WEBLLM, site / "webllm.js")
    shutil.copyfile(_PAGE, site / _PAGE.name)
    shutil.copytree(_BRIDGE, site / _BRIDGE.name, dirs_exist_ok=True)
    places = []
    for name, folder in models.items():
        # WebLLM appends /resolve/main/ to a URL without it.
        place = site / "models" / name / "resolve" / "v1"
        shutil.copytree(folder, place, dirs_exist_ok=True)
        places += [
            {"name": f"{name} {library}", "url": f"/{place.relative_to(site)}/", "library": library}
            for library in _LIBRARIES
            if (place / library).is_file()
        ]
    arguments = f"{json.dumps(places)}, {json.dumps(options)}"
    expression = f'import("/gpu.js").then(({{run}}) => run({arguments}))'
    (site / "gpu.run.js").write_text(expression + "\n", "utf-8")


def measure(models: Mapping[str, Path], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of models in Chromium on SwiftShader.

    Raises:
        SystemExit: Chromium is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as name:
        site = Path(name)
        stage(models, site, options)
        found: dict[str, Any] = evaluate_staged(site, "gpu.run.js")
        return found


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=description)
    parser.add_argument("models", nargs="+", type=named_folder, metavar="NAME=FOLDER")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of measurements")
    parser.add_argument("--steps", type=int, default=20, help="decode steps per round")
    for name, default, text in (
        ("lengths", [45, 900], "tokens before the decode steps"),
        ("prompts", [900], "tokens to prefill"),
        ("times-of", [], "tokens before the steps whose kernels are timed"),
    ):
        parser.add_argument(f"--{name}", type=int, nargs="*", default=default, help=text)
    parser.add_argument("--stage", type=Path, metavar="SITE", help="only write the folder")
    parser.add_argument(
        "--hollow",
        action="store_true",
        help="stage SITE/fill.py instead of the weights",
    )
    given = parser.parse_args()
    options = {name: getattr(given, name) for name in ("rounds", "steps", "lengths", "prompts")}
    options["timesOf"] = given.times_of
    if given.stage:
        stage(dict(given.models), given.stage, options)
        if given.hollow:
            hollow(given.stage)
        return
    sys.stdout.write(json.dumps(measure(dict(given.models), options), indent=2) + "\n")


if __name__ == "__main__":
    _main()

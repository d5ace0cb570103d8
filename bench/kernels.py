"""Print the cost of the shaders of compiled models: compilation, prefill and decode.

Run it as `.venv/bin/python -m bench.kernels NAME=FOLDER ...`, where FOLDER is a folder that
`python -m model build` wrote; all models are compared with the first. It uses Chromium on
SwiftShader.

To measure on another machine, `--stage SITE` only writes the folder SITE, for
`python -m bench.staged SITE` there.
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

from bench.staged import evaluate_staged

__all__ = ["measure", "named_folder", "stage"]

_PAGE: Final = Path(__file__).with_name("kernels.js")
_WEBLLM: Final = Path("node_modules/@mlc-ai/web-llm/lib/index.js")
_ROUNDS: Final = 5


def stage(models: Mapping[str, Path], site: Path, *, rounds: int = _ROUNDS) -> None:
    """Write the folder from which the page and the models, by their names, are served."""
    site.mkdir(parents=True, exist_ok=True)
    (site / "index.html").write_text("<!doctype html><title>kernels</title>", "utf-8")
    shutil.copyfile(_WEBLLM, site / "webllm.js")
    shutil.copyfile(_PAGE, site / "kernels.js")
    places = []
    for name, folder in models.items():
        # WebLLM appends /resolve/main/ to a URL without it.
        place = site / "models" / name / "resolve" / "v1"
        shutil.copytree(folder, place, dirs_exist_ok=True)
        places.append({"name": name, "url": f"/{place.relative_to(site)}/"})
    expression = f'import("/kernels.js").then(({{run}}) => run({json.dumps(places)}, {rounds}))'
    (site / "kernels.run.js").write_text(expression + "\n", "utf-8")


def measure(models: Mapping[str, Path], *, rounds: int = _ROUNDS) -> dict[str, Any]:
    """Return `{adapter, rounds, figures, table}` of models in Chromium on SwiftShader.

    Raises:
        SystemExit: Chromium is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as name:
        site = Path(name)
        stage(models, site, rounds=rounds)
        found: dict[str, Any] = evaluate_staged(site, "kernels.run.js")
        return found


def named_folder(text: str) -> tuple[str, Path]:
    """Read `NAME=FOLDER` of a command line."""
    name, _, folder = text.partition("=")
    if not (name and (Path(folder) / "mlc-chat-config.json").is_file()):
        raise argparse.ArgumentTypeError(
            f"must be NAME=FOLDER with a folder that `python -m model build` wrote, got {text!r}"
        )
    return name, Path(folder)


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.kernels", description=description)
    parser.add_argument("models", nargs="+", type=named_folder, metavar="NAME=FOLDER")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="rounds of measurements")
    parser.add_argument(
        "--stage", type=Path, metavar="SITE", help="only write the folder of the page"
    )
    parser.add_argument("--json", action="store_true", help="print all figures instead of a table")
    options = parser.parse_args()
    models = dict(options.models)
    if options.stage:
        stage(models, options.stage, rounds=options.rounds)
        return
    figures = measure(models, rounds=options.rounds)
    shown = json.dumps(figures, indent=2) if options.json else figures["table"]
    sys.stdout.write(shown + "\n")


if __name__ == "__main__":
    _main()

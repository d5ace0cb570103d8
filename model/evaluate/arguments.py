"""The arguments of `evaluate`, separate from the command so that `--help` needs no package."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_arguments"]

_EPILOG = """The smoke run of the recipe: MODEL_DIR --count 2 --no-fail. To replay on another
machine, without Playwright, run `--only cases`, then `MODEL_DIR --only pack --pages 8`; on the
other machine, serve OUT/pack/site and evaluate each OUT/pack/part-N.js in a page of this site; then
run `--only judge --transcripts FILE ...` with the results, one JSON value per line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _EPILOG
    parser.set_defaults(module="model.evaluate.command", function="run", needs=())
    parser.add_argument(
        "model", type=Path, nargs="?", metavar="MODEL_DIR", help="folder of the compiled model"
    )
    parser.add_argument("--only", choices=("cases", "replay", "pack", "judge"), help="run one step")
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"), help="output folder")
    parser.add_argument("--count", type=int, default=500, help="cases of each kind (default: 500)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the cases")
    parser.add_argument(
        "--pages", type=int, default=1, help="parallel browsers, or parts of a pack"
    )
    parser.add_argument(
        "--seconds", type=float, default=1e9, help="time limit of each part of a pack"
    )
    parser.add_argument(
        "--thread",
        choices=("worker", "main"),
        default="worker",
        help="thread of the engine in a pack",
    )
    parser.add_argument(
        "--engine",
        choices=("webllm", "wllama", "pytorch"),
        default="webllm",
        help="the engine that answers: WebLLM; llama.cpp on the processor, in minutes; or PyTorch, "
        "in seconds on a GPU, with the folder that `train` wrote as MODEL_DIR",
    )
    parser.add_argument("--transcripts", type=Path, nargs="+", help="answers to judge")
    parser.add_argument(
        "--no-fail", action="store_true", help="exit with status 0 even if a promise is not kept"
    )

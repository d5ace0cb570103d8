"""What the command `evaluate` takes. Apart from the command, so that `--help` needs nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_arguments"]

_EPILOG = """The recipe's smoke run: MODEL_DIR --count 4 --no-fail. On a machine with a GPU and
without Playwright: here `--only cases`, then `MODEL_DIR --only pack --pages 8`; there serve
OUT/pack/site and evaluate each OUT/pack/part-N.js in a page of it; here `--only judge --transcripts
FILE ...` with what they returned, one JSON value a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.epilog = _EPILOG
    parser.set_defaults(module="model.evaluate.command", function="run", needs=())
    parser.add_argument("model", type=Path, nargs="?", metavar="MODEL_DIR", help="compiled folder")
    parser.add_argument("--only", choices=("cases", "replay", "pack", "judge"), help="one step")
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"), help="folder")
    parser.add_argument("--count", type=int, default=500, help="of each kind (default 500)")
    parser.add_argument("--seed", type=int, default=0, help="that draws the cases")
    parser.add_argument("--pages", type=int, default=1, help="browsers side by side, or parts")
    parser.add_argument("--seconds", type=float, default=1e9, help="for each part of a pack")
    parser.add_argument("--thread", choices=("worker", "main"), default="worker", help="of a pack")
    parser.add_argument("--transcripts", type=Path, nargs="+", help="to judge")
    parser.add_argument("--no-fail", action="store_true", help="exit with 0 whatever was found")

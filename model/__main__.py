"""`python -m model`: the recipe of the built-in model, with one command per step."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from model.compile.arguments import add_build, add_verify
from model.evaluate.arguments import add_arguments
from model.tools import RecipeError, require

__all__ = ["command_line", "main"]

_SCRATCH = Path("build/model")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = command_line().parse_args(arguments)
    try:
        require(*options.needs)
        # Imported late, so that `data` does not need torch, and `--help` needs no package.
        command: Callable[[argparse.Namespace], None] = getattr(
            importlib.import_module(options.module), options.function
        )
        command(options)
    except RecipeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def command_line() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    _all(commands.add_parser("all", help="run all steps, from text to evaluation"))
    _data(commands.add_parser("data", help="print training conversations"))
    _tokenizer(commands.add_parser("tokenizer", help="train the tokenizer"))
    _text(commands.add_parser("text", help="make tokenizer and encoded text for `train`"))
    _train(commands.add_parser("train", help="make text, tokenizer, weights and the sample report"))
    _curve(commands.add_parser("curve", help="plot the loss of a trained folder"))
    _compare(commands.add_parser("compare", help="train several shapes and compare their losses"))
    _sample(commands.add_parser("sample", help="write the sample report of a trained folder"))
    add_build(commands.add_parser("build", help="compile a checkpoint"))
    add_verify(commands.add_parser("verify", help="compare a compiled folder with PyTorch"))
    add_arguments(
        commands.add_parser("evaluate", help="evaluate a compiled folder in the real engine")
    )
    _checksums(commands.add_parser("checksums", help="write SHA256SUMS of a model"))
    return parser


def _count(text: str) -> int:
    """Return a positive integer.

    Raises:
        argparse.ArgumentTypeError: It is something else; argparse adds the name of the option.
    """
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be an integer above zero, got {text!r}")


def _positive(text: str) -> float:
    """Return a positive number.

    Raises:
        argparse.ArgumentTypeError: It is something else; argparse adds the name of the option.
    """
    with suppress(ValueError):
        if (number := float(text)) > 0:
            return number
    raise argparse.ArgumentTypeError(f"must be a number above zero, got {text!r}")


def _all(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.pipeline", function="run_all", needs=_NEEDS)
    _common(parser)
    parser.add_argument(
        "--minutes", type=_positive, help="time for training, including the sample report"
    )
    parser.add_argument("--revision", help="revision folder (default: that of the library)")
    parser.add_argument("--fresh", action="store_true", help="run all steps again")


def _checksums(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.checksums", function="record", needs=())
    parser.add_argument("model", type=Path, help="folder with resolve/REVISION")


def _data(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.data.command", function="run", needs=())
    parser.add_argument(
        "--count", type=_count, default=10, help="number of conversations (default: 10)"
    )
    parser.add_argument("--split", choices=("train", "valid"), default="train")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument("--seed", type=int, default=0)


def _tokenizer(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.train.command", function="tokenizer", needs=_NEEDS)
    _common(parser)
    _state(parser)


def _text(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.train.command", function="text", needs=_NEEDS)
    _common(parser)
    parser.add_argument("--conversations", type=_count, help="number of conversations")
    _weights(parser)
    _state(parser)


def _train(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.train.command", function="train", needs=_NEEDS)
    _common(parser)
    parser.add_argument("--minutes", type=_positive, help="time limit, including the report")
    parser.add_argument("--steps", type=_count, help="maximum number of steps")
    parser.add_argument("--batch", type=_count, help="rows per batch and process")
    parser.add_argument("--conversations", type=_count, help="number of conversations")
    parser.add_argument("--shape", help="name of a shape in model/train/shapes.py")
    parser.add_argument("--peak", type=_positive, help="highest learning rate (default: 3e-3)")
    parser.add_argument("--workers", type=_count, help="training processes (default: one per GPU)")
    parser.add_argument("--fresh", action="store_true", help="do not resume from the last state")
    _weights(parser)
    _state(parser)


def _curve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.train.command", function="curve", needs=_NEEDS)
    parser.add_argument("--out", type=Path, default=_SCRATCH, help=f"folder (default: {_SCRATCH})")


def _compare(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.train.compare", function="compare", needs=_NEEDS)
    _common(parser)
    parser.add_argument("--minutes", type=_positive, default=1.5, help="training time per shape")
    parser.add_argument("--shapes", help="names of shapes, separated by commas (default: all)")
    parser.add_argument(
        "--variations",
        action="store_true",
        help="also train base with other learning rates and starts of quantization",
    )
    parser.add_argument("--batch", type=_count, help="rows per batch")
    parser.add_argument(
        "--conversations", type=_count, default=300_000, help="number of conversations"
    )


def _sample(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(module="model.train.command", function="sample", needs=_NEEDS)
    _common(parser)
    parser.add_argument("--count", type=_count, help="number of held-out forms")


def _weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        type=Path,
        help="folder that train or build wrote, whose weights and tokenizer to start from",
    )


def _state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        type=Path,
        default=_SCRATCH / "state.pt",
        help="state file to resume from; its folder also caches tokenizer and text",
    )


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", choices=("full", "smoke"), default="full")
    parser.add_argument(
        "--smoke",
        dest="preset",
        action="store_const",
        const="smoke",
        help="a tiny preset for a CPU",
    )
    parser.add_argument("--out", type=Path, default=_SCRATCH, help=f"folder (default: {_SCRATCH})")
    parser.add_argument("--processes", type=_count, help="to make text (default: one per core)")
    parser.add_argument("--seed", type=int, default=0)


_NEEDS = ("torch", "tokenizers", "safetensors", "numpy")

if __name__ == "__main__":
    sys.exit(main())

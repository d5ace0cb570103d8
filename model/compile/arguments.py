"""The command lines of `python -m model build` and `python -m model verify`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

__all__ = ["add_build", "add_verify"]

_PACKAGES: Final = ("torch", "transformers", "tokenizers", "safetensors", "numpy")


def add_build(parser: argparse.ArgumentParser) -> None:
    """Add what `build` takes."""
    parser.set_defaults(module="model.compile.command", function="build", needs=_PACKAGES)
    parser.add_argument(
        "source", type=Path, metavar="PATH", help="a checkpoint: config, weights, tokenizer"
    )
    parser.add_argument(
        "--name",
        help="what requests call the model (default: the folder's name and, say, -q4f32_1)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: build/model/NAME")
    parser.add_argument(
        "--context",
        type=int,
        metavar="TOKENS",
        help="that a conversation may have (default and at most: what the model was trained for)",
    )
    parser.add_argument(
        "--prefill-chunk",
        type=int,
        metavar="TOKENS",
        help="of a prompt that are read at once (default: 256)",
    )
    parser.add_argument(
        "--bits",
        type=int,
        choices=(4, 8),
        default=4,
        help="of a weight: 4, or 8 for twice the download and less rounding (default: 4)",
    )
    parser.add_argument(
        "--system",
        metavar="TEXT",
        help="the system message of requests that have none (default: the chat template's)",
    )
    parser.add_argument(
        "--conversation",
        type=Path,
        metavar="FILE",
        help="WebLLM's conv_template as JSON, instead of what the chat template says",
    )
    parser.add_argument(
        "--runtime",
        type=Path,
        metavar="DIR",
        default=Path("build/model/runtime"),
        help="where TVM's compiled runtime is kept (default: build/model/runtime)",
    )


def add_verify(parser: argparse.ArgumentParser) -> None:
    """Add what `verify` takes."""
    parser.set_defaults(
        module="model.compile.verify.command", function="verify", needs=(*_PACKAGES, "playwright")
    )
    parser.add_argument("source", type=Path, metavar="PATH", help="the checkpoint")
    parser.add_argument("model", type=Path, metavar="DIR", help="what was built of it")
    parser.add_argument("--skip-sampling", action="store_true", help="logits and times only")

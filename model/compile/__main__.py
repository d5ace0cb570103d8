"""`python -m model.compile HF_DIR OUT_DIR`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from model.tools import RecipeError, require

from .architecture import DEFAULT_PREFILL_CHUNK

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile one model; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = _parser().parse_args(arguments)
    try:
        require("safetensors", "numpy")
        from .build import compile_model  # noqa: PLC0415 (--help needs no package)

        compile_model(
            options.source,
            options.out,
            runtime=options.runtime,
            context=options.context,
            prefill_chunk=options.prefill_chunk,
        )
    except RecipeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.compile", description="Compile a Llama for WebLLM."
    )
    parser.add_argument("source", type=Path, metavar="HF_DIR", help="config, weights, tokenizer")
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="the folder WebLLM loads")
    parser.add_argument(
        "--context", type=int, help="tokens a conversation may have (default: config.json's)"
    )
    parser.add_argument(
        "--prefill-chunk",
        type=int,
        default=DEFAULT_PREFILL_CHUNK,
        help=f"tokens of a prompt read at once (default {DEFAULT_PREFILL_CHUNK})",
    )
    parser.add_argument(
        "--runtime",
        type=Path,
        default=Path("build/model/runtime"),
        help="where TVM's compiled runtime is kept (default build/model/runtime)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

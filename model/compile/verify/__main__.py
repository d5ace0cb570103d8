"""`python -m model.compile.verify HF_DIR MODEL_DIR`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from model.tools import RecipeError, require

__all__ = ["main"]

_TIMED: Final = {
    "messages": [{"role": "user", "content": "Write a persona. Name: Ada. Age: 36. Likes: chess."}],
    "max_tokens": 100,
    "seed": 1,
    # The end of the text may not come before the time is taken.
    "ignore_eos": True,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify one model; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.compile.verify", description=__doc__)
    parser.add_argument("source", type=Path, metavar="HF_DIR", help="what was compiled")
    parser.add_argument("model", type=Path, metavar="MODEL_DIR", help="the compiled folder")
    parser.add_argument("--skip-sampling", action="store_true", help="logits and times only")
    options = parser.parse_args(arguments)
    try:
        require("torch", "transformers", "safetensors", "playwright")
        _verify(options)
    except RecipeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _verify(options: argparse.Namespace) -> None:
    # Imported late, so that a missing package is told and not thrown.
    from model.compile.checkpoint import Checkpoint  # noqa: PLC0415

    from .browser import open_engine  # noqa: PLC0415
    from .logits import compare_logits  # noqa: PLC0415
    from .sampling import check_sampling  # noqa: PLC0415

    checkpoint = Checkpoint.read(options.source)
    with open_engine(options.model) as engine:
        loaded = engine.load()
        print(f"loaded in {loaded['milliseconds'] / 1000:.1f} s on {loaded['adapter']}")
        agreement = compare_logits(engine, checkpoint)
        print(agreement)
        agreement.check()
        if not options.skip_sampling:
            print("samplers:", ", ".join(check_sampling(engine)))
        _print_speed(engine.complete(_TIMED))


def _print_speed(answer: dict[str, Any]) -> None:
    usage = answer["usage"]
    print(
        f"{usage['prompt_tokens']} prompt tokens, first token after {answer['first']:.0f} ms, then "
        f"{usage['extra']['decode_tokens_per_s']:.1f} tokens/s over {usage['completion_tokens']}"
    )
    print(f"text: {answer['text'][:400]!r}")


if __name__ == "__main__":
    sys.exit(main())

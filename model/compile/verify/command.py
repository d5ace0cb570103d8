"""`python -m model verify PATH DIR`: holds a compiled folder against the checkpoint."""

import argparse
import sys
from collections.abc import Mapping
from typing import Any, Final

from model.compile.checkpoint import Checkpoint
from model.compile.errors import CheckpointError
from model.compile.prompts import pieces
from model.compile.tokenizer import TextTokens, read_json

from .browser import open_engine
from .logits import compare_logits
from .sampling import check_sampling

__all__ = ["timed_request", "verify"]

_QUESTION: Final = "Write a persona. Name: Ada. Age: 36. Likes: chess."
_TIMED: Final = {
    "max_tokens": 100,
    "seed": 1,
    # The end of the text may not come before the time is taken.
    "ignore_eos": True,
}


def verify(options: argparse.Namespace) -> None:
    """Verify one model in a real browser.

    Raises:
        VerificationError: it does not compute what PyTorch computes.
        ToolError: the browser or WebLLM is missing.
        CheckpointError: the folder was not built, or the checkpoint is not supported.
    """
    if not (options.model / "mlc-chat-config.json").is_file():
        raise CheckpointError(
            f"{options.model} has no mlc-chat-config.json. Give what `python -m model build` wrote."
        )
    sizes = read_json(options.model / "mlc-chat-config.json")
    checkpoint = Checkpoint.read(
        options.source,
        context=sizes["context_window_size"],
        prefill_chunk=sizes["prefill_chunk_size"],
        bits=8 if sizes["quantization"].startswith("q8") else 4,
    )
    with open_engine(options.model) as engine:
        loaded = engine.load()
        _say(f"loaded in {loaded['milliseconds'] / 1000:.1f} s on {loaded['adapter']}")
        agreement = compare_logits(engine, checkpoint)
        _say(str(agreement))
        agreement.check()
        if not options.skip_sampling:
            _say(f"samplers: {', '.join(check_sampling(engine))}")
        _say_speed(engine.complete(timed_request(engine.settings, checkpoint.tokens)))


def timed_request(settings: Mapping[str, Any], tokens: TextTokens) -> dict[str, Any]:
    """Return the request that is timed; in a short context its question is shorter."""
    said = "".join(pieces(settings["conv_template"], [("user", _QUESTION)]))
    fits = len(tokens.encode(said)) * 2 < settings["context_window_size"]
    content = _QUESTION if fits else "Hello"
    return {**_TIMED, "messages": [{"role": "user", "content": content}]}


def _say_speed(answer: dict[str, Any]) -> None:
    usage = answer["usage"]
    _say(
        f"{usage['prompt_tokens']} prompt tokens, first token after {answer['first']:.0f} ms, then "
        f"{usage['extra']['decode_tokens_per_s']:.1f} tokens/s over {usage['completion_tokens']}"
    )
    _say(f"text: {answer['text'][:400]!r}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")

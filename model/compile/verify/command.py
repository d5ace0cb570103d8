"""`python -m model verify PATH DIR`: compare a compiled folder with its checkpoint."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any, Final, Literal

from model.compile.architecture import DTYPES
from model.compile.bert.shape import is_bert
from model.compile.checkpoint import Checkpoint
from model.compile.errors import CheckpointError
from model.compile.prompts import pieces
from model.compile.quality.measure import measure
from model.compile.source import Source
from model.compile.tokenizer import TextTokens, read_json
from model.compile.verify.embeddings import verify_bert
from model.compile.verify.engine import open_engine
from model.compile.verify.logits import compare_logits
from model.compile.verify.sampling import check_sampling

__all__ = ["timed_request", "verify"]

_QUESTION: Final = "Write a persona. Name: Ada. Age: 36. Likes: chess."
_TIMED: Final = {
    "max_tokens": 100,
    "seed": 1,
    # An early end would leave too few tokens to measure.
    "ignore_eos": True,
}


def verify(options: argparse.Namespace) -> None:
    """Verify one model in a real browser.

    Raises:
        VerificationError: The model does not compute what PyTorch computes.
        QualityError: The compiled weights lose too much quality.
        ToolError: Chromium or WebLLM is missing.
        CheckpointError: The folder was not built, or the checkpoint is not supported.
    """
    if not (options.model / "mlc-chat-config.json").is_file():
        raise CheckpointError(
            f"{options.model} has no mlc-chat-config.json. Pass a folder that "
            "`python -m model build` wrote."
        )
    sizes = read_json(options.model / "mlc-chat-config.json")
    bits, dtype = _format(sizes["quantization"])
    if dtype == "float16":
        raise CheckpointError(
            f"{options.model} needs shader-f16, which the emulated GPU of verify does not have. "
            "Verify the same model built with --dtype f32: it has the same weights."
        )
    source = Source.find(options.source).path
    if is_bert(source):
        for line in verify_bert(
            source, options.model, bits=bits, measured=not options.skip_quality
        ):
            _print(line)
        return
    checkpoint = Checkpoint.read(
        source,
        context=sizes["context_window_size"],
        prefill_chunk=sizes["prefill_chunk_size"],
        bits=bits,
        embedding_bits=sizes["model_config"].get("embedding_bits", bits),
    )
    with open_engine(options.model) as engine:
        loaded = engine.load()
        _print(f"loaded in {loaded['milliseconds'] / 1000:.1f} s on {loaded['adapter']}")
        agreement = compare_logits(engine, checkpoint)
        _print(str(agreement))
        agreement.check()
        if not options.skip_sampling:
            _print(f"samplers checked: {', '.join(check_sampling(engine))}")
        _print_speed(engine.complete(timed_request(engine.settings, checkpoint.tokens)))
    if not options.skip_quality:
        quality = measure(checkpoint)
        _print(str(quality))
        quality.check(options.max_loss)


def _format(name: str) -> tuple[int, Literal["float32", "float16"]]:
    """Return bits and type of WebLLM's name for them, such as q4f32_1."""
    return int(name[1]), DTYPES[name[2:5]]


def timed_request(settings: Mapping[str, Any], tokens: TextTokens) -> dict[str, Any]:
    """Return the request whose speed is measured, with a shorter question for a short context."""
    prompt = "".join(pieces(settings["conv_template"], [("user", _QUESTION)]))
    fits = len(tokens.encode(prompt)) * 2 < settings["context_window_size"]
    content = _QUESTION if fits else "Hello"
    return {**_TIMED, "messages": [{"role": "user", "content": content}]}


def _print_speed(answer: dict[str, Any]) -> None:
    usage = answer["usage"]
    _print(
        f"{usage['prompt_tokens']} prompt tokens, first token after {answer['first']:.0f} ms, then "
        f"{usage['extra']['decode_tokens_per_s']:.1f} tokens/s over {usage['completion_tokens']}"
    )
    _print(f"text: {answer['text'][:400]!r}")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")

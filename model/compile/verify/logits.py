"""The network in the browser against PyTorch, number by number."""

from dataclasses import dataclass

import numpy as np

from model.compile.checkpoint import Checkpoint
from model.compile.errors import VerificationError
from model.compile.tokenizer import TextTokens

from .browser import Engine
from .conversation import TOLERANCE, converse, fit, sequence
from .reference import Floats, Reference

__all__ = ["Agreement", "compare_logits"]

# Of the largest logit: two best tokens that are closer may change places by rounding, as random
# weights have them. Below TOLERANCE, so that it says more.
_TIE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How close the browser came, over all positions that were sampled from."""

    positions: int
    tokens: int
    """The length of the whole conversation."""
    worst_error: float
    same_best: int
    """Where the browser's best token is PyTorch's best, or as good but for rounding."""
    cosine: float
    """The smallest cosine with the logits of the weights before they were quantised."""

    def check(self) -> None:
        """Raise VerificationError if the browser's logits are not PyTorch's."""
        if self.worst_error > TOLERANCE:
            raise VerificationError(
                f"The logits differ by {self.worst_error:.1e} of the largest; at most "
                f"{TOLERANCE:.0e} is rounding. A kernel is wrong: compare it with numpy in "
                "tests/model/test_kernels.py and test_kernels_with_barriers.py."
            )


def compare_logits(engine: Engine, checkpoint: Checkpoint) -> Agreement:
    """Run the conversation and compare all logits.

    Raises:
        VerificationError: WebLLM fed another text from its cache than from the start, or did not
            use its cache, or the context is too short for any conversation.
    """
    tokens = checkpoint.tokens
    times, turns = fit(engine.settings, lambda text: len(tokens.encode(text)))
    events, transcript = converse(engine, times=times, turns=turns)
    fed, sampled = sequence(events)
    prefix = engine.settings["conv_template"].get("system_prefix_token_ids") or []
    _check_transcript(tokens, _without_prefix(fed, prefix), transcript)
    expected = Reference.quantized(checkpoint).logits(fed)
    trained = Reference.unquantized(checkpoint).logits(fed)
    errors = [
        float(np.abs(logits - expected[at]).max() / np.abs(expected[at]).max())
        for at, logits in sampled
    ]
    return Agreement(
        positions=len(sampled),
        tokens=len(fed),
        worst_error=max(errors),
        same_best=sum(_is_best(int(logits.argmax()), expected[at]) for at, logits in sampled),
        cosine=min(_cosine(logits, trained[at]) for at, logits in sampled),
    )


def _is_best(token: int, expected: Floats) -> bool:
    behind = expected.max() - expected[token]
    return bool(behind <= _TIE * np.abs(expected).max())


def _without_prefix(fed: list[int], prefix: list[int]) -> list[int]:
    """Take away what WebLLM puts before a conversation as tokens, not as text."""
    if fed[: len(prefix)] == prefix:
        return fed[len(prefix) :]
    raise VerificationError(
        f"The network was fed {fed[: len(prefix)]} first, not {prefix}. See "
        "system_prefix_token_ids in mlc-chat-config.json."
    )


def _check_transcript(tokens: TextTokens, fed: list[int], expected: str) -> None:
    """A tokenizer that puts a space before each piece leaves no trace of who wrote a space."""
    text = tokens.decode(fed)
    if tokens.prepends_space:
        text, expected = ("".join(each.split()) for each in (text, expected))
    if text != expected:
        raise VerificationError(
            f"The network was fed\n{text!r}\nbut the whole conversation is\n{expected!r}\nSee "
            "conversation.py."
        )


def _cosine(one: Floats, other: Floats) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))

"""Compare the logits of the network in the browser with those of PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.compile.checkpoint import Checkpoint
from model.compile.errors import VerificationError
from model.compile.reference import Floats, Reference
from model.compile.tokenizer import TextTokens
from model.compile.verify.conversation import TOLERANCE, converse, fit, sequence
from model.compile.verify.engine import Engine

__all__ = ["Agreement", "compare_logits"]

# Relative to the largest logit: rounding may swap two best tokens that are closer than this, which
# occurs with random weights. Below TOLERANCE, so that the check is stricter.
_TIE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How closely the browser agrees, over all positions that a token was sampled from."""

    positions: int
    tokens: int
    """The length of the whole conversation."""
    worst_error: float
    same_best: int
    """The number of positions where both have the same best token, except for rounding."""
    cosine: float
    """The smallest cosine similarity to the logits of the weights before quantization."""

    def __str__(self) -> str:
        """Return the figures in words."""
        return (
            f"logits as in PyTorch at {self.positions} of {self.tokens} tokens: the largest "
            f"difference is {self.worst_error:.1e} of the largest logit, the best token is the "
            f"same at {self.same_best}, and the cosine similarity to the weights before "
            f"quantization is at least {self.cosine:.4f}"
        )

    def check(self) -> None:
        """Check that the logits of the browser are those of PyTorch.

        Raises:
            VerificationError: They differ by more than rounding.
        """
        if self.worst_error > TOLERANCE:
            raise VerificationError(
                f"The logits must agree within {TOLERANCE:.0e} of the largest, got a difference of "
                f"{self.worst_error:.1e}. Find the wrong kernel by comparing each with numpy, as "
                "tests/model/test_kernels.py and test_kernels_with_barriers.py do."
            )


def compare_logits(engine: Engine, checkpoint: Checkpoint) -> Agreement:
    """Run the conversation and compare all logits.

    Raises:
        VerificationError: The cache does not contain the conversation, or WebLLM did not use it, or
            the context is too short for any conversation.
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
    gap = expected.max() - expected[token]
    return bool(gap <= _TIE * np.abs(expected).max())


def _without_prefix(fed: list[int], prefix: list[int]) -> list[int]:
    """Remove the tokens that WebLLM puts before a conversation."""
    if fed[: len(prefix)] == prefix:
        return fed[len(prefix) :]
    raise VerificationError(
        f"The first tokens of the network must be {prefix}, got {fed[: len(prefix)]}. Correct "
        "system_prefix_token_ids in mlc-chat-config.json."
    )


def _check_transcript(tokens: TextTokens, fed: list[int], expected: str) -> None:
    """Check that the tokens spell the conversation.

    If the tokenizer prepends a space to each piece, spaces are ignored: they may come from it.
    """
    text = tokens.decode(fed)
    if tokens.prepends_space:
        text, expected = ("".join(each.split()) for each in (text, expected))
    if text != expected:
        raise VerificationError(
            f"The tokens of the network must spell\n{expected!r}\ngot\n{text!r}\nCompare "
            "conv_template in mlc-chat-config.json with the chat template."
        )


def _cosine(one: Floats, other: Floats) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))

"""The network in the browser against PyTorch, number by number.

Three turns of one conversation: a prompt of more than one prefill chunk, then two that find their
history in the cache; each is followed by some steps of decode.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from model.compile.checkpoint import Checkpoint
from model.compile.errors import VerificationError

from .browser import Engine
from .reference import Floats, Reference

__all__ = ["TOLERANCE", "Agreement", "compare_logits"]

# Of the largest logit's magnitude. Both sides add float32 numbers, in another order.
TOLERANCE: Final = 1e-3
_DECODED: Final = 12
_TURNS: Final = 3
_LONG: Final = "Ada Lovelace, 36, mathematician from London, likes chess, poetry and long walks. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How close the browser came, over all positions that were sampled from."""

    positions: int
    prompt_tokens: tuple[int, ...]
    reused: int
    """How many prefills found earlier tokens in the cache, of which the long prompt's is one."""
    worst_error: float
    same_best: int
    cosine: float
    """The smallest cosine with the logits of the weights before they were quantised."""

    def check(self) -> None:
        """Raise VerificationError if the browser's logits are not PyTorch's."""
        if self.worst_error > TOLERANCE:
            raise VerificationError(
                f"The logits differ by {self.worst_error:.1e} of the largest; at most "
                f"{TOLERANCE:.0e} is rounding. A kernel is wrong: compare it with numpy in "
                "tests/model/test_kernels.py."
            )
        if self.reused < _TURNS:
            raise VerificationError(
                f"Only {self.reused} prefills continued from the cache, {_TURNS} were meant to. "
                "Did the model's own text change when it was tokenised again?"
            )


def compare_logits(engine: Engine, checkpoint: Checkpoint) -> Agreement:
    """Run the three turns and compare all logits."""
    chunk = checkpoint.architecture.prefill_chunk
    events = _converse(engine, chunk)
    fed, sampled = _sequence(events)
    prompts = tuple(event["usage"]["prompt_tokens"] for event in events if "usage" in event)
    if prompts[0] <= chunk:
        raise VerificationError(f"The first prompt has {prompts[0]} tokens, not over {chunk}.")
    expected = Reference.quantized(checkpoint).logits(fed)
    trained = Reference.unquantized(checkpoint).logits(fed)
    errors = [
        float(np.abs(logits - expected[at]).max() / np.abs(expected[at]).max())
        for at, logits in sampled
    ]
    return Agreement(
        positions=len(sampled),
        reused=sum(
            len(event["fed"]) > 1 and event["past"] > 0 for event in events if "fed" in event
        ),
        prompt_tokens=prompts,
        worst_error=max(errors),
        same_best=sum(logits.argmax() == expected[at].argmax() for at, logits in sampled),
        cosine=min(_cosine(logits, trained[at]) for at, logits in sampled),
    )


def _converse(engine: Engine, chunk: int) -> list[dict[str, Any]]:
    """Return the events of three turns; each repeats what was said before, as clients do."""
    messages: list[dict[str, str]] = [{"role": "system", "content": "You write personas."}]
    events: list[dict[str, Any]] = []
    # Some 20 tokens with any tokenizer, so that the first prompt needs more than one chunk.
    questions = [_LONG * (chunk // 16 + 1), "Make it shorter, please.", "And more playful?"]
    for question in questions:
        messages.append({"role": "user", "content": question})
        request = {"messages": messages, "max_tokens": _DECODED, "temperature": 0}
        events += engine.trace(request, fresh=not events)
        messages.append({"role": "assistant", "content": events[-1]["text"]})
    return events


def _sequence(events: Iterable[dict[str, Any]]) -> tuple[list[int], list[tuple[int, Floats]]]:
    """Return all tokens in the cache, and the logits with the position they were computed at."""
    fed: list[int] = []
    sampled: list[tuple[int, Floats]] = []
    for event in events:
        if "fed" in event:
            # A turn may take back what it had fed, never more than it had.
            del fed[event["past"] :]
            fed.extend(event["fed"])
        if "logits" in event:
            sampled.append((len(fed) - 1, np.array(event["logits"], dtype=np.float32)))
    return fed, sampled


def _cosine(one: Floats, other: Floats) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))

"""The network in the browser against PyTorch, number by number.

Three turns of one conversation: a prompt of more than one prefill chunk, then two that find their
history in the cache; each is followed by some steps of decode.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from tokenizers import Tokenizer

from model.compile.checkpoint import Checkpoint
from model.compile.errors import VerificationError

from .browser import Engine
from .reference import Floats, Reference

__all__ = ["TOLERANCE", "Agreement", "compare_logits"]

# Of the largest logit's magnitude. Both sides add float32 numbers, in another order.
TOLERANCE: Final = 1e-3
_DECODED: Final = 12
_LONG: Final = "Ada Lovelace, 36, mathematician from London, likes chess, poetry and long walks. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How close the browser came, over all positions that were sampled from."""

    positions: int
    tokens: int
    """The length of the whole conversation."""
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


def compare_logits(engine: Engine, checkpoint: Checkpoint) -> Agreement:
    """Run the three turns and compare all logits.

    Raises:
        VerificationError: WebLLM fed other text than ChatML, or did not use its cache.
    """
    tokenizer = Tokenizer.from_file(str(checkpoint.folder / "tokenizer.json"))
    events, transcript = _converse(engine, tokenizer)
    fed, sampled = _sequence(events)
    _check_transcript(tokenizer.decode(fed, skip_special_tokens=False), transcript)
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
        same_best=sum(bool(logits.argmax() == expected[at].argmax()) for at, logits in sampled),
        cosine=min(_cosine(logits, trained[at]) for at, logits in sampled),
    )


def _converse(engine: Engine, tokenizer: Any) -> tuple[list[dict[str, Any]], str]:
    """Return the events of three turns and what was said, as ChatML.

    Each request repeats what was said before, as clients do.
    """
    messages: list[dict[str, str]] = [{"role": "system", "content": "You write personas."}]
    events: list[dict[str, Any]] = []
    chunk = engine.settings["prefill_chunk_size"]
    times = chunk // len(tokenizer.encode(_LONG).ids) + 1
    questions = [_LONG * times, "Make it shorter, please.", "And more playful?"]
    for question in questions:
        messages.append({"role": "user", "content": question})
        request = {"messages": messages, "temperature": 0}
        events += engine.trace(request, tokens=_DECODED, fresh=not events)
        messages.append({"role": "assistant", "content": events[-1]["text"]})
    said = [f"<|im_start|>{each['role']}\n{each['content']}" for each in messages]
    return events, "<|im_end|>\n".join(said)


def _sequence(events: Iterable[dict[str, Any]]) -> tuple[list[int], list[tuple[int, Floats]]]:
    """Return all tokens in the cache, and the logits with the position they were computed at."""
    fed: list[int] = []
    sampled: list[tuple[int, Floats]] = []
    for event in events:
        if "fed" in event:
            if event["past"] != len(fed):
                raise VerificationError(
                    f"WebLLM went on from {event['past']} cached tokens, not from {len(fed)}. "
                    "Look at what resets the chat in its prefill()."
                )
            fed.extend(event["fed"])
        if "logits" in event:
            sampled.append((len(fed) - 1, np.array(event["logits"], dtype=np.float32)))
    return fed, sampled


def _check_transcript(text: str, expected: str) -> None:
    if text != expected:
        raise VerificationError(
            f"The network was fed\n{text!r}\nbut ChatML is\n{expected!r}. See settings.py."
        )


def _cosine(one: Floats, other: Floats) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))

"""The conversation that is compared number by number, and what it says about the network.

Three turns: a prompt of more than one prefill chunk, then two that find their history in the cache;
each is followed by some steps of decode. Needs no more than numpy and the browser, so that the
shipped model can be held against numpy where nothing of the recipe is installed.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from model.compile.errors import VerificationError
from model.compile.prompts import pieces

from .browser import Engine

__all__ = ["SENTENCE", "TOLERANCE", "converse", "sequence"]

# Of the largest logit's magnitude. Both sides add float32 numbers, in another order, and a software
# GPU takes exponentials less exactly: 1e-4 is usual, and ten times that where rounding matters
# most, as it does there between float32 and float64, too. A wrong kernel is off by far more.
TOLERANCE: Final = 3e-3
SENTENCE: Final = (
    "Ada Lovelace, 36, mathematician from London, likes chess, poetry and long walks. "
)
_DECODED: Final = 12

Floats = npt.NDArray[np.float32]


def converse(engine: Engine, *, times: int) -> tuple[list[dict[str, Any]], str]:
    """Return the events of three turns and what was said, as WebLLM writes it from the start.

    The first question is SENTENCE, so many times. Each request repeats what was said before, as
    clients do.
    """
    messages = [{"role": "system", "content": "You write personas."}]
    events: list[dict[str, Any]] = []
    for question in (SENTENCE * times, "Make it shorter, please.", "And more playful?"):
        messages.append({"role": "user", "content": question})
        request = {"messages": messages, "temperature": 0}
        events += engine.trace(request, tokens=_DECODED, fresh=not events)
        messages.append({"role": "assistant", "content": events[-1]["text"]})
    said = [(each["role"], each["content"]) for each in messages]
    return events, "".join(pieces(engine.settings["conv_template"], said))


def sequence(events: Iterable[dict[str, Any]]) -> tuple[list[int], list[tuple[int, Floats]]]:
    """Return all tokens in the cache, and the logits with the position they were computed at.

    Raises:
        VerificationError: WebLLM did not go on from the end of its cache.
    """
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

"""The conversation that is compared number by number, and what it says about the network.

Three turns: a prompt of more than one prefill chunk, then two that find their history in the cache;
each is followed by some steps of decode. In a short context it is less, as `fit` tells. Needs no
more than numpy and the browser, so that the shipped model can be held against numpy where nothing
of the recipe is installed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from model.compile.errors import VerificationError
from model.compile.prompts import pieces

from .browser import Engine

__all__ = ["SENTENCE", "TOLERANCE", "converse", "fit", "sequence"]

# Of the largest logit's magnitude. Both sides add float32 numbers, in another order, and a software
# GPU takes exponentials less exactly: 1e-4 is usual, and ten times that where rounding matters
# most, as it does there between float32 and float64, too. A wrong kernel is off by far more.
TOLERANCE: Final = 3e-3
SENTENCE: Final = (
    "Ada Lovelace, 36, mathematician from London, likes chess, poetry and long walks. "
)
_SYSTEM: Final = "You write personas."
_LATER: Final = ("Make it shorter, please.", "And more playful?")
_TURNS: Final = 1 + len(_LATER)
_DECODED: Final = 12

Floats = npt.NDArray[np.float32]


def fit(settings: Mapping[str, Any], count: Callable[[str], int]) -> tuple[int, int]:
    """Return the `times` and `turns` of `converse` for a model with these settings.

    As many times as fill more than one prefill chunk, and three turns; where the context has no
    room for that, first a shorter question, then fewer turns. `count` tells the tokens of a text.

    Raises:
        VerificationError: not even one short question fits.
    """
    context = settings["context_window_size"]
    wanted = settings["prefill_chunk_size"] // count(SENTENCE) + 1
    for turns in range(_TURNS, 0, -1):
        for times in range(wanted, -1, -1):
            if _length(settings["conv_template"], count, times=times, turns=turns) < context:
                return times, turns
    raise VerificationError(
        f"A context of {context} tokens has no room for a question and an answer of {_DECODED}. "
        "Build the model with a longer --context."
    )


def converse(
    engine: Engine, *, times: int, turns: int = _TURNS
) -> tuple[list[dict[str, Any]], str]:
    """Return the events of some turns and what was said, as it must stand in the cache.

    The first question is SENTENCE, so many times. Each request repeats what was said before, as
    clients do.
    """
    messages = [{"role": "system", "content": _SYSTEM}]
    events: list[dict[str, Any]] = []
    for question in _questions(times, turns):
        messages.append({"role": "user", "content": question})
        request = {"messages": messages, "temperature": 0}
        events += engine.trace(request, tokens=_DECODED, fresh=not events)
        messages.append({"role": "assistant", "content": events[-1]["text"]})
    said = [(each["role"], each["content"]) for each in messages]
    return events, "".join(pieces(_as_cached(engine.settings["conv_template"]), said))


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


def _questions(times: int, turns: int) -> tuple[str, ...]:
    return (SENTENCE * times or "Hello", *_LATER)[:turns]


def _length(form: Mapping[str, Any], count: Callable[[str], int], *, times: int, turns: int) -> int:
    """Return how many tokens are in the cache after the last turn."""
    said = [("system", _SYSTEM)]
    for question in _questions(times, turns):
        said += [("user", question), ("assistant", "")]
    prefix = form.get("system_prefix_token_ids") or []
    return len(prefix) + sum(map(count, pieces(_as_cached(form), said))) + turns * _DECODED


def _as_cached(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the form in which WebLLM's own answers begin as when they were asked for.

    What opens a thought, say, is in the cache after every question, but is not written again before
    an answer of long ago.
    """
    if form["role_content_sep"]:
        return form
    answer = form["role_empty_sep"] + "{assistant_message}"
    return {**form, "role_templates": {**form["role_templates"], "assistant": answer}}

"""The conversation whose logits are compared, and the tokens and logits recorded during it.

Three turns: a prompt of more than one prefill chunk, then two that find their history in the cache;
each is followed by some decode steps. `fit` shortens it for a short context. This needs only numpy
and the browser, so that the shipped model can be compared with numpy without the other requirements
of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from model.compile.errors import VerificationError
from model.compile.prompts import pieces
from model.compile.verify.engine import Engine

__all__ = ["SENTENCE", "TOLERANCE", "converse", "fit", "sequence"]

# Relative to the magnitude of the largest logit. Both sides add float32 numbers, but in a different
# order, and a software GPU computes exponentials less exactly: 1e-4 is usual, and ten times that
# where rounding matters most, as it also does between float32 and float64. A wrong kernel is off by
# far more.
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

    Enough repetitions to exceed one prefill chunk, and three turns; if the context has no room for
    that, first a shorter question, then fewer turns. `count` returns the number of tokens of a
    string.

    Raises:
        VerificationError: The context has no room for one short question.
    """
    context = settings["context_window_size"]
    wanted = settings["prefill_chunk_size"] // count(SENTENCE) + 1
    for turns in range(_TURNS, 0, -1):
        for times in range(wanted, -1, -1):
            if _length(settings["conv_template"], count, times=times, turns=turns) < context:
                return times, turns
    raise VerificationError(
        f"A context of {context} tokens is too short for a question and {_DECODED} answer tokens. "
        "Build the model with a longer --context."
    )


def converse(
    engine: Engine, *, times: int, turns: int = _TURNS
) -> tuple[list[dict[str, Any]], str]:
    """Return the events of some turns, and the transcript as the cache must contain it.

    The first question is SENTENCE repeated `times` times. Each request contains all earlier
    messages, as those of clients do.
    """
    messages = [{"role": "system", "content": _SYSTEM}]
    events: list[dict[str, Any]] = []
    for question in _questions(times, turns):
        messages.append({"role": "user", "content": question})
        request = {"messages": messages, "temperature": 0}
        events += engine.trace(request, tokens=_DECODED, fresh=not events)
        messages.append({"role": "assistant", "content": events[-1]["text"]})
    turns_so_far = [(each["role"], each["content"]) for each in messages]
    return events, "".join(pieces(_as_cached(engine.settings["conv_template"]), turns_so_far))


def sequence(events: Iterable[dict[str, Any]]) -> tuple[list[int], list[tuple[int, Floats]]]:
    """Return all tokens in the cache, and the logits with the position they were computed at.

    Raises:
        VerificationError: WebLLM did not continue at the end of its cache.
    """
    fed: list[int] = []
    sampled: list[tuple[int, Floats]] = []
    for event in events:
        if "fed" in event:
            if event["past"] != len(fed):
                raise VerificationError(
                    f"WebLLM must continue after {len(fed)} cached tokens, got {event['past']}. "
                    "Check what resets the chat in its prefill()."
                )
            fed.extend(event["fed"])
        if "logits" in event:
            sampled.append((len(fed) - 1, np.array(event["logits"], dtype=np.float32)))
    return fed, sampled


def _questions(times: int, turns: int) -> tuple[str, ...]:
    return (SENTENCE * times or "Hello", *_LATER)[:turns]


def _length(form: Mapping[str, Any], count: Callable[[str], int], *, times: int, turns: int) -> int:
    """Return how many tokens are in the cache after the last turn."""
    messages = [("system", _SYSTEM)]
    for question in _questions(times, turns):
        messages += [("user", question), ("assistant", "")]
    prefix = form.get("system_prefix_token_ids") or []
    return len(prefix) + sum(map(count, pieces(_as_cached(form), messages))) + turns * _DECODED


def _as_cached(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the template in which earlier answers start as they did when they were generated.

    The start of a thought, for example, is in the cache after every question, but the template does
    not repeat it before earlier answers.
    """
    if form["role_content_sep"]:
        return form
    answer = form["role_empty_sep"] + "{assistant_message}"
    return {**form, "role_templates": {**form["role_templates"], "assistant": answer}}

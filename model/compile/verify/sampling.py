"""Compare the samplers in the browser with their definitions.

Most checks replace the logits of the network by a few chosen ones, so that the result is known.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from model.compile.errors import VerificationError
from model.compile.verify.engine import Engine

__all__ = ["CHECKS", "check_sampling"]

_PROMPT: Final = [{"role": "user", "content": "Hello"}]
_SKIP: Final = "skip these checks with --skip-sampling"
_JSON_TOKENS: Final = 60  # at most
_SCHEMA: Final = {
    "type": "object",
    "properties": {"tone": {"enum": ["calm", "bold"]}, "kind": {"type": "boolean"}},
    "required": ["tone", "kind"],
}


def check_sampling(engine: Engine) -> list[str]:
    """Run every check and return their names.

    Raises:
        VerificationError: A sampler does not follow its definition.
    """
    for check in CHECKS:
        check(engine)
    return [check.__name__ for check in CHECKS]


def greedy_takes_the_best(engine: Engine) -> None:
    """At temperature 0, every token is the one with the largest logit."""
    events = engine.trace(_request(temperature=0), tokens=8, fresh=True)
    best = [int(np.argmax(event["logits"])) for event in events if "logits" in event][:8]
    sampled = [event["sampled"] for event in events if "sampled" in event][:8]
    _expect(sampled == best, f"temperature 0 must sample {best}, got {sampled}")


def a_seed_repeats(engine: Engine) -> None:
    """The same seed gives the same tokens, a different seed gives different ones."""
    spread = dict.fromkeys(engine.ordinary, 0.0)
    request = _request(max_tokens=12, temperature=1, top_p=1, ignore_eos=True)
    first, again, other = (
        engine.complete({**request, "seed": seed}, forced=spread)["tokens"] for seed in (1, 1, 2)
    )
    _expect(first == again, f"seed 1 must repeat {first}, got {again}")
    _expect(first != other, f"seeds 1 and 2 must give different tokens, both gave {first}")


def top_p_keeps_the_most_probable(engine: Engine) -> None:
    """With probabilities .5, .3, .15 and .05 and top_p .9, the last is never sampled."""
    masses = dict(zip(_four_tokens(engine), (0.5, 0.3, 0.15, 0.05), strict=True))
    *kept, _ = masses
    forced = {token: float(np.log(mass)) for token, mass in masses.items()}
    draws = 240
    counts = Counter(_draw(engine, draws, forced, temperature=1, top_p=0.9, seed=7))
    _expect(set(counts) == set(kept), f"top_p must sample from {kept} only, got {dict(counts)}")
    for token in kept:
        share = masses[token] / 0.95
        deviation = abs(counts[token] - draws * share) / np.sqrt(draws * share * (1 - share))
        _expect(
            deviation < 4,
            f"token {token} must have {share:.0%} of {draws} samples, got {counts[token]}",
        )


def temperature_sharpens(engine: Engine) -> None:
    """A logit that is larger by 1 has probability 73 % at temperature 1, nearly 100 % at 0.1."""
    best, second, *_ = _four_tokens(engine)
    forced = {best: 2.0, second: 1.0}
    counts = Counter(_draw(engine, 100, forced, temperature=0.1, top_p=1, seed=3))
    _expect(
        counts[best] >= 99, f"temperature 0.1 must nearly always sample {best}, got {dict(counts)}"
    )


def bias_moves_a_token(engine: Engine) -> None:
    """A bias is added to the logit."""
    best, moved, *_ = _four_tokens(engine)
    request = _request(max_tokens=4, temperature=0, logit_bias={str(moved): 2}, ignore_eos=True)
    tokens = engine.complete(request, forced={best: 2.0, moved: 1.0})["tokens"]
    _expect(set(tokens) == {moved}, f"a bias of 2 must sample {moved} only, got {tokens}")


def penalties_count(engine: Engine) -> None:
    """Presence, frequency and repetition penalties give the tokens that Python computes."""
    # Chosen so that there is never a tie.
    logits = dict(zip(_four_tokens(engine), (3.0, 2.63, 2.17, -1.0), strict=True))
    for penalties in (
        {"presence_penalty": 0.7, "frequency_penalty": 0.0},
        {"presence_penalty": 0.0, "frequency_penalty": 0.31},
        {"repetition_penalty": 1.3},
    ):
        request = _request(max_tokens=12, temperature=0, ignore_eos=True, **penalties)
        tokens = engine.complete(request, forced=logits)["tokens"]
        expected = _penalized(logits, len(tokens), penalties)
        _expect(tokens == expected, f"{penalties} must give {expected}, got {tokens}")


def logprobs_are_logarithms(engine: Engine) -> None:
    """`top_logprobs` are the logarithms of the probabilities, largest first."""
    masses = dict(zip(_four_tokens(engine)[:3], (0.6, 0.3, 0.1), strict=True))
    forced = {token: float(np.log(mass)) for token, mass in masses.items()}
    request = _request(max_tokens=1, temperature=1, top_p=1, logprobs=True, top_logprobs=3, seed=1)
    [first] = engine.complete(request, forced=forced)["logprobs"]
    found = [entry["logprob"] for entry in first["top_logprobs"]]
    _expect(
        np.allclose(found, list(forced.values()), atol=1e-4),
        f"logprobs must be {list(forced.values())}, got {found}",
    )


def a_grammar_is_obeyed(engine: Engine) -> None:
    """`json_object` with a schema gives JSON of this schema, whatever the logits."""
    form = {"type": "json_object", "schema": json.dumps(_SCHEMA)}
    for seed in range(3):
        request = _request(
            max_tokens=_JSON_TOKENS, temperature=1, top_p=1, seed=seed, response_format=form
        )
        # A bias against white space, which a weak model might repeat indefinitely.
        answer = engine.complete({**request, "logit_bias": _no_white_space(engine)})
        text = answer["text"]
        if answer["finish"] == "length" and len(answer["tokens"]) < _JSON_TOKENS:
            raise VerificationError(
                f"The context is too short for a JSON answer, which was truncated to {text!r}. "
                f"Build the model with a longer --context, or {_SKIP}."
            )
        try:
            value = json.loads(text)
        except ValueError as error:
            raise VerificationError(
                f"The answer must be JSON, got {text!r}. Check the kernel apply_bitmask."
            ) from error
        _expect(
            value.get("tone") in {"calm", "bold"} and isinstance(value.get("kind"), bool),
            f"the answer must match {json.dumps(_SCHEMA)}, got {text!r}",
        )


CHECKS: Final[tuple[Callable[[Engine], None], ...]] = (
    greedy_takes_the_best,
    a_seed_repeats,
    top_p_keeps_the_most_probable,
    temperature_sharpens,
    bias_moves_a_token,
    penalties_count,
    logprobs_are_logarithms,
    a_grammar_is_obeyed,
)


def _request(**options: Any) -> dict[str, Any]:
    """Return a request that turns off the default penalties of the model."""
    none = {"presence_penalty": 0.0, "frequency_penalty": 0.0, "repetition_penalty": 1.0}
    return {"messages": _PROMPT, **none, **options}


def _draw(
    engine: Engine, count: int, forced: dict[int, float], *, seed: int, **options: Any
) -> list[int]:
    """Return `count` sampled tokens; a short context needs several answers, with other seeds."""
    drawn: list[int] = []
    while len(drawn) < count:
        request = _request(max_tokens=count - len(drawn), seed=seed, ignore_eos=True, **options)
        tokens = engine.complete(request, forced=forced)["tokens"]
        _expect(tokens, "an answer must have a token, got none")
        drawn += tokens
        seed += 1
    return drawn


def _four_tokens(engine: Engine) -> list[int]:
    found = engine.ordinary[:4]
    if len(found) < 4:
        raise VerificationError(
            f"The vocabulary must have 4 tokens that are not special, got {len(found)}. Train a "
            f"larger one, or {_SKIP}."
        )
    return found


def _expect(condition: Any, problem: str) -> None:
    if not condition:
        raise VerificationError(f"A sampler is wrong: {problem}. Check model/compile/kernels.")


def _penalized(
    logits: Mapping[int, float], count: int, penalties: Mapping[str, float]
) -> list[int]:
    """Return the tokens of a greedy sampler, in plain Python."""
    seen: Counter[int] = Counter()
    drawn = []
    for _ in range(count):
        now = dict(logits)
        for token, times in seen.items():
            now[token] -= penalties.get("presence_penalty", 0)
            now[token] -= times * penalties.get("frequency_penalty", 0)
            factor = penalties.get("repetition_penalty", 1)
            now[token] = now[token] * factor if now[token] < 0 else now[token] / factor
        drawn.append(max(now, key=lambda token: now[token]))
        seen[drawn[-1]] += 1
    return drawn


def _no_white_space(engine: Engine) -> dict[str, int]:
    return {str(token): -100 for token in engine.white_space}

"""Writes the sample report: held-out and hand-written forms, their texts, and the verdicts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer

from model.data import Message, conversations
from model.data.chatml import prompt
from model.data.prompts import persona_messages
from model.train.check import Verdict, judge, summary
from model.train.generate import Sampling, generate
from model.train.network import Llama

__all__ = ["Case", "hand_written", "report"]

_TALK = (
    "Hello!",
    "Who are you?",
    "Thank you",
    "What is the capital of France?",
    "Describe Omar, a 45-year-old baker who likes chess.",
)
_AT_ONCE = 256


class Case(NamedTuple):
    """A filled-in form and, for each field, the words that a text about it must contain."""

    fields: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]


def hand_written() -> list[Case]:
    """Return forms as visitors fill them in, from hand_written.json."""
    text = Path(__file__).with_name("hand_written.json").read_text("utf-8")
    return [
        Case(
            fields=one["fields"],
            keywords={name: tuple(words) for name, words in one["keywords"].items()},
        )
        for one in json.loads(text)
    ]


def report(network: Llama, tokenizer: Tokenizer, *, held_out: int, sampling: Sampling) -> str:
    """Return the report: verdicts first, then every text.

    `held_out` is the number of forms from the validation split.
    """
    drawn = list(islice(_drawn(sampling.seed), held_out))
    likeliest = replace(sampling, temperature=0.0)
    heads: list[str] = []
    sections: list[str] = []
    for title, cases, how in (
        ("held-out forms, sampled", drawn, sampling),
        ("hand-written forms, sampled", hand_written(), sampling),
        ("hand-written forms, likeliest tokens", hand_written(), likeliest),
    ):
        texts = _generated(network, tokenizer, [_prompt(case.fields) for case in cases], how)
        verdicts = [
            judge(text, ended=ended, keywords=case.keywords)
            for case, (text, ended) in zip(cases, texts, strict=True)
        ]
        asked = Counter(field for case in cases for field in case.keywords)
        heads += [f"# {title}", *summary(verdicts, asked), ""]
        sections += [f"# {title}", ""]
        sections += map(_shown, cases, [text for text, _ in texts], verdicts)
    return "\n".join([*heads, *sections, *_talk(network, tokenizer, sampling)]) + "\n"


def _drawn(seed: int) -> Iterator[Case]:
    for conversation in conversations(seed, "valid"):
        turn = conversation.turns[0]
        if turn.kind == "persona" and turn.fields:
            yield Case(turn.fields, turn.keywords)


def _prompt(fields: Mapping[str, str]) -> str:
    return prompt([Message(one["role"], one["content"]) for one in persona_messages(fields)])


def _generated(
    network: Llama, tokenizer: Tokenizer, prompts: list[str], sampling: Sampling
) -> list[tuple[str, bool]]:
    remaining = iter(prompts)
    texts: list[tuple[str, bool]] = []
    while batch := list(islice(remaining, _AT_ONCE)):
        texts += generate(network, tokenizer, batch, sampling=sampling)
    return texts


def _shown(case: Case, text: str, verdict: Verdict) -> str:
    given = [f"{name}: {' '.join(value.split())}" for name, value in case.fields.items()]
    faults = [f"missing {field}: {', '.join(words)}" for field, words in verdict.missing.items()]
    faults += ["does not end"] * verdict.endless + ["repeats itself"] * verdict.repeating
    return f"[{' / '.join(given)}]\n{text}\n" + (f"!! {'; '.join(faults)}\n" if faults else "")


def _talk(network: Llama, tokenizer: Tokenizer, sampling: Sampling) -> list[str]:
    prompts = [prompt([Message("user", said)]) for said in _TALK]
    texts = _generated(network, tokenizer, prompts, sampling)
    shown = [f"[{said}]\n{text}\n" for said, (text, _) in zip(_TALK, texts, strict=True)]
    return ["# small talk", "", *shown]

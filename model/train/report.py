"""The sample report: answers to unseen forms, hand-written forms and small talk, with scores.

The answers are generated in PyTorch before anything is compiled, and judged like those of the
compiled model, except for grammar, for a quick look at the result of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from tokenizers import Tokenizer

from model.data import Message
from model.data.chatml import prompt
from model.evaluate.case import Answer, Case
from model.evaluate.cases import persona_cases
from model.evaluate.forms import hand_written, small_talk
from model.evaluate.grammar import Sentence
from model.evaluate.judge import Judged, judge
from model.evaluate.report import Result, faults_of, shares
from model.train.generate import Sampling, generate
from model.train.network import Llama

__all__ = ["report"]

_AT_ONCE = 256


def report(network: Llama, tokenizer: Tokenizer, *, held_out: int, sampling: Sampling) -> str:
    """Return the report: scores first, then every answer.

    `held_out` is the number of forms from the validation split.
    """
    by_hand = [*hand_written(typed=False)]
    most_likely = replace(sampling, temperature=0.0)
    heads: list[str] = []
    sections: list[str] = []
    for title, cases, how in (
        ("held-out forms, sampled", [*islice(persona_cases(sampling.seed), held_out)], sampling),
        ("hand-written forms, sampled", by_hand, sampling),
        ("hand-written forms, most likely tokens", by_hand, most_likely),
        ("small talk, sampled", [*small_talk()], sampling),
    ):
        judged = judge(cases, _answers(network, tokenizer, cases, how), grammar=_no_grammar)
        heads += [f"# {title}", *map(_share, shares(judged)), ""]
        sections += [f"# {title}", "", *map(_shown, judged)]
    return "\n".join([*heads, *sections]) + "\n"


def _answers(
    network: Llama, tokenizer: Tokenizer, cases: Sequence[Case], sampling: Sampling
) -> dict[str, list[Answer]]:
    """Return the answers of the network to the first turn of each case, by case id."""
    prompts = map(_prompt, cases)
    texts: list[tuple[str, bool]] = []
    while batch := list(islice(prompts, _AT_ONCE)):
        texts += generate(network, tokenizer, batch, sampling=sampling)
    return {
        case.id: [Answer(text=text, finish="stop" if ended else "length")]
        for case, (text, ended) in zip(cases, texts, strict=True)
    }


def _prompt(case: Case) -> str:
    messages = case.asks[0].messages
    return prompt([Message(one["role"], one["content"]) for one in messages])


def _no_grammar(texts: Sequence[tuple[str, Sequence[str]]]) -> list[list[Sentence]]:
    return [[] for _ in texts]


def _share(one: Result) -> str:
    return f"{one.name:<44} {one.passed}/{one.count} ({one.share:.1%})"


def _shown(judged: Judged) -> str:
    said = judged.ask.messages[-1]["content"].replace("\n", " / ")
    faults = "; ".join(faults_of(judged))
    return f"[{said}]\n{judged.answer.text}\n" + (f"!! {faults}\n" if faults else "")

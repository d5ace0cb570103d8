"""Judge answers: the checks of each answer, and their results."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from model.evaluate.case import Answer, Ask, Case
from model.evaluate.grammar import Sentence, check_grammar
from model.evaluate.known import as_known
from model.evaluate.persons import other_ages, other_names, other_pronouns
from model.evaluate.repetition import repeats
from model.evaluate.typed import persona_in, prose_of, schema_errors, wrong_fields
from model.evaluate.words import contains, normalized

__all__ = ["Finding", "Judged", "judge"]

_HONEST = re.compile(
    r"(?:\b(?:not|never|nobody|no one|cannot)|n['\u2019]t)\b.{0,40}"
    r"\b(?:know|say|said|tell|told|mention|give|given|name|list|sure|guess|among|in the details)"
    r"|\bnobody told\b|\bnothing\b|\bno (?:idea|word)\b|\bunknown\b|\bonly (?:know|have)\b"
    r"|\bleft (?:out|open)\b|\b(?:guess|make) (?:it|that) up\b"
)
# A refusal is in the first person, or names the model, and contains one of these.
_FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine|myself|a small model)\b")
_REFUSES = re.compile(
    r"\b(?:cannot|can['\u2019]t|could not|not able|unable|do(?: not|n['\u2019]t) know)\b"
    r"|\b(?:beyond me|too small|out of (?:my )?reach|turn to|leave that|not for me)\b"
    r"|\bnot (?:the right|good at|made for|something|my)\b|\bsorry\b|\bafraid\b|\bget that wrong\b"
    r"|\bi (?:know|have) no|\bi (?:will|would) not\b|\bno idea\b|\bis all i\b|\btoo serious\b"
    r"|\bknowledge ends\b|\brather not\b|\bmade-up\b"
    r"|\bpersonas?\b|\bmake (?:things |people |somebody )?up\b|\binvent(?:ed|s|ing)?\b"
    r"|\bshall i\b"
)
_SHORTER = re.compile(r"\bshorte[rn]|\btoo long\b|\bbriefer\b|\bcut it\b")
_PROSE = ("persona", "rewrite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check; `part` says what was checked, for example which field."""

    check: str
    passed: bool
    part: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer and its findings."""

    case: Case
    ask: Ask
    answer: Answer
    findings: Sequence[Finding]


# Takes texts with the inputs about the person, and returns their sentences.
Grammar = Callable[[Sequence[tuple[str, Sequence[str]]]], list[list[Sentence]]]


def judge(
    cases: Sequence[Case],
    answers: Mapping[str, Sequence[Answer]],
    *,
    grammar: Grammar = check_grammar,
) -> list[Judged]:
    """Return the findings of every judged turn, and those of comparing different seeds.

    Cases without answers are omitted.
    """
    turns = [*_turns(cases, answers)]
    checked = grammar([(_prose(ask, answer), ask.inputs) for _, ask, answer, _ in turns])
    judged = []
    for (case, ask, answer, before), sentences in zip(turns, checked, strict=True):
        findings = [*_findings(case, ask, answer, before), *_grammar(ask, sentences)]
        judged.append(Judged(case=case, ask=ask, answer=answer, findings=findings))
    return judged + _seeds(judged)


def _turns(
    cases: Sequence[Case], answers: Mapping[str, Sequence[Answer]]
) -> Iterator[tuple[Case, Ask, Answer, str]]:
    """Yield the judged turns, each with its answer and the persona that it refers to."""
    for case in cases:
        if case.id not in answers:
            continue
        for number, ask in enumerate(case.asks):
            if ask.judged:
                known = as_known(ask, _earlier(answers, case, number))
                answer = _answered(answers, case, number)
                yield case, known, answer, _before(answers, case, number)


def _grammar(ask: Ask, sentences: Sequence[Sentence]) -> Iterator[Finding]:
    for sentence in sentences:
        detail = " / ".join(sentence.faults)
        yield Finding(check="clean", passed=not sentence.faults, part=ask.kind, detail=detail)


def _answered(answers: Mapping[str, Sequence[Answer]], case: Case, number: int) -> Answer:
    given = answers[case.id]
    return given[number] if number < len(given) else Answer(text="", finish="", error="no answer")


def _earlier(answers: Mapping[str, Sequence[Answer]], case: Case, number: int) -> list[str]:
    """Return the earlier answers about the same person."""
    first = max((at for at in range(number + 1) if case.asks[at].new_person), default=0)
    return [one.text for one in answers[case.id][first:number]]


def _before(answers: Mapping[str, Sequence[Answer]], case: Case, number: int) -> str:
    """Return the persona that a request for another version refers to."""
    earlier = [
        _answered(answers, case, one).text
        for one in range(number)
        if case.asks[one].kind in (*_PROSE, "typed")
    ]
    return earlier[-1] if earlier else ""


def _prose(ask: Ask, answer: Answer) -> str:
    if ask.kind != "typed":
        return answer.text
    return prose_of(persona_in(answer.text) or {})


def _findings(case: Case, ask: Ask, answer: Answer, before: str) -> Iterator[Finding]:
    yield Finding(check="ends", passed=answer.finish == "stop", detail=answer.error or "truncated")
    if prose := _prose(ask, answer):
        again = repeats(prose, ask.inputs)
        yield Finding(check="loops", passed=not again, detail="; ".join(again[:2]))
    wrong = [*_of_kind(ask, answer, before)]
    yield from wrong
    if case.group in ("follow-up", "talk") and _can_be_right(ask):
        faults = "; ".join(one.detail for one in wrong if not one.passed)
        right = not faults and answer.finish == "stop"
        yield Finding(check="right", passed=right, part=ask.kind, detail=faults or "truncated")


def _can_be_right(ask: Ask) -> bool:
    # The expected answer to a question about invented facts is unknown.
    return ask.kind != "question" or bool(ask.keywords)


def _of_kind(ask: Ask, answer: Answer, before: str) -> Iterator[Finding]:
    if ask.kind == "typed":
        yield from _typed(ask, answer)
    elif ask.kind in _PROSE:
        yield from _fields(ask, _missing(ask, answer.text))
        yield from _person(ask, answer.text)
        if ask.kind == "rewrite":
            yield _rewritten(ask, answer.text, before)
    else:
        yield _reply(ask, answer.text)
    if ask.absent:
        found = ", ".join(word for word in ask.absent if contains(answer.text, word))
        yield Finding(check="absent", passed=not found, detail=f"must not contain {found}")


def _typed(ask: Ask, answer: Answer) -> Iterator[Finding]:
    persona = persona_in(answer.text)
    wrong = ["not a JSON object"] if persona is None else schema_errors(persona, ask.schema or {})
    yield Finding(check="valid", passed=not wrong, detail="; ".join(wrong)[:200])
    yield from _fields(ask, wrong_fields(persona or {}, ask))
    yield from _person(ask, prose_of(persona or {}))


def _missing(ask: Ask, text: str) -> dict[str, tuple[str, ...]]:
    found = {
        fact: tuple(phrase for phrase in alternatives if not contains(text, phrase))
        for fact, alternatives in ask.keywords.items()
    }
    return {fact: alternatives for fact, alternatives in found.items() if alternatives}


def _fields(ask: Ask, missing: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for fact in ask.keywords:
        lost = ", ".join(missing.get(fact, ()))
        yield Finding(check="field", passed=not lost, part=fact, detail=f"{fact} lacks {lost}")
    lost = "; ".join(
        f"{fact} lacks {', '.join(alternatives)}" for fact, alternatives in missing.items()
    )
    yield Finding(check="fields", passed=not missing, detail=lost)


def _person(ask: Ask, text: str) -> Iterator[Finding]:
    if not text:
        return
    found = {
        "age": other_ages(text, ask),
        "name": other_names(text, ask),
        "pronoun": other_pronouns(text, ask),
    }
    detail = "; ".join(f"wrong {what}: {', '.join(some)}" for what, some in found.items() if some)
    yield Finding(check="person", passed=not detail, detail=detail)


def _rewritten(ask: Ask, text: str, before: str) -> Finding:
    request = ask.messages[-1]["content"].casefold()
    is_same = normalized(text) == normalized(before)
    is_long = bool(_SHORTER.search(request)) and len(text) > len(before)
    detail = "unchanged" if is_same else "not shorter" if is_long else ""
    return Finding(check="rewritten", passed=not detail, detail=detail)


def _reply(ask: Ask, text: str) -> Finding:
    lower = text.casefold()
    if ask.kind == "unknown":
        passed = bool(_HONEST.search(lower)) and not lower.startswith("yes")
    elif ask.kind == "refusal":
        passed = bool(_REFUSES.search(lower) and _FIRST_PERSON.search(lower))
    else:
        return _answers(ask, text)
    return Finding(check="reply", passed=passed, detail=f"must be of the kind {ask.kind}")


def _answers(ask: Ask, text: str) -> Finding:
    matches = _mentions if ask.kind == "talk" else contains
    lost = [
        phrase
        for alternatives in ask.keywords.values()
        for phrase in alternatives
        if not matches(text, phrase)
    ]
    passed = bool(text.strip()) and not lost
    return Finding(check="reply", passed=passed, detail=f"lacks {', '.join(lost)}")


def _mentions(text: str, alternatives: str) -> bool:
    # A part of a word is sufficient: "persona" in "personas".
    lower = text.casefold()
    return contains(text, alternatives) or any(
        phrase.casefold() in lower for phrase in alternatives.split("|")
    )


def _seeds(judged: Sequence[Judged]) -> list[Judged]:
    """Return a finding for each pair of answers to the same form with different seeds."""
    return [
        Judged(
            case=two.case,
            ask=two.ask,
            answer=two.answer,
            findings=[
                Finding(
                    check="distinct",
                    passed=normalized(one.answer.text) != normalized(two.answer.text),
                    detail=f"identical to {one.case.id}",
                )
            ],
        )
        for one, two in combinations([each for each in judged if each.case.group == "seed"], 2)
    ]

"""Judges answers: for each, what was checked and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from model.evaluate.case import Answer, Ask, Case
from model.evaluate.grammar import Sentence, check_grammar
from model.evaluate.known import as_known
from model.evaluate.persons import other_ages, other_names, other_pronouns
from model.evaluate.shape import repeats
from model.evaluate.typed import misfits, persona_in, prose_of, wrong_fields
from model.evaluate.words import folded, says

__all__ = ["Finding", "Judged", "judge"]

_HONEST = re.compile(
    r"(?:\b(?:not|never|nobody|no one|cannot)|n['\u2019]t)\b.{0,40}"
    r"\b(?:know|say|said|tell|told|mention|give|given|name|list|sure|guess|among|in the details)"
    r"|\bnobody told\b|\bnothing\b|\bno (?:idea|word)\b|\bunknown\b|\bonly (?:know|have)\b"
    r"|\bleft (?:out|open)\b|\b(?:guess|make) (?:it|that) up\b"
)
# Who refuses speaks of themselves, and says one of these.
_ONESELF = re.compile(r"\b(?:i|me|my|mine|myself)\b")
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
    """One thing that was checked; `part` says of what, for example which field."""

    check: str
    passed: bool
    part: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer with its findings."""

    case: Case
    ask: Ask
    answer: Answer
    findings: Sequence[Finding]


# Takes texts, each with what visitors typed, and returns their sentences.
Grammar = Callable[[Sequence[tuple[str, Sequence[str]]]], list[list[Sentence]]]


def judge(
    cases: Sequence[Case],
    answers: Mapping[str, Sequence[Answer]],
    *,
    grammar: Grammar = check_grammar,
) -> list[Judged]:
    """Return the judgement of every turn that is to be judged, and of all seeds together.

    Cases that nobody has answered are left out.
    """
    turns = [
        (
            case,
            as_known(ask, _earlier(answers, case, number)),
            _answered(answers, case, number),
            _before(answers, case, number),
        )
        for case in cases
        if case.id in answers
        for number, ask in enumerate(case.asks)
        if ask.judged
    ]
    checked = grammar([(_prose(ask, answer), ask.told) for _, ask, answer, _ in turns])
    judged = []
    for (case, ask, answer, before), sentences in zip(turns, checked, strict=True):
        findings = [*_findings(case, ask, answer, before)]
        findings += [
            Finding(
                check="clean",
                passed=not sentence.faults,
                part=ask.kind,
                detail=" / ".join(sentence.faults),
            )
            for sentence in sentences
        ]
        judged.append(Judged(case=case, ask=ask, answer=answer, findings=findings))
    return judged + _seeds(judged)


def _answered(answers: Mapping[str, Sequence[Answer]], case: Case, number: int) -> Answer:
    given = answers[case.id]
    return given[number] if number < len(given) else Answer(text="", finish="", error="no answer")


def _earlier(answers: Mapping[str, Sequence[Answer]], case: Case, number: int) -> list[str]:
    """Return what the model has said of the same person."""
    first = max((at for at in range(number + 1) if case.asks[at].anew), default=0)
    return [one.text for one in answers[case.id][first:number]]


def _before(answers: Mapping[str, Sequence[Answer]], case: Case, number: int) -> str:
    """Return the persona that a wish for another version is about."""
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
    yield Finding(check="ends", passed=answer.finish == "stop", detail=answer.error or "cut off")
    if prose := _prose(ask, answer):
        again = repeats(prose, ask.told)
        yield Finding(check="loops", passed=not again, detail="; ".join(again[:2]))
    wrong = [*_of_kind(ask, answer, before)]
    yield from wrong
    if case.group in ("follow-up", "talk") and _can_be_right(ask):
        faults = "; ".join(one.detail for one in wrong if not one.passed)
        right = not faults and answer.finish == "stop"
        yield Finding(check="right", passed=right, part=ask.kind, detail=faults or "cut off")


def _can_be_right(ask: Ask) -> bool:
    # Of a question about what the model has made up, nobody knows the answer.
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
        said = ", ".join(word for word in ask.absent if says(answer.text, word))
        yield Finding(check="absent", passed=not said, detail=f"says {said}")


def _typed(ask: Ask, answer: Answer) -> Iterator[Finding]:
    persona = persona_in(answer.text)
    wrong = ["is no JSON object"] if persona is None else misfits(persona, ask.schema or {})
    yield Finding(check="valid", passed=not wrong, detail="; ".join(wrong)[:200])
    yield from _fields(ask, wrong_fields(persona or {}, ask))
    yield from _person(ask, prose_of(persona or {}))


def _missing(ask: Ask, text: str) -> dict[str, tuple[str, ...]]:
    found = {
        fact: tuple(way for way in ways if not says(text, way))
        for fact, ways in ask.keywords.items()
    }
    return {fact: ways for fact, ways in found.items() if ways}


def _fields(ask: Ask, missing: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for fact in ask.keywords:
        lost = ", ".join(missing.get(fact, ()))
        yield Finding(check="field", passed=not lost, part=fact, detail=f"{fact} lacks {lost}")
    lost = "; ".join(f"{fact} lacks {', '.join(ways)}" for fact, ways in missing.items())
    yield Finding(check="fields", passed=not missing, detail=lost)


def _person(ask: Ask, text: str) -> Iterator[Finding]:
    if not text:
        return
    found = {
        "age": other_ages(text, ask),
        "name": other_names(text, ask),
        "pronoun": other_pronouns(text, ask),
    }
    detail = "; ".join(f"other {what}: {', '.join(some)}" for what, some in found.items() if some)
    yield Finding(check="person", passed=not detail, detail=detail)


def _rewritten(ask: Ask, text: str, before: str) -> Finding:
    wish = ask.messages[-1]["content"].casefold()
    is_same = folded(text) == folded(before)
    is_long = bool(_SHORTER.search(wish)) and len(text) > len(before)
    detail = "the same again" if is_same else "not shorter" if is_long else ""
    return Finding(check="rewritten", passed=not detail, detail=detail)


def _reply(ask: Ask, text: str) -> Finding:
    lower = text.casefold()
    if ask.kind == "unknown":
        passed = bool(_HONEST.search(lower)) and not lower.startswith("yes")
    elif ask.kind == "refusal":
        passed = bool(_REFUSES.search(lower) and _ONESELF.search(lower))
    else:
        return _answers(ask, text)
    return Finding(check="reply", passed=passed, detail=f"is no {ask.kind}")


def _answers(ask: Ask, text: str) -> Finding:
    holds = _mentions if ask.kind == "talk" else says
    lost = [way for ways in ask.keywords.values() for way in ways if not holds(text, way)]
    passed = bool(text.strip()) and not lost
    return Finding(check="reply", passed=passed, detail=f"lacks {', '.join(lost)}")


def _mentions(text: str, ways: str) -> bool:
    # Parts of words will do, "persona" in "personas".
    lower = text.casefold()
    return says(text, ways) or any(way.casefold() in lower for way in ways.split("|"))


def _seeds(judged: Sequence[Judged]) -> list[Judged]:
    """Return one more finding for each pair of texts of the form with many seeds."""
    return [
        Judged(
            case=two.case,
            ask=two.ask,
            answer=two.answer,
            findings=[
                Finding(
                    check="distinct",
                    passed=folded(one.answer.text) != folded(two.answer.text),
                    detail=f"the same as {one.case.id}",
                )
            ],
        )
        for one, two in combinations([each for each in judged if each.case.group == "seed"], 2)
    ]

"""Holds the findings against the promises: tables to read, JSON for machines, and every failure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model.evaluate.grammar import OFF
from model.evaluate.judge import Finding, Judged
from model.evaluate.shape import likeness

__all__ = [
    "PROMISES",
    "Kept",
    "Promise",
    "faults_of",
    "kept",
    "report_json",
    "report_markdown",
    "shares",
]

# The fields that every form has; pages may add their own.
_FIELDS = ("name", "age", "occupation", "interests", "tone", "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A share of the checks of one name in some groups that must be passed."""

    name: str
    check: str
    groups: tuple[str, ...]
    threshold: float

    def covers(self, judged: Judged, finding: Finding) -> bool:
        """Return whether the finding counts here."""
        return finding.check == self.check and judged.case.group in self.groups


_ALL = ("persona", "typed", "follow-up", "talk", "seed")

PROMISES = (
    Promise(
        name="persona uses every given field", check="fields", groups=("persona",), threshold=0.97
    ),
    Promise(
        name="persona contradicts no age, name or pronoun",
        check="person",
        groups=("persona",),
        threshold=0.98,
    ),
    Promise(
        name="sentences are clean to the grammar checker",
        check="clean",
        groups=_ALL,
        threshold=0.98,
    ),
    Promise(name="answer ends by itself", check="ends", groups=_ALL, threshold=0.99),
    Promise(name="answer does not go in circles", check="loops", groups=_ALL, threshold=0.99),
    Promise(
        name="personas of different seeds differ", check="distinct", groups=("seed",), threshold=1.0
    ),
    Promise(name="typed persona is valid", check="valid", groups=("typed",), threshold=1.0),
    Promise(
        name="typed persona has the fields right", check="fields", groups=("typed",), threshold=0.97
    ),
    Promise(
        name="typed persona contradicts nothing", check="person", groups=("typed",), threshold=0.98
    ),
    Promise(name="follow-up is right", check="right", groups=("follow-up",), threshold=0.90),
    Promise(
        name="small talk and refusals are right", check="right", groups=("talk",), threshold=0.90
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How far a promise was kept; `share` is 1 where nothing was checked."""

    name: str
    passed: int
    count: int
    threshold: float

    @property
    def share(self) -> float:
        """Return the share of checks that were passed."""
        return self.passed / self.count if self.count else 1.0

    @property
    def holds(self) -> bool:
        """Return whether the promise was kept; where nothing was checked, nobody knows."""
        return self.count > 0 and self.share >= self.threshold


def kept(judged: Sequence[Judged]) -> list[Kept]:
    """Return each promise with how far it was kept."""
    return [
        _counted(promise.name, _findings(judged, promise), promise.threshold)
        for promise in PROMISES
    ]


def shares(judged: Sequence[Judged]) -> list[Kept]:
    """Return the promises and the details, field by field, about which something was checked."""
    return [one for one in (*kept(judged), *_details(judged)) if one.count]


def faults_of(each: Judged) -> list[str]:
    """Return what is wrong with an answer, in words."""
    # Each single field is told by "fields", and what is wrong with a follow-up by its own checks.
    told = [one for one in each.findings if not one.passed and one.check not in ("field", "right")]
    return [f"{one.check}: {one.detail}" for one in told]


def _findings(judged: Sequence[Judged], promise: Promise) -> list[Finding]:
    return [one for each in judged for one in each.findings if promise.covers(each, one)]


def _counted(name: str, findings: Sequence[Finding], threshold: float = 0.0) -> Kept:
    passed = sum(one.passed for one in findings)
    return Kept(name=name, passed=passed, count=len(findings), threshold=threshold)


def _details(judged: Sequence[Judged]) -> Iterator[Kept]:
    """Yield figures without a threshold: each field, each kind of follow-up and of sentence."""
    for title, check, groups in (
        ("persona uses", "field", ("persona",)),
        ("typed has", "field", ("typed",)),
        ("right", "right", ("follow-up", "talk")),
        ("clean sentences of", "clean", _ALL),
    ):
        found = [
            one
            for each in judged
            for one in each.findings
            if one.check == check and each.case.group in groups
        ]
        for part in sorted({_part(one) for one in found}):
            yield _counted(f"{title} {part}", [one for one in found if _part(one) == part])


def _part(finding: Finding) -> str:
    own = finding.check == "field" and finding.part not in _FIELDS
    return "fields of the page's own" if own else finding.part


def report_json(judged: Sequence[Judged], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole report as JSON values."""
    promises = kept(judged)
    return {
        "about": {**about, **_times(judged)},
        "kept": all(one.holds for one in promises),
        "promises": [asdict(one) | {"share": one.share, "kept": one.holds} for one in promises],
        "details": [asdict(one) | {"share": one.share} for one in _details(judged)],
        "likeness_of_seeds": likeness([*_texts(judged)]),
        "grammar_rules_off": dict(OFF),
        "failures": [
            {
                "case": each.case.id,
                "kind": each.ask.kind,
                "text": each.answer.text,
                "faults": faults_of(each),
            }
            for each in judged
            if faults_of(each)
        ],
    }


def _texts(judged: Sequence[Judged]) -> list[str]:
    texts = {each.case.id: each.answer.text for each in judged if each.case.group == "seed"}
    return list(texts.values())


def _times(judged: Sequence[Judged]) -> dict[str, Any]:
    # What compares seeds has the answers once more.
    once = {(each.case.id, id(each.ask)): each.answer for each in judged}
    answers = once.values()
    tokens = sum(answer.tokens for answer in answers)
    seconds = sum(answer.milliseconds for answer in answers) / 1000
    return {
        "answers": len(answers),
        "tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 1) if seconds else 0.0,
    }


def report_markdown(judged: Sequence[Judged], about: Mapping[str, Any]) -> str:
    """Return the report to be read: promises, details, then every failure with its text."""
    whole = report_json(judged, about)
    lines = ["# Evaluation of the compiled model", ""]
    lines += [f"{name}: {value}  " for name, value in whole["about"].items()]
    lines += [f"likeness of the texts of different seeds: {whole['likeness_of_seeds']:.3f}", ""]
    lines += ["| promise | kept | share | of | at least |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.name} | {'yes' if one.holds else '**no**'} | {one.share:.2%} | {one.count}"
        f" | {one.threshold:.0%} |"
        for one in kept(judged)
    ]
    lines += ["", "| detail | share | of |", "|---|---|---|"]
    lines += [f"| {one.name} | {one.share:.2%} | {one.count} |" for one in _details(judged)]
    lines += ["", "Rules of the grammar checker that are off:", ""]
    lines += [f"- {rule}: {why}" for rule, why in OFF.items()]
    return "\n".join([*lines, "", "# Failures", "", *_failures(judged)]) + "\n"


def _failures(judged: Sequence[Judged]) -> Iterator[str]:
    for each in judged:
        if faults := faults_of(each):
            asked = each.ask.messages[-1]["content"].replace("\n", " / ")
            yield f"## {each.case.id}, {each.ask.kind}"
            yield ""
            yield f"> {asked}"
            yield ""
            yield each.answer.text.strip() or "(nothing)"
            yield ""
            yield from (f"- {fault}" for fault in faults)
            yield ""

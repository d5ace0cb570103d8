"""Compare the findings with the promises: tables, JSON, and a list of all failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model.evaluate.grammar import OFF
from model.evaluate.judge import Finding, Judged
from model.evaluate.repetition import similarity

__all__ = [
    "PROMISES",
    "Promise",
    "Result",
    "faults_of",
    "report_json",
    "report_markdown",
    "results",
    "shares",
]

# The fields of every form; pages may add custom ones.
_FIELDS = ("name", "age", "occupation", "interests", "tone", "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The minimum share of the checks of one name, in some groups, that must pass."""

    name: str
    check: str
    groups: tuple[str, ...]
    threshold: float

    def covers(self, judged: Judged, finding: Finding) -> bool:
        """Return whether the promise covers the finding."""
        return finding.check == self.check and judged.case.group in self.groups


_ALL = ("persona", "typed", "follow-up", "talk", "seed")

PROMISES = (
    Promise(
        name="persona uses every given field", check="fields", groups=("persona",), threshold=0.98
    ),
    Promise(
        name="persona contradicts no age, name or pronoun",
        check="person",
        groups=("persona",),
        threshold=0.98,
    ),
    Promise(
        name="sentences pass the grammar checker",
        check="clean",
        groups=_ALL,
        threshold=0.98,
    ),
    Promise(name="answer ends by itself", check="ends", groups=_ALL, threshold=0.99),
    Promise(name="answer does not repeat itself", check="loops", groups=_ALL, threshold=0.99),
    Promise(
        name="personas of different seeds differ", check="distinct", groups=("seed",), threshold=1.0
    ),
    Promise(name="typed persona is valid", check="valid", groups=("typed",), threshold=1.0),
    Promise(
        name="typed persona has correct fields", check="fields", groups=("typed",), threshold=0.97
    ),
    Promise(
        name="typed persona contradicts nothing", check="person", groups=("typed",), threshold=0.98
    ),
    Promise(name="follow-up is correct", check="right", groups=("follow-up",), threshold=0.95),
    Promise(
        name="small talk and refusals are correct", check="right", groups=("talk",), threshold=0.90
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a promise; `share` is 1 if nothing was checked."""

    name: str
    passed: int
    count: int
    threshold: float

    @property
    def share(self) -> float:
        """The share of checks that passed."""
        return self.passed / self.count if self.count else 1.0

    @property
    def kept(self) -> bool:
        """Whether the promise was kept; false if nothing was checked."""
        return self.count > 0 and self.share >= self.threshold


def results(judged: Sequence[Judged]) -> list[Result]:
    """Return the result of each promise."""
    return [
        _counted(promise.name, _findings(judged, promise), promise.threshold)
        for promise in PROMISES
    ]


def shares(judged: Sequence[Judged]) -> list[Result]:
    """Return the results of all promises and details for which something was checked."""
    return [one for one in (*results(judged), *_details(judged)) if one.count]


def faults_of(each: Judged) -> list[str]:
    """Return descriptions of the failed checks of an answer."""
    # "fields" covers each "field", and "right" repeats the details of other checks.
    failed = [
        one for one in each.findings if not one.passed and one.check not in ("field", "right")
    ]
    return [f"{one.check}: {one.detail}" for one in failed]


def _findings(judged: Sequence[Judged], promise: Promise) -> list[Finding]:
    return [one for each in judged for one in each.findings if promise.covers(each, one)]


def _counted(name: str, findings: Sequence[Finding], threshold: float = 0.0) -> Result:
    passed = sum(one.passed for one in findings)
    return Result(name=name, passed=passed, count=len(findings), threshold=threshold)


def _details(judged: Sequence[Judged]) -> Iterator[Result]:
    """Yield results without a threshold, by field, kind of follow-up and kind of sentence."""
    for title, check, groups in (
        ("persona uses", "field", ("persona",)),
        ("typed has", "field", ("typed",)),
        ("correct", "right", ("follow-up", "talk")),
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
    return "custom fields" if own else finding.part


def report_json(judged: Sequence[Judged], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole report as JSON values."""
    promises = results(judged)
    return {
        "about": {**about, **_times(judged)},
        "kept": all(one.kept for one in promises),
        "promises": [asdict(one) | {"share": one.share, "kept": one.kept} for one in promises],
        "details": [asdict(one) | {"share": one.share} for one in _details(judged)],
        "similarity_of_seeds": similarity([*_texts(judged)]),
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
    # The comparison of seeds contains the same answers again.
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
    """Return the report as Markdown: promises, details, then every failure with its answer."""
    whole = report_json(judged, about)
    lines = ["# Evaluation of the compiled model", ""]
    lines += [f"{name}: {value}  " for name, value in whole["about"].items()]
    lines += [f"similarity of the texts of different seeds: {whole['similarity_of_seeds']:.3f}", ""]
    lines += ["| promise | kept | share | checks | threshold |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.name} | {'yes' if one.kept else '**no**'} | {one.share:.2%} | {one.count}"
        f" | {one.threshold:.0%} |"
        for one in results(judged)
    ]
    lines += ["", "| detail | share | checks |", "|---|---|---|"]
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
            yield each.answer.text.strip() or "(empty)"
            yield ""
            yield from (f"- {fault}" for fault in faults)
            yield ""

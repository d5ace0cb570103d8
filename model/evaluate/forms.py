"""Hand-written forms, as visitors fill them in, and small talk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from model.evaluate.case import Ask, Case
from model.evaluate.requests import chat_request, persona_request, schema_of
from model.evaluate.seeds import seed_of

__all__ = ["hand_written", "hand_written_follow_ups", "small_talk"]

_HERE = Path(__file__).parent


def hand_written(*, typed: bool) -> Iterator[Case]:
    """Yield a case per form."""
    group = "typed" if typed else "persona"
    for number, form in enumerate(_forms()):
        key = f"{group}/hand-written/{number}"
        yield Case(id=key, group=group, asks=[_form_ask(form, typed=typed, key=key)])


def hand_written_follow_ups() -> Iterator[Case]:
    """Yield the conversations that continue after a form."""
    for number, form in enumerate(_forms()):
        if form.get("then"):
            key = f"follow-up/hand-written/{number}"
            first = _form_ask(form, typed=False, key=key, judged=False)
            yield Case(id=key, group="follow-up", asks=[first, *_later(form, key)])


def small_talk() -> Iterator[Case]:
    """Yield greetings, questions and requests that are not about a persona."""
    cases = json.loads((_HERE / "talk.json").read_text("utf-8"))
    for kind in ("talk", "refusal"):
        for number, one in enumerate(cases[kind]):
            key = f"talk/{kind}/{number}"
            ask = Ask(
                kind=kind,
                messages=[_user(one["say"])],
                request=chat_request(seed=seed_of(key)),
                keywords={"answer": one["any"]} if "any" in one else {},
                inputs=[one["say"]],
            )
            yield Case(id=key, group="talk", asks=[ask])


def _forms() -> list[dict[str, Any]]:
    forms: list[dict[str, Any]] = json.loads((_HERE / "hand_written.json").read_text("utf-8"))
    return forms


def _form_ask(form: Mapping[str, Any], *, typed: bool, key: str, judged: bool = True) -> Ask:
    fields = form["fields"]
    messages, request = persona_request(fields, typed=typed, seed=seed_of(key))
    return Ask(
        kind="typed" if typed else "persona",
        messages=messages,
        request=request,
        keywords=form["keywords"],
        inputs=list(fields.values()),
        name=fields.get("name", ""),
        pronouns=form.get("pronouns", ""),
        years=_years(form["keywords"]),
        schema=schema_of(fields) if typed else None,
        judged=judged,
    )


def _later(form: Mapping[str, Any], key: str) -> Iterator[Ask]:
    inputs: list[str] = list(form["fields"].values())
    name, years = form["fields"].get("name", ""), _years(form["keywords"])
    for number, one in enumerate(form["then"], start=1):
        inputs.append(one["say"])
        name, years = one.get("name", name), one.get("years", years)
        yield Ask(
            kind=one["kind"],
            messages=[_user(one["say"])],
            request=chat_request(seed=seed_of(f"{key}/{number}")),
            keywords=one.get("keywords", {}),
            inputs=tuple(inputs),
            name=name,
            pronouns=form.get("pronouns", ""),
            years=years,
        )


def _years(keywords: Mapping[str, Sequence[str]]) -> int | None:
    [text] = keywords.get("age", ("",))
    return int(text) if text.isdigit() else None


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}

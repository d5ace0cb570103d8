"""The judge of the evaluation: every check accepts correct answers and finds its fault."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from model.data import conversations
from model.evaluate.case import Answer, Ask, Case
from model.evaluate.cases import case_of
from model.evaluate.grammar import Sentence, check_grammar
from model.evaluate.judge import Judged, judge
from model.evaluate.report import report_json, report_markdown, results
from model.evaluate.requests import schema_of
from model.evaluate.words import contains, normalized, numbers_in, sentences

FIELDS = {"name": "Ada King", "age": "36", "occupation": "mathematician", "interests": "chess, tea"}
RIGHT = (
    "Ada King is a 36-year-old mathematician. She enjoys chess and tea. Her plans are simple, and"
    " they change every week."
)
FORM = Ask(
    kind="persona",
    messages=[{"role": "user", "content": "Write a persona."}],
    keywords={
        "name": ["Ada King"],
        "age": ["36"],
        "occupation": ["mathematician"],
        "interests": ["chess", "tea"],
    },
    inputs=[*FIELDS.values()],
    name="Ada King",
    pronouns="she",
    years=36,
)
TYPED = replace(FORM, kind="typed", schema=schema_of(FIELDS))
PERSONA: dict[str, Any] = {
    "name": "Ada King",
    "age": 36,
    "occupation": "mathematician",
    "summary": "She likes order.",
    "interests": ["chess", "tea"],
    "traits": ["calm"],
    "goals": ["prove a theorem"],
}

needs_harper = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


def no_fault(texts: Sequence[tuple[str, Sequence[str]]]) -> list[list[Sentence]]:
    """Replace the grammar checker, which takes a second to start."""
    return [[Sentence(text=text, faults=())] if text else [] for text, _ in texts]


def judged(ask: Ask, text: str, *, finish: str = "stop", group: str = "persona") -> Judged:
    case = Case(id="one", group=group, asks=[ask])
    return judge([case], {"one": [Answer(text=text, finish=finish)]}, grammar=no_fault)[0]


def faults(one: Judged) -> set[str]:
    return {found.check for found in one.findings if not found.passed} - {"field"}


def test_correct_persona_passes_all_checks() -> None:
    assert faults(judged(FORM, RIGHT)) == set()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (("chess and tea", "chess"), "fields"),
        (("mathematician", "teacher"), "fields"),
        (("36-year-old", "37-year-old"), "person"),
        (("She enjoys", "At 52, she enjoys"), "person"),
        (("She enjoys", "He enjoys"), "person"),
        (("She enjoys", "They enjoy"), "person"),
        (("She enjoys", "Kng enjoys"), "person"),
        (("She enjoys", "Olga enjoys"), "person"),
        (("She enjoys chess and tea.", "She enjoys chess and tea. " * 2), "loops"),
        (("plans", "plans plans plans"), "loops"),
    ],
)
def test_fault_in_a_persona_is_found(change: tuple[str, str], check: str) -> None:
    assert RIGHT.replace(*change) != RIGHT
    assert check in faults(judged(FORM, RIGHT.replace(*change)))


def test_truncated_answer_fails_the_check_of_the_end() -> None:
    assert "ends" in faults(judged(FORM, RIGHT, finish="length"))


def test_empty_answer_fails_all_checks() -> None:
    for ask, group in ((FORM, "persona"), (TYPED, "typed")):
        one = judged(ask, "", finish="", group=group)
        assert {"ends", "fields"} <= faults(one)
        assert not [found.check for found in one.findings if found.passed]


def test_case_without_an_answer_is_not_judged() -> None:
    assert judge([Case(id="one", group="persona", asks=[FORM])], {}, grammar=no_fault) == []


@pytest.mark.parametrize(("kind", "text"), [("rewrite", RIGHT), ("typed", json.dumps(PERSONA))])
def test_retracted_fact_is_found(kind: str, text: str) -> None:
    ask = replace(TYPED, kind=kind, absent=["41", "music"])
    assert faults(judged(ask, text, group="follow-up")) == set()
    wrong = text.replace("chess", "music")
    ask = replace(ask, keywords={})
    assert faults(judged(ask, wrong, group="follow-up")) == {"absent", "right"}


def test_question_about_an_unknown_fact_is_not_judged() -> None:
    one = judged(replace(FORM, kind="question", keywords={}), "She is.", group="follow-up")
    assert "right" not in {found.check for found in one.findings}


def test_new_person_is_not_compared_with_the_previous_one() -> None:
    first = replace(TYPED, keywords={}, inputs=[], judged=False)
    then = Ask(kind="persona", messages=[], keywords={"interests": ["jazz"]}, inputs=["jazz"])
    likes_jazz = Answer(text="Olga likes jazz.")
    for new_person in (True, False):
        asks = [first, replace(then, new_person=new_person), then]
        case = Case(id="one", group="follow-up", asks=asks)
        given = [Answer(text=json.dumps(PERSONA)), likes_jazz, likes_jazz]
        for found in judge([case], {"one": given}, grammar=no_fault):
            assert ("person" in faults(found)) is not new_person


@pytest.mark.parametrize("pronouns", ["", "they"])
def test_undetermined_pronoun_may_be_any_single_one(pronouns: str) -> None:
    ask = replace(FORM, pronouns=pronouns)
    plural = RIGHT.replace("She enjoys", "They enjoy").replace("Her", "Their")
    assert "person" not in faults(judged(ask, plural))
    is_wrong = "person" in faults(judged(ask, RIGHT))
    assert is_wrong is (pronouns == "they")
    assert "person" in faults(judged(ask, RIGHT.replace("Her", "His")))


def test_typed_pronoun_and_number_are_not_a_contradiction() -> None:
    ask = replace(
        FORM,
        keywords={**FORM.keywords, "notes": ["his 9-year-old dog"]},
        inputs=[*FORM.inputs, "cares for his 9-year-old dog"],
    )
    assert "person" not in faults(judged(ask, f"{RIGHT} She cares for his 9-year-old dog."))


def test_correct_typed_persona_passes_all_checks() -> None:
    assert faults(judged(TYPED, json.dumps(PERSONA), group="typed")) == set()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"name": "Ada"}, "valid"),
        ({"age": "36"}, "valid"),
        ({"traits": []}, "valid"),
        ({"goals": ["x" * 500]}, "valid"),
        ({"mood": "fine"}, "valid"),
        ({"interests": ["chess"]}, "fields"),
        ({"interests": ["chess"], "summary": "She likes tea."}, "fields"),
        ({"occupation": "teacher"}, "fields"),
        ({"summary": "He likes order."}, "person"),
    ],
)
def test_fault_in_a_typed_persona_is_found(change: dict[str, Any], check: str) -> None:
    assert check in faults(judged(TYPED, json.dumps({**PERSONA, **change}), group="typed"))


@pytest.mark.parametrize(
    ("words", "age", "is_right"),
    [
        ("late fifties", 58, True),
        ("late fifties", 60, False),
        ("late fifties", 53, False),
        ("mid-forties", 44, True),
        ("thirties", 30, True),
        ("thirties", 29, False),
        ("middle ages", 45, False),
    ],
)
def test_typed_age_is_a_year_of_the_range_that_was_given(
    words: str, age: int, is_right: bool
) -> None:
    ask = replace(TYPED, keywords={**TYPED.keywords, "age": [words]}, years=None)
    found = faults(judged(ask, json.dumps({**PERSONA, "age": age}), group="typed"))
    assert ("fields" not in found) is is_right


def test_answer_that_is_not_json_is_not_valid() -> None:
    assert "valid" in faults(judged(TYPED, RIGHT, group="typed"))


@pytest.mark.parametrize(
    ("kind", "keywords", "right", "wrong"),
    [
        ("question", {"age": ["36"]}, "She is thirty-six.", "She is 35."),
        ("question", {"age": ["5"]}, "Ada is 5.", "She is 15."),
        ("unknown", {}, "I do not know; it was not among the details.", "Her sister is Olga."),
        ("refusal", {}, "I cannot help with that. I only write personas.", "It is Paris."),
        ("talk", {"answer": ["hello|hi"]}, "Hello! Who shall it be?", "She is 36."),
        ("question", {"answer": ["yes"]}, "Yes, she does.", "No, she closed her eyes."),
        ("unknown", {}, "It doesn't say.", "Yes, but I do not know more."),
        ("unknown", {}, "I don\u2019t know.", "She has a sister."),
        ("refusal", {}, "I'm afraid I only know personas.", "Paul is a baker, afraid of cats."),
    ],
)
def test_reply_is_judged_by_its_kind(
    kind: str, keywords: dict[str, list[str]], right: str, wrong: str
) -> None:
    ask = replace(FORM, kind=kind, keywords=keywords)
    assert faults(judged(ask, right, group="follow-up")) == set()
    assert {"reply", "right"} <= faults(judged(ask, wrong, group="follow-up"))


def test_rewritten_persona_must_differ_and_be_shorter_if_requested() -> None:
    def again(wish: str, text: str) -> set[str]:
        ask = replace(FORM, kind="rewrite", messages=[{"role": "user", "content": wish}])
        first = replace(FORM, judged=False)
        case = Case(id="one", group="follow-up", asks=[first, ask])
        [one] = judge([case], {"one": [Answer(text=RIGHT), Answer(text=text)]}, grammar=no_fault)
        return faults(one)

    short = "Ada King, 36, is a mathematician who likes chess and tea."
    assert again("Make it shorter", short) == set()
    assert again("Another one", short) == set()
    assert "rewritten" in again("Make it shorter", f"{RIGHT} She likes long walks, too.")
    assert "rewritten" in again("Another one", RIGHT)


def test_seeds_with_identical_answers_are_found() -> None:
    def distinct(texts: Sequence[str]) -> list[bool]:
        cases = [Case(id=f"{number}", group="seed", asks=[FORM]) for number in range(len(texts))]
        answers = {f"{number}": [Answer(text=text)] for number, text in enumerate(texts)}
        found = [one for each in judge(cases, answers, grammar=no_fault) for one in each.findings]
        return [one.passed for one in found if one.check == "distinct"]

    assert distinct(["One.", "Two.", "Three."]) == [True] * 3
    assert distinct(["One.", "Two.", "one"]) == [True, False, True]


@needs_harper
def test_faulty_sentences_are_found_but_typed_words_are_ignored() -> None:
    texts = [
        (RIGHT, FORM.inputs),
        (RIGHT.replace("She enjoys", "She enjoy"), FORM.inputs),
        ("She have a cat. He has a dog. Ada is a old friend.", []),
        ("He likes teh sea. They likes it.", ["teh sea"]),
        ("He likes teh sea.", []),
    ]
    found = [[bool(one.faults) for one in each] for each in check_grammar(texts)]
    assert found == [[False] * 3, [False, True, False], [True, False, True], [False, True], [True]]


def test_report_contains_failures_and_kept_promises() -> None:
    good, bad = judged(FORM, RIGHT), judged(FORM, RIGHT.replace("tea", "rum"), finish="length")
    whole = report_json([good, bad], {"parts": 1})
    by_name = {one.name: one for one in results([good, bad])}
    fields = by_name["persona uses every given field"]
    assert (fields.passed, fields.count, fields.share, fields.kept) == (1, 2, 0.5, False)
    assert by_name["persona contradicts no age, name or pronoun"].kept
    assert not whole["kept"]
    [failure] = whole["failures"]
    assert any("tea" in fault for fault in failure["faults"])
    assert "rum" in report_markdown([good, bad], {"parts": 1}).partition("# Failures")[2]


def test_promise_without_checks_is_not_kept() -> None:
    assert not any(one.kept for one in results([]))


def test_tokens_of_compared_seeds_are_counted_once() -> None:
    cases = [Case(id=f"{number}", group="seed", asks=[replace(FORM)]) for number in range(3)]
    answers = {case.id: [Answer(text=case.id, tokens=10, milliseconds=500)] for case in cases}
    about = report_json(judge(cases, answers, grammar=no_fault), {})["about"]
    assert about == {"answers": 3, "tokens": 30, "tokens_per_second": 20.0}


@needs_harper
def test_answers_of_the_generator_pass_the_judge() -> None:
    """If they fail a check, either the check or the generator is wrong."""
    cases, answers = [], {}
    for number, conversation in enumerate(islice(conversations(3, "valid"), 300)):
        group = "follow-up" if len(conversation.turns) > 1 else conversation.turns[0].kind
        case = case_of(conversation, key=str(number), first=0)
        cases.append(replace(case, group={"refusal": "talk"}.get(group, group)))
        answers[case.id] = [Answer(text=turn.answer) for turn in conversation.turns]
    shares = {one.name: one.share for one in results(judge(cases, answers))}
    assert min(shares.values()) >= 0.97, shares


def test_words_are_found_in_all_forms() -> None:
    assert contains("She keeps two hens.", "hen")
    assert contains("He tells stories.", "story")
    assert contains("They are thirty-six.", "36")
    assert contains("A 36-year-old cook.", "thirty-six")
    assert contains("She loves Rock & Roll.", "rock & roll")
    assert contains("Nothing here.", "one|here")
    assert not contains("She teaches.", "tea")
    assert normalized("Ada's  TWENTY-ONE  cats!") == "adas 21 cats"
    assert numbers_in(["nine lives", "in 1999"]) == {9, 1999}


def test_sentences_do_not_end_at_titles_and_initials() -> None:
    text = "Dr. C. Foster saw Ada B. King. She waved! Did she?"
    assert sentences(text) == ["Dr. C. Foster saw Ada B. King.", "She waved!", "Did she?"]


@pytest.mark.parametrize(
    ("fact", "example", "right", "wrong"),
    [
        ("age", "34", "They are 26.", "They are 34."),
        ("name", "Nusrat", "This is Cedar.", "This is Nusrat."),
        ("interests", "vlogging", "Jazz and tea.", "Jazz."),
    ],
)
def test_follow_up_is_consistent_with_invented_facts(
    fact: str, example: str, right: str, wrong: str
) -> None:
    inputs = ["poetic", "What about it?"]
    first = replace(TYPED, keywords={}, inputs=inputs[:1], name="Nusrat", years=34, judged=False)
    asked = Ask(
        kind="question",
        messages=[],
        keywords={fact: [example]},
        inputs=inputs,
        name="Nusrat",
        years=34,
    )
    case = Case(id="one", group="follow-up", asks=[first, asked])
    own = Answer(
        text=json.dumps({**PERSONA, "name": "Cedar", "age": 26, "interests": ["jazz", "tea"]})
    )
    for reply, passes in ((right, True), (wrong, False)):
        [found] = judge([case], {"one": [own, Answer(text=reply)]}, grammar=no_fault)
        assert next(one.passed for one in found.findings if one.check == "right") is passes, reply


def test_follow_up_in_prose_uses_the_invented_name() -> None:
    inputs = ["likes chess", "Who is it?"]
    first = replace(FORM, keywords={}, inputs=inputs[:1], judged=False)
    asked = Ask(kind="question", messages=[], keywords={"name": ["Nusrat"]}, inputs=inputs)
    case = Case(id="one", group="follow-up", asks=[first, asked])
    own = Answer(text="Wojciech likes chess. He reads a lot.")
    for reply, passes in (("This is Wojciech.", True), ("This is Nusrat.", False)):
        [found] = judge([case], {"one": [own, Answer(text=reply)]}, grammar=no_fault)
        assert next(one.passed for one in found.findings if one.check == "right") is passes, reply

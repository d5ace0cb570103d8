"""The cases of the evaluation, and their replay by the real engine."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from pywebllm.builtin import BUILTIN_PATH
from pywebllm.persona.prompt import persona_messages

from model.__main__ import main
from model.browser.chromium import FLAGS, find_chromium
from model.browser.server import QuietHandler, serving
from model.data import Conversation, Message, Turn
from model.data.language.lexicon import note_forms
from model.evaluate.case import Ask, Case, read_answers, read_cases, write_cases
from model.evaluate.cases import PARAPHRASES, SEEDS, case_of, make_cases
from model.evaluate.forms import hand_written, hand_written_follow_ups, small_talk
from model.evaluate.pack import pack
from model.evaluate.replay import replay
from model.evaluate.requests import persona_request
from model.evaluate.words import contains
from model.tools import RecipeError

MODEL = Path(__file__).parents[2] / "static" / BUILTIN_PATH


@cache
def cases(count: int) -> list[Case]:
    return make_cases(count=count, seed=0)


def test_retracted_facts_must_not_appear() -> None:
    """Until they are given again, or the conversation turns to another person."""
    ages = {"age": ("36",)}
    turns = [
        Turn(asked=(Message("user", text),), answer="", kind=kind, keywords=ages, absent=absent)
        for text, kind, absent in (
            ("Describe Ada, 36", "persona", ()),
            ("Make her 41 instead of 36", "rewrite", ("36", "made up")),
            ("How old is she?", "question", ()),
            ("Is she 36?", "question", ("yes",)),
            ("More playful", "rewrite", ()),
            ("Let her be 36 again", "rewrite", ("41",)),
            ("Describe Olga, 50", "persona", ()),
        )
    ]
    asks = case_of(Conversation(turns=tuple(turns)), key="one").asks
    assert [(*ask.absent,) for ask in asks] == [
        *((), ("36",), (), ("yes",), ("36",), ("41",), ()),
    ]
    assert [ask.new_person for ask in asks] == [True, *[False] * 5, True]


@pytest.mark.parametrize("words", PARAPHRASES)
def test_paraphrases_come_from_the_lexicon(words: str) -> None:
    lead = words.removeprefix("a ").removeprefix("big ")
    forms = [form for form in note_forms() if any(lead in one.text for one in form.inputs)]
    outputs = " ".join(one.text for form in forms for one in form.outputs)
    assert forms
    assert all(phrase.split()[0] in outputs for phrase in PARAPHRASES[words])


def test_paraphrase_of_a_note_is_accepted() -> None:
    notes = {"notes": ("famous for", "chocolate cake")}
    turn = Turn(asked=(Message("user", "Describe her"),), answer="", kind="persona", keywords=notes)
    [ask] = case_of(Conversation(turns=(turn,)), key="one").asks
    alternatives, cake = ask.keywords["notes"]
    assert contains("Friends come over for her chocolate cake.", alternatives)
    assert not contains("She bakes chocolate cake.", alternatives)
    assert cake == "chocolate cake"


def test_same_seed_makes_the_same_cases() -> None:
    assert make_cases(count=6, seed=0) == cases(6)
    assert make_cases(count=6, seed=1) != cases(6)


def test_cases_cover_every_kind() -> None:
    groups = Counter(case.group for case in cases(30))
    assert groups["persona"] == groups["typed"] == 60
    assert groups["seed"] == SEEDS
    assert groups["talk"] == 30
    kinds = Counter(ask.kind for case in cases(30) for ask in case.asks if ask.judged)
    assert kinds.keys() == {
        *("persona", "typed", "question", "unknown", "rewrite", "talk", "refusal")
    }
    follow_ups = [case for case in cases(30) if case.id.startswith("follow-up/")]
    assert sum(ask.judged for case in follow_ups for ask in case.asks) >= 30


def test_ids_and_seeds_are_unique() -> None:
    assert max(Counter(case.id for case in cases(30)).values()) == 1
    seeds = [ask.request["seed"] for case in cases(30) for ask in case.asks]
    assert max(Counter(seeds).values()) == 1


def test_prose_and_json_cases_have_the_same_forms() -> None:
    by_id = {case.id: case.asks[0] for case in cases(6)}
    for number in range(6):
        prose, typed = by_id[f"persona/{number}"], by_id[f"typed/{number}"]
        assert prose.inputs == typed.inputs
        assert typed.schema is not None
        assert typed.request["response_format"]["type"] == "grammar"
        assert "response_format" not in prose.request


def test_requests_are_those_of_the_library() -> None:
    [case] = [case for case in cases(2) if case.id == "persona/hand-written/0"]
    form = {
        "name": "Sophie",
        "age": "24",
        "occupation": "barista",
        "interests": "vinyl records, thrift shopping",
        "tone": "casual",
    }
    assert case.asks[0].messages == persona_messages(form)
    assert case.asks[0].request.keys() == {"temperature", "max_tokens", "seed"}


def test_hand_written_forms_contain_their_keywords() -> None:
    forms = [case.asks[0] for case in hand_written(typed=False)]
    assert len(forms) >= 40
    for ask in forms:
        inputs = " . ".join(ask.inputs)
        for field, alternatives in ask.keywords.items():
            if field == "occupation" and "|" in alternatives[0]:
                continue
            assert all(contains(inputs, phrase) for phrase in alternatives), (inputs, field)
    assert len([*hand_written_follow_ups()]) >= 15
    assert len([*small_talk()]) >= 40


def test_cases_are_written_and_read(tmp_path: Path) -> None:
    write_cases(tmp_path / "cases.json", cases(2))
    found = read_cases(tmp_path / "cases.json")
    assert json.dumps([case.id for case in found]) == json.dumps([case.id for case in cases(2)])
    assert found[0].asks[0].request == cases(2)[0].asks[0].request


def test_missing_files_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--only", "judge", "--out", str(tmp_path)]) == 1
    assert "transcripts.jsonl" in capsys.readouterr().err
    assert main(["evaluate", "--only", "replay", "--out", str(tmp_path)]) == 1
    assert "MODEL_DIR" in capsys.readouterr().err
    for step in ("replay", "pack"):
        assert main(["evaluate", str(MODEL), "--only", step, "--out", str(tmp_path)]) == 1
        assert "--only cases" in capsys.readouterr().err


def test_cases_of_another_version_are_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("[", '[{"id": "one"}]', '[{"id": "1", "group": "talk", "asks": [{"mood": 1}]}]'):
        (tmp_path / "cases.json").write_text(text, "utf-8")
        for step in ("replay", "pack"):
            assert main(["evaluate", str(MODEL), "--only", step, "--out", str(tmp_path)]) == 1
            assert "--only cases" in capsys.readouterr().err


def test_counts_of_zero_are_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in ("--count", "--pages"):
        assert main(["evaluate", "--only", "cases", number, "0", "--out", str(tmp_path)]) == 1
        assert "above zero" in capsys.readouterr().err


def test_failed_part_is_reported(tmp_path: Path) -> None:
    (tmp_path / "part").write_text('part-0.js {"exception": "out of memory"}\n', "utf-8")
    with pytest.raises(RecipeError, match="out of memory"):
        read_answers([tmp_path / "part"])


FORM = {"name": "Ada", "age": "36", "interests": "chess"}


def few_cases() -> list[Case]:
    first, _ = persona_request(FORM, typed=False, seed=1)
    then = [{"role": "user", "content": "How old is she?"}]
    request = {"max_tokens": 12, "seed": 1}
    grammar = {"type": "grammar", "grammar": 'root ::= "yes" | "no"'}
    return [
        Case(
            id="talk",
            group="talk",
            asks=[
                Ask(kind="persona", messages=first, request={**request, "temperature": 0.7}),
                Ask(kind="question", messages=then, request=request),
            ],
        ),
        Case(
            id="bound",
            group="typed",
            asks=[
                Ask(kind="typed", messages=first, request=request | {"response_format": grammar})
            ],
        ),
        Case(
            id="bad",
            group="talk",
            asks=[Ask(kind="talk", messages=then, request={"max_tokens": -1})] * 2,
        ),
    ]


def test_real_engine_gives_the_same_answers_again(tmp_path: Path) -> None:
    some = few_cases()
    out = replay(MODEL, [*some, some[1]], pages=2, out=tmp_path / "transcripts.jsonl")
    answers, about = read_answers([out])
    assert about["parts"] == 2
    assert "swiftshader" in about["adapter"]
    first, second = answers["talk"]
    assert first.text
    assert first.finish == "length"
    assert first.tokens == 12
    assert second.prompt_tokens > 0
    assert answers["bound"][0].text in ("yes", "no")
    assert [bool(answer.error) for answer in answers["bad"]] == [True, True]
    again, _ = read_answers([replay(MODEL, some[:1], pages=1, out=tmp_path / "again.jsonl")])
    assert [answer.text for answer in again["talk"]] == [answer.text for answer in answers["talk"]]


def evaluated(folder: Path) -> list[str]:
    """Evaluate each script of a pack in a page, as any tool could."""
    handler = partial(QuietHandler, directory=str(folder / "site"))
    with serving(handler) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        page = browser.new_page()
        page.goto(address)
        lines = [
            f"{script.name} {json.dumps(page.evaluate(script.read_text('utf-8')))}\n"
            for script in sorted(folder.glob("part-*.js"))
        ]
        browser.close()
    return lines


def test_pack_can_be_replayed_by_evaluating_scripts(tmp_path: Path) -> None:
    write_cases(tmp_path / "cases.json", few_cases()[:2])
    folder = pack(
        MODEL,
        tmp_path / "cases.json",
        tmp_path / "pack",
        parts=2,
        seconds=100,
        thread="main",
        engine="webllm",
    )
    # In a separate thread, because other tests of this process keep Playwright running.
    with ThreadPoolExecutor(1) as thread:
        lines = thread.submit(evaluated, folder).result()
    (tmp_path / "parts").write_text("".join(lines), "utf-8")
    answers, _ = read_answers([tmp_path / "parts"])
    assert answers.keys() == {"talk", "bound"}

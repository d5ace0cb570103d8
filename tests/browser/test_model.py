"""The built-in model in the real engine: its files, its computation and its personas.

The engine runs on the main thread of a bare page, where the input of the network can be observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser
from pywebllm.builtin import BUILTIN_PATH
from pywebllm.persona.prompt import persona_messages

from model.browser.chromium import FLAGS, find_chromium
from model.browser.page import bare_page
from model.checksums import CHECKSUMS, checksums
from model.compile.verify.conversation import TOLERANCE, converse, sequence
from model.compile.verify.engine import PROBE, Engine
from model.compile.verify.sampling import a_grammar_is_obeyed, a_seed_repeats, greedy_takes_the_best
from tests.browser.shipped import REVISION, SHIPPED, ShippedNetwork
from tests.contexts import new_context

FORMS = (
    {"name": "Ada", "age": "36", "occupation": "mathematician", "interests": "chess, poetry"},
    {"name": "Mateo Silva", "age": "9", "interests": "football, dinosaurs", "tone": "playful"},
    {"name": "Yuki Tanaka", "age": "17", "occupation": "student", "interests": "painting"},
    {"name": "Priya", "age": "28", "occupation": "nurse", "interests": "running, baking"},
    {"name": "Oskar Lind", "age": "52", "occupation": "carpenter", "interests": "sailing"},
    {"name": "Grace", "age": "81", "interests": "gardening, crosswords", "tone": "warm"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The engine, and the durations of its start in milliseconds."""

    engine: Engine
    load: float
    first_tokens: list[float]
    """From request to first token, for the first ten requests, which are equal."""


@pytest.fixture(scope="module")
def started(chromium: Browser, site: str) -> Iterator[Started]:
    """Load the model in a new browser, because a used one has cached its shaders."""
    browser = chromium.browser_type.launch(executable_path=find_chromium(), args=list(FLAGS))
    page = new_context(browser).new_page()
    page.route("**/probe.js", lambda route: route.fulfill(path=PROBE))
    bare_page(page, site)
    engine = Engine(page, site + BUILTIN_PATH, REVISION)
    load = engine.load()["milliseconds"]
    request = {"messages": persona_messages(FORMS[0]), "max_tokens": 1, "seed": 1}
    firsts = [engine.complete(request)["first"] for _ in range(10)]
    yield Started(engine=engine, load=load, first_tokens=firsts)
    browser.close()


def write(
    started: Started, form: dict[str, str], *, seed: int, length: int = 200
) -> dict[str, Any]:
    """Request a persona as the library does; `length` is in tokens."""
    messages = persona_messages(form)
    return started.engine.complete({"messages": messages, "max_tokens": length, "seed": seed})


def test_files_of_the_model_are_the_released_ones() -> None:
    assert checksums(SHIPPED) == (SHIPPED / CHECKSUMS).read_text("utf-8")


def test_download_of_the_model_is_small() -> None:
    sizes = {path.name: path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()}
    # A visit downloads one of the two libraries.
    unused = min(sizes["model.wasm"], sizes["model-gpu.wasm"])
    assert sum(sizes.values()) - unused <= 12_000_000


def test_load_of_the_model_takes_as_long_as_few_first_tokens(
    started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f" loaded in {started.load / 1000:.1f} s, all shaders included ", end="")
    # About 15 of them; a slow machine delays both.
    assert started.load < 100 * median(started.first_tokens)


def test_no_shader_is_compiled_after_the_load(started: Started) -> None:
    """Otherwise the first answer would take longer than later equal ones."""
    first, *later = started.first_tokens
    assert first <= 2.5 * median(later[-5:]), started.first_tokens


def test_engine_computes_what_numpy_computes(started: Started) -> None:
    """A prompt of more than one chunk, decode, and further turns from the cache."""
    events, _ = converse(started.engine, times=15)
    fed, sampled = sequence(events)
    starts = [event["past"] for event in events if len(event.get("fed", ())) > 1]
    chunk = started.engine.settings["prefill_chunk_size"]
    assert starts[:2] == [0, chunk]
    assert len(starts) == 4, "two chunks of the first turn, one of each further turn"
    assert len(sampled) > 30
    expected = ShippedNetwork(REVISION).logits(fed)
    for at, logits in sampled:
        error = np.abs(logits - expected[at]).max() / np.abs(expected[at]).max()
        assert error <= TOLERANCE, f"token {at} of {len(fed)}"
        assert logits.argmax() == expected[at].argmax(), f"token {at} of {len(fed)}"


@pytest.mark.parametrize(
    "check",
    [greedy_takes_the_best, a_seed_repeats, a_grammar_is_obeyed],
    ids=lambda check: check.__name__,
)
def test_engine_obeys_temperature_seed_and_grammar(
    started: Started, check: Callable[[Engine], None]
) -> None:
    check(started.engine)


def test_persona_depends_on_the_seed_only(started: Started) -> None:
    answers = [write(started, FORMS[0], seed=seed, length=30) for seed in (1, 1, 2)]
    first, again, other = (answer["text"] for answer in answers)
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", range(len(FORMS)))
def test_persona_contains_what_the_form_says(started: Started, seed: int) -> None:
    form = FORMS[seed]
    answer = write(started, form, seed=seed)
    assert answer["finish"] == "stop"
    for value in (form["name"], form["age"], *form["interests"].split(", ")):
        assert value.lower() in answer["text"].lower()

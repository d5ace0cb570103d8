"""One engine for all tabs: what a reload, a second tab, the end of a tab and a stuck worker do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Route
from pywebllm import wire

from model.browser.python import PagePython
from tests.browser.shared_tab import SharedTab, record_of, user
from tests.contexts import new_context

llm: Any = None

ADA = "Name: Ada\nAge: 36\nInterests: chess"


@pytest.fixture(scope="module")
def profile(chromium: Browser) -> Iterator[BrowserContext]:
    """A profile whose tabs share one worker, for all tests of this file that do not break it."""
    context = new_context(chromium)
    yield context
    context.close()


@pytest.fixture(scope="module")
def tab(profile: BrowserContext, site: str) -> SharedTab:
    """A tab in which the model is loaded, and which stays open."""
    tab = SharedTab(profile, site)
    phases = tab.load()
    assert tab.is_shared
    assert "compile" in phases
    return tab


def test_second_tab_is_ready_without_a_second_load(
    tab: SharedTab, profile: BrowserContext, site: str
) -> None:
    second = SharedTab(profile, site)
    assert second.load() == ["ready"]
    assert second.page.evaluate("bridge.inUseBy()") == 1
    second.page.close()
    tab.page.wait_for_function("bridge.inUseBy() === 0")


def test_turn_after_a_reload_of_the_only_tab_reads_as_little_as_without(tab: SharedTab) -> None:
    assert tab.page.evaluate("bridge.inUseBy()") == 0
    cached = []
    for reloads in (False, True):
        first = tab.chat([user(ADA)])
        messages = [user(ADA), {"role": "assistant", "content": first["text"]}, user("And then?")]
        if reloads:
            tab.reload()
            assert tab.load() == ["ready"]
        cached.append(tab.chat(messages, max_tokens=4)["usage"]["extra"]["cached_tokens"])
    assert cached[0] == cached[1] > 0


def test_stream_is_stopped_when_its_tab_is_closed(
    tab: SharedTab, profile: BrowserContext, site: str
) -> None:
    other = SharedTab(profile, site)
    other.load()
    tab.page.evaluate("received.length = 0")
    other.begin("endless", [user(ADA)], max_tokens=900, ignore_eos=True)
    tab.page.wait_for_function("running === 1")
    other.page.close()
    # At once, but the machine may be busy; the 900 tokens would take far longer.
    tab.page.wait_for_function("running === 0", timeout=10_000)
    # Of the other tab's answer this one received nothing but that an engine works.
    assert set(tab.page.evaluate("received")) == {"state"}
    assert tab.chat([user("Name: Bob")], max_tokens=3)["text"]


def test_interleaved_chats_of_three_tabs_are_those_of_engines_apart(
    tab: SharedTab, profile: BrowserContext, site: str
) -> None:
    tabs = [tab, SharedTab(profile, site), SharedTab(profile, site)]
    subjects = ["Name: Ada, a pilot", "Name: Bob, a cook", "Name: Cy, a nurse"]
    apart = [_talk([tab], [subject]) for subject in subjects]
    for one in tabs[1:]:
        one.load()
    together = _talk(tabs, subjects)
    for one in tabs[1:]:
        one.page.close()
    assert together == [texts for (texts,) in apart]
    assert len({str(texts) for texts in together}) == len(tabs)


def _talk(tabs: list[SharedTab], subjects: list[str]) -> list[list[str]]:
    """Let each tab have a conversation of three turns, all at the same time; return the answers."""
    answers: list[list[str]] = [[] for _ in tabs]
    histories = [[user(subject)] for subject in subjects]
    for _ in range(3):
        for tab, history in zip(tabs, histories, strict=True):
            tab.begin("turn", history, max_tokens=6)
        for tab, history, texts in zip(tabs, histories, answers, strict=True):
            found = tab.end("turn")
            assert found["error"] is None, found
            texts.append(found["text"])
            history += [{"role": "assistant", "content": found["text"]}, user("And then?")]
    return answers


def test_resumable_answer_is_written_to_its_end_without_its_tab(
    tab: SharedTab, profile: BrowserContext, site: str
) -> None:
    other = SharedTab(profile, site)
    other.load()
    resumable = {"enabled": True, "sessionId": "left", "background": True}
    other.begin("left", [user(ADA)], max_tokens=40, extra_body={"resumable": resumable})
    tab.page.wait_for_function("running === 1")
    other.page.close()
    tab.page.wait_for_function("running === 0")
    query = "request => drain(bridge.query(JSON.stringify(request)))"
    found = tab.page.evaluate(query, {"kind": "sessions.text", "session_id": "left"})
    assert [found["error"], found["items"][0]["completion_tokens"]] == [None, 40]


def test_models_of_two_tabs_are_both_kept_and_one_that_is_taken_comes_back(
    tab: SharedTab, profile: BrowserContext, site: str
) -> None:
    other = SharedTab(profile, site, keepAlive=0)
    model = record_of(site, "another-q4f32_1")
    assert "compile" in other.load(model)
    assert tab.load() == ["ready"]
    assert other.chat([user(ADA)], max_tokens=3)["text"]
    # It is kept for 0 s after an answer.
    other.page.wait_for_function("request => !bridge.holds(request)", arg=wire.load_request(model))
    assert other.load() == ["ready"]
    tab.begin("taken", [user(ADA)], max_tokens=900, ignore_eos=True)
    other.page.wait_for_function("running === 1")
    other.page.evaluate("bridge.unload(true)")
    other.page.close()
    assert tab.end("taken")["error"] == "ModelUnloadedError"
    assert tab.chat([user(ADA)], max_tokens=3)["text"]


_WORKER = """
import "/webllm_bridge.js";
addEventListener("connect", ({ ports: [port] }) => {
  port.addEventListener("message", ({ data }) => {
    const end = performance.now() + (data.busy ?? 0);
    while (performance.now() < end);
  });
});
"""


def test_stuck_worker_is_left_for_a_new_one_and_ends_when_it_wakes(
    context: BrowserContext, site: str
) -> None:
    def serve(route: Route) -> None:
        route.fulfill(body=_WORKER, content_type="text/javascript")

    context.route("**/busy.js", serve)
    tab = SharedTab(context, site, environment={"answerTimeout": 1}, workerUrl=site + "busy.js")
    locks = """async () => (await navigator.locks.query()).held
      .map(({ name }) => / ([01]) [^ ]*-[^ ]*$/.exec(name)?.[1]).filter(Boolean).sort().join("")"""
    assert tab.page.evaluate(locks) == "0"
    tab.page.evaluate("port.postMessage({ busy: 8000 })")
    assert "compile" in tab.load()
    assert tab.chat([user(ADA)], max_tokens=3)["text"]
    while tab.page.evaluate(locks) != "1":
        pass


def test_model_of_the_wheel_outlives_a_reload_of_the_page(fresh_python: PagePython) -> None:
    async def load() -> list[Any]:
        global llm
        from pywebllm import AsyncWebLLM

        phases: list[str] = []
        llm = AsyncWebLLM(share=True, keep_alive="1m")
        await llm.load(on_progress=lambda progress: phases.append(progress.phase))
        reply = await llm.chat.completions.create(
            messages=[{"role": "user", "content": "Name: Ada"}], max_tokens=3, temperature=0
        )
        return [llm.shared, llm.in_use_by(), "compile" in phases, reply.text]

    *first, text = fresh_python.run(load)
    assert first == [True, 0, True]
    fresh_python.reload()
    assert fresh_python.run(load) == [True, 0, False, text]

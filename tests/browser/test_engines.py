"""WebLLM and llama.cpp with the same weights: the same answers, and the same promises."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from model.browser.chromium import disabling, find_chromium
from model.browser.page import wait_for_no_worker
from model.browser.python import PagePython
from model.browser.site import ROOT, served_site
from tests.pages import PAGES

# A global in the page, which keeps its value between runs.
llm: Any = None


async def _answers(assets: str, engine: Any) -> dict[str, Any]:
    from dataclasses import dataclass

    from pywebllm import AsyncWebLLM

    @dataclass
    class Person:
        name: str
        age: int

    def person(name: str) -> str:
        """Find a person.

        Args:
            name: The name.
        """
        return name

    found: dict[str, Any] = {}
    kinds: list[str] = []

    def keep(name: str, answer: Any) -> None:
        (choice,) = answer.choices
        usage = answer.usage
        text = choice.text if hasattr(choice, "text") else choice.message.content
        calls = getattr(getattr(choice, "message", None), "tool_calls", None) or ()
        called = [[call.function.name, call.function.arguments] for call in calls]
        counts = [usage.prompt_tokens, usage.completion_tokens]
        found[name] = [text, called, choice.finish_reason, counts]

    async with AsyncWebLLM(assets_url=assets, engine=engine) as llm:
        llm.engine_changed.subscribe(lambda choice: kinds.append(choice.engine))
        create = llm.chat.completions.create
        facts = "Name: Ada Moreno\nAge: 36\nOccupation: marine biologist\nTone: warm"
        user = {"role": "user", "content": facts}
        common: dict[str, Any] = {"temperature": 0, "max_tokens": 40}
        first = await create(messages=[user], logprobs=True, **common)
        keep("chat", first)
        found["tokens"] = [token.token for token in first.choices[0].logprobs.content]
        again = {"role": "user", "content": 'And a shorter one, for "Grace"?'}
        turn = await create(messages=[user, first.choices[0].message, again], **common)
        keep("second turn", turn)
        cached = turn.usage.prompt_tokens_details.cached_tokens
        found["reads the second turn only"] = cached > turn.usage.prompt_tokens / 2
        keep("stop string", await create(messages=[user], stop=["year-old", "kind"], **common))
        text = "a<|im_end|>b é ü 日本 😀 don't 12,345. The end; {'x': 'so'}\n\n\tA  b"
        keep("control token", await create(messages=[{"role": "user", "content": text}], **common))
        keep("completion", await llm.completions.create(prompt="Ada Moreno, a 36-", **common))
        parsed = await llm.chat.completions.parse(messages=[user], response_format=Person, **common)
        keep("grammar", parsed)
        found["parsed"] = type(parsed.choices[0].message.parsed).__name__
        # WebLLM counts beside the grammar, llama.cpp by it.
        short, longer = {"type": "string", "maxLength": 5}, {"type": "string", "maxLength": 21}
        schema = {"properties": {"name": short, "job": longer}, "required": ["name", "job"]}
        form = {"type": "json_object", "schema": {"type": "object", **schema}}
        keep("lengths", await create(messages=[user], response_format=form, **common))
        for choice in ("required", "auto"):
            answer = await create(messages=[user], tools=[person], tool_choice=choice, **common)
            keep(f"tool {choice}", answer)
        found["engine"] = [llm.engine, kinds]
    return found


def test_both_engines_write_the_same_text_from_the_same_weights(
    python: PagePython, site: str
) -> None:
    """Token by token, with equal counts; a prompt has the same tokens in both."""
    webllm = python.run(_answers, assets=site, engine="webllm")
    wllama = python.run(_answers, assets=site, engine="wllama")
    assert webllm.pop("engine") == ["webllm", ["webllm"]]
    assert wllama.pop("engine") == ["wllama", ["wllama"]]
    # WebLLM reads an answer again that max_tokens has cut.
    assert wllama.pop("reads the second turn only")
    webllm.pop("reads the second turn only")
    assert wllama == webllm
    assert "Ada Moreno" in wllama["chat"][0]
    person = json.loads(wllama["lengths"][0])
    assert len(person["name"]) <= 5
    assert len(person["job"]) <= 21
    assert wllama["tool required"][1][0][0] == "person"


def test_support_names_what_each_engine_can_do_and_auto_takes_wllama_on_a_software_adapter(
    python: PagePython, site: str
) -> None:
    async def check(assets: str) -> list[Any]:
        from pywebllm import AsyncWebLLM, check_support

        found = await check_support(assets_url=assets)
        installed = await check_support()
        async with AsyncWebLLM(assets_url=assets) as llm:
            choices: list[str] = []
            llm.engine_changed.subscribe(lambda choice: choices.append(choice.reason))
            await llm.load()
            engines = {name: support.ok for name, support in found.engines.items()}
            wheel = [installed.engine, installed.engines["wllama"].problem]
            return [engines, found.engine, found.reason, llm.engine, choices, wheel]

    engines, taken, reason, used, choices, wheel = python.run(check, assets=site)
    assert engines == {"webllm": True, "wllama": True}
    assert (taken, used) == ("wllama", "wllama")
    assert "emulates the GPU" in reason
    assert choices == [reason]
    assert wheel == ["webllm", "The files of the engine wllama are not installed."]


def test_answer_of_wllama_can_be_stopped_in_every_phase_and_the_next_one_comes(
    fresh_python: PagePython, site: str
) -> None:
    async def stop(assets: str) -> list[Any]:
        import asyncio

        import pywebllm

        global llm
        llm = pywebllm.AsyncWebLLM(assets_url=assets, engine="wllama")
        create = llm.chat.completions.create
        outcomes: list[Any] = []

        async def outcome(work: Any) -> str:
            results: Any = await asyncio.gather(work, return_exceptions=True)
            return type(results[0]).__name__

        for phase in ("start", "fetch", "load", "compile"):
            loads: list[Any] = []

            def cancel(progress: Any, phase: str = phase, loads: list[Any] = loads) -> None:
                if progress.phase == phase:
                    loads[0].cancel()

            loads.append(asyncio.ensure_future(llm.load(on_progress=cancel)))
            done = await asyncio.gather(*loads, return_exceptions=True)
            outcomes.append([phase, type(done[0]).__name__, llm.is_loaded()])
        await llm.load()
        user = [{"role": "user", "content": "Name: Ada"}]
        long = [{"role": "user", "content": "She likes long walks. " * 150}]
        reading = asyncio.ensure_future(create(messages=long))
        for _ in range(20):  # until the request is made
            await asyncio.sleep(0)
        reading.cancel()
        outcomes.append(await outcome(reading))
        stream = await create(messages=user, stream=True, ignore_eos=True, max_tokens=900)
        await anext(stream)
        await stream.close()
        running = asyncio.ensure_future(create(messages=user, max_tokens=40, temperature=0))
        queued = asyncio.ensure_future(create(messages=user, max_tokens=5))
        await asyncio.sleep(0)
        queued.cancel()
        text = (await running).text
        outcomes.append(bool(text))
        outcomes.append((await create(messages=user, max_tokens=40, temperature=0)).text == text)
        outcomes.append(await outcome(create(messages=[*long, *long, *long])))
        bad = {"type": "grammar", "grammar": "root ::= missing"}
        outcomes.append(await outcome(create(messages=user, response_format=bad)))
        begun = [*user, {"role": "assistant", "content": "Ada is"}]
        outcomes.append(await outcome(create(messages=begun)))
        outcomes.append(llm.is_loaded())
        last = await create(messages=user, stream=True, ignore_eos=True, max_tokens=900)
        await anext(last)
        await llm.close()
        outcomes.append(await outcome(last.read()))
        return outcomes

    found = fresh_python.run(stop, assets=site)
    phases = [[phase, "CancelledError", False] for phase in ("start", "fetch", "load", "compile")]
    assert found[:4] == phases
    refusals = ["ContextWindowError", "InvalidRequestError", "InvalidRequestError"]
    assert found[4:] == ["CancelledError", True, True, *refusals, True, "DisposedError"]
    wait_for_no_worker(fresh_python.page)


# Requests that the table of engines says are refused.
REFUSED: dict[str, dict[str, Any]] = {
    "enable_latency_breakdown": {"enable_latency_breakdown": True},
}


def test_what_the_table_of_engines_says_is_refused_is_refused_by_name(
    python: PagePython, site: str
) -> None:
    async def ask(assets: str, requests: list[dict[str, Any]]) -> list[str]:
        from pywebllm import AsyncWebLLM, InvalidRequestError

        messages = []
        async with AsyncWebLLM(assets_url=assets, engine="wllama") as llm:
            for request in requests:
                user = [{"role": "user", "content": "Hi"}]
                try:
                    await llm.chat.completions.create(messages=user, **request)
                except InvalidRequestError as error:
                    messages.append(str(error))
        return messages

    rows = re.findall(r"^\| `(\w+)` \| .* \| refused \|$", PAGES["engines.md"], re.MULTILINE)
    assert sorted(rows) == sorted(REFUSED)
    messages = python.run(ask, assets=site, requests=[REFUSED[name] for name in rows])
    for name, message in zip(rows, messages, strict=True):
        assert f"{name} is not supported by the engine wllama" in message


def test_worker_of_wllama_that_ends_is_noticed_and_the_next_request_loads_it_again(
    fresh_python: PagePython, site: str
) -> None:
    async def begin(assets: str) -> bool:
        from pywebllm import AsyncWebLLM

        global llm
        llm = AsyncWebLLM(assets_url=assets, engine="wllama")
        await llm.load()
        return bool(llm.is_loaded())

    async def again() -> list[Any]:
        import asyncio

        lost = asyncio.Event()
        llm.api.lost.subscribe(lambda _: lost.set())
        if llm.is_loaded():
            await lost.wait()
        user = [{"role": "user", "content": "Name: Ada"}]
        answer = await llm.chat.completions.create(messages=user, max_tokens=5)
        await llm.close()
        return [bool(answer.text), llm.engine]

    assert fresh_python.run(begin, assets=site) is True
    worker = next(one for one in fresh_python.page.workers if "webllm_bridge" in one.url)
    worker.evaluate("() => void setTimeout(() => self.close())")
    assert fresh_python.run(again) == [True, "wllama"]


def _page_without_webgpu(chromium: Browser) -> Page:
    flags = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
    browser = chromium.browser_type.launch(
        executable_path=find_chromium(), args=[disabling("WebGPU"), *flags]
    )
    page = browser.new_page()
    # Without the feature there is no adapter, but still the property.
    page.add_init_script("delete Navigator.prototype.gpu")
    return page


def _write_persona(page: Page, site: str) -> str:
    page.goto(site + "#/persona")
    generate = page.get_by_role("button", name="Generate")
    expect(generate).to_be_enabled()
    generate.click()
    expect(page.get_by_text(re.compile(r"tokens/s"))).to_be_visible()
    return page.get_by_role("log").inner_text()


def test_page_without_webgpu_writes_a_persona_and_says_what_runs_the_model(
    chromium: Browser, site: str
) -> None:
    page = _page_without_webgpu(chromium)
    persona = _write_persona(page, site)
    assert page.evaluate("navigator.gpu === undefined")
    assert len(persona.split()) > 20
    expect(page.get_by_text("This browser has no WebGPU.")).to_be_visible()
    expect(page.get_by_text("by llama.cpp in one thread")).to_be_visible()
    page.context.browser.close()  # type: ignore[union-attr]


def test_isolated_page_uses_half_of_the_cores(page: Page) -> None:
    with served_site("--isolated") as site:
        assert len(_write_persona(page, site).split()) > 20
        assert page.evaluate("crossOriginIsolated") is True
        cores = page.evaluate("navigator.hardwareConcurrency")
    words = "one thread" if cores < 4 else rf"{min(cores // 2, 8)} threads"
    expect(page.get_by_text(f"by llama.cpp in {words}.")).to_be_visible()


def test_package_beside_the_wheel_brings_the_engine(installed_python: PagePython) -> None:
    async def write(wheel: str) -> list[Any]:
        import micropip
        from pywebllm import AsyncWebLLM

        await micropip.install(wheel)
        async with AsyncWebLLM() as llm:
            user = [{"role": "user", "content": "Name: Ada"}]
            answer = await llm.chat.completions.create(messages=user, max_tokens=10)
            return [llm.engine, bool(answer.text)]

    wheel = next((ROOT / "build/site").glob("pywebllm_wllama-*.whl")).name
    base = installed_python.page.evaluate("document.baseURI")
    url = base.rsplit("/", 1)[0] + "/" + wheel
    assert installed_python.run(write, wheel=url) == ["wllama", True]

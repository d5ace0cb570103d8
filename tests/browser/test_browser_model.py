"""The browser's own model behind `connect`, with a stand-in for the Prompt API, and without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.python import PagePython

STAND_IN = Path(__file__).with_name("language_model.js").read_text("utf-8")


async def without() -> list[Any]:
    """Prefer a model that Chromium has not: its interface says so, or is missing."""
    from pywebllm import browser, connect

    async with await connect(prefer="browser") as client:
        return [await browser.browser_model_state(), client.backend.kind]


async def load() -> list[Any]:
    from pywebllm import AsyncWebLLM, ModelNotFoundError, browser

    seen: list[float] = []
    async with AsyncWebLLM("browser", bridge=browser.open_browser_model) as llm:
        await llm.load(on_progress=lambda progress: seen.append(progress.ratio))
        try:
            await llm.load("another")
        except ModelNotFoundError as error:
            return [seen, str(error)]
    raise AssertionError("there is another model")


async def converse() -> dict[str, Any]:
    from pywebllm import connect

    async with await connect() as client:
        create = client.chat.completions.create
        history: list[Any] = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": [{"type": "text", "text": "How are you"}]},
        ]
        whole = await create(model=client.backend.model, messages=history, stop="END")
        stream = await create(model="browser", messages=history[:2], stream=True)
        pieces = [choice.delta.content or "" async for it in stream for choice in it.choices]
        schema = {"type": "object", "properties": {"n": {"const": 7}}, "required": ["n"]}
        answer: Any = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
        typed: Any = await create(model="browser", messages=history[:2], response_format=answer)
        usage = whole.usage
        return {
            "backend": [client.backend.kind, client.backend.model, client.backend.reason],
            "whole": whole.choices[0].message.content,
            "usage": usage and [usage.prompt_tokens, usage.completion_tokens],
            "pieces": pieces,
            "typed": typed.choices[0].message.content,
        }


async def refuse() -> list[Any]:
    """Ask for what the interface has not, and for too much, and leave an answer."""
    import asyncio

    import openai
    from pywebllm import connect

    user: list[Any] = [{"role": "user", "content": "Hi"}]
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    grammar = {"type": "grammar", "grammar": 'root ::= "a"'}
    image = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    requests: list[dict[str, Any]] = [
        {"temperature": 0.5}, {"max_tokens": 5}, {"seed": 1}, {"logprobs": True},
        {"tools": [tool]}, {"extra_body": {"response_format": grammar}},
        {"messages": [{"role": "user", "content": image}]},
        {"messages": [{"role": "user", "content": "word " * 60}]},
    ]  # fmt: skip
    found: list[Any] = []
    async with await connect() as client:
        create = client.chat.completions.create
        for request in requests:
            try:
                await create(**{"model": "browser", "messages": user, **request})
            except openai.APIStatusError as error:
                found.append([error.status_code, error.code, error.message])
        waiting: list[Any] = [{"role": "user", "content": "wait"}]
        try:
            async with asyncio.timeout(1):
                await create(model="browser", messages=waiting)
        except TimeoutError:
            found.append("left")
        again = await create(model="browser", messages=user, frequency_penalty=0)
        found.append(again.choices[0].message.content)
    return found


def test_browser_without_a_model_of_its_own_is_passed_over(sdk_python: PagePython) -> None:
    state, kind = sdk_python.run(without)
    assert state in ("missing", "unavailable")
    assert kind == "page"


def test_browsers_own_model_answers_what_it_can_and_refuses_the_rest(
    context: BrowserContext, page: Page, site: str
) -> None:
    context.add_init_script("delete Navigator.prototype.gpu")
    context.add_init_script(STAND_IN)
    python = PagePython(page, site, pyodide_wheels("pyodide-requirements.txt"))
    seen, another = python.run(load)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert "there is no model 'another'" in another
    found = python.run(converse)
    kind, model, reason = found["backend"]
    assert (kind, model) == ("browser", "browser")
    assert "WebGPU" in reason
    assert found["whole"] == "You said: How are you. "
    assert found["usage"] == [7, 7]
    assert len(found["pieces"]) > 2
    assert "".join(found["pieces"]) == "You said: Hi. END More."
    assert found["typed"] == '{"n":7}'
    *refused, large, left, again = python.run(refuse)
    names = ("temperature", "max_tokens", "seed", "logprobs", "tools", "grammar", "images")
    for name, (status, _, message) in zip(names, refused, strict=True):
        assert status == 400
        assert name in message
        assert "the browser's own model cannot do that" in message
    assert large[1] == "context_length_exceeded"
    assert "61 tokens of at most 50" in large[2]
    assert left == "left"
    assert again == "You said: Hi. END More."
    log = page.evaluate("promptLog")
    assert "system,user,assistant" in log["created"]
    assert log["destroyed"] == len(log["created"])
    assert log["aborted"] >= 1

"""`AsyncWebLLM` and `WebLLM` in the real engine: loading, stopping, queueing and sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from model.browser.page import wait_for_no_worker
from model.browser.python import PagePython
from tests.snapshots import RestoredPython

# Globals in the page: the client that most tests share, and a value that a test keeps between runs.
llm: Any = None
kept: Any = None
asked: Any = None

# Tokens of the answers that are stopped: many times as many as of the answers that are read.
ENDLESS = 800

HI = [{"role": "user", "content": "Tell me all about Ada."}]


@pytest.fixture(scope="module", params=["webllm", "wllama"])
def client(request: pytest.FixtureRequest, python: PagePython, site: str) -> Iterator[PagePython]:
    """The page, with a client whose model is loaded, with each engine."""

    async def start(assets: str, engine: Any) -> None:
        global llm
        from pywebllm import AsyncWebLLM

        llm = AsyncWebLLM(assets_url=assets, engine=engine)
        await llm.load()

    async def end() -> None:
        await llm.close()

    python.run(start, assets=site, engine=request.param)
    yield python
    python.run(end)


def test_first_request_loads_the_model(python: PagePython) -> None:
    async def ask(messages: list[Any]) -> list[bool]:
        from pywebllm import AsyncWebLLM

        async with AsyncWebLLM() as llm:
            before = llm.is_loaded()
            reply = await llm.chat.completions.create(messages=messages, max_tokens=5)
            return [before, llm.is_loaded(), bool(reply.text)]

    assert python.run(ask, messages=HI) == [False, True, True]


def test_load_reports_its_progress_and_unload_frees_the_worker(fresh_python: PagePython) -> None:
    async def load() -> list[Any]:
        global llm
        from pywebllm import AsyncWebLLM, LoadProgress

        llm = AsyncWebLLM()
        reported: list[Any] = []

        def report(progress: LoadProgress) -> None:
            reported.append([progress.ratio, progress.phase, llm.is_loaded()])

        await llm.load(on_progress=report)
        return reported

    async def unload() -> bool:
        await llm.unload()
        return bool(llm.is_loaded())

    async def ask_and_close(messages: list[Any]) -> list[bool]:
        reply = await llm.chat.completions.create(messages=messages, max_tokens=5)
        await llm.close()
        return [bool(reply.text), llm.is_loaded()]

    *running, last = fresh_python.run(load)
    ratios = [ratio for ratio, _, _ in running]
    assert ratios == sorted(ratios)
    assert not any(loaded for _, _, loaded in running)
    assert last == [1, "ready", True]
    assert len(fresh_python.page.workers) == 1
    assert fresh_python.run(unload) is False
    wait_for_no_worker(fresh_python.page)
    assert fresh_python.run(ask_and_close, messages=HI) == [True, False]
    wait_for_no_worker(fresh_python.page)


def test_two_models_answer_at_once_and_a_third_replaces_one(
    fresh_python: PagePython, site: str
) -> None:
    """To the engine, the built-in model's files under other ids are other models."""

    async def ask(site: str, messages: list[Any]) -> list[Any]:
        global llm
        import asyncio

        from pywebllm import AsyncWebLLM, ModelRecord
        from pywebllm.builtin import BUILTIN_PATH

        url = site + BUILTIN_PATH
        records = [
            ModelRecord(model=url, model_id=name, model_lib=f"{url}model.wasm")
            for name in ("second", "third")
        ]
        llm = AsyncWebLLM(records=records, max_models=2, assets_url=site, engine="webllm")

        async def say(model: str | None) -> Any:
            return await llm.chat.completions.create(
                model=model, messages=messages, temperature=0, max_tokens=8
            )

        replies = await asyncio.gather(say(None), say("second"))
        texts = {reply.text for reply in replies}
        loaded = [llm.is_loaded(), llm.is_loaded("second")]
        return [len(texts), [reply.model for reply in replies], loaded]

    async def switch(messages: list[Any]) -> list[bool]:
        for model in (None, "third"):
            await llm.chat.completions.create(model=model, messages=messages, max_tokens=2)
        return [llm.is_loaded(model) for model in (None, "second", "third")]

    async def close() -> None:
        await llm.close()

    texts, models, loaded = fresh_python.run(ask, site=site, messages=HI)
    assert texts == 1
    assert models == ["pywebllm-persona-q4f32_1", "second"]
    assert loaded == [True, True]
    assert len(fresh_python.page.workers) == 2
    assert fresh_python.run(switch, messages=HI) == [True, False, True]
    assert len(fresh_python.page.workers) == 2
    fresh_python.run(close)
    wait_for_no_worker(fresh_python.page)


async def leave_by_break() -> None:
    async with kept:
        async for _ in kept:
            break


async def leave_by_cancelling() -> None:
    import asyncio

    reading = asyncio.create_task(kept.read())
    await asyncio.sleep(0)  # it starts and waits for the next chunk
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def leave_by_timeout() -> None:
    import asyncio

    try:
        async with asyncio.timeout(0.05):
            await kept.read()
    except TimeoutError:
        return
    raise AssertionError("the answer ended before the timeout")


async def leave_by_dropping_it() -> None:
    global kept
    kept = None


async def leave_by_aclose() -> None:
    await kept.aclose()


@pytest.mark.parametrize(
    "leave",
    [leave_by_break, leave_by_cancelling, leave_by_timeout, leave_by_dropping_it, leave_by_aclose],
    ids=lambda leave: leave.__name__,
)
def test_stream_that_is_left_frees_the_engine_at_once(
    client: PagePython, leave: Callable[[], Awaitable[None]]
) -> None:
    async def begin(messages: list[Any]) -> bool:
        global kept
        kept = await llm.chat.completions.create(
            messages=messages, stream=True, max_tokens=800, extra_body={"ignore_eos": True}
        )
        return bool((await anext(kept)).choices)

    assert client.run(begin, messages=HI)
    client.run(leave)
    assert client.run(time_of_next_answer, messages=HI) < ENDLESS / 2


async def time_of_next_answer(messages: list[Any]) -> float:
    """Return how long a short answer takes, in tokens of a long one: a busy machine delays both."""
    import time

    start = time.monotonic()
    await llm.chat.completions.create(messages=messages, max_tokens=1)
    middle = time.monotonic()
    await llm.chat.completions.create(
        messages=messages, max_tokens=20, extra_body={"ignore_eos": True}
    )
    return (middle - start) / (time.monotonic() - middle) * 20


def test_timeout_option_stops_the_engine(client: PagePython) -> None:
    async def run_out(messages: list[Any]) -> bool:
        from pywebllm import WebLLMError

        request = {"messages": messages, "max_tokens": 800, "extra_body": {"ignore_eos": True}}
        try:
            await llm.chat.completions.create(**request, timeout=0.3)
        except TimeoutError as error:
            return isinstance(error, WebLLMError)
        return False

    assert client.run(run_out, messages=HI)
    assert client.run(time_of_next_answer, messages=HI) < ENDLESS / 2


def test_requests_are_answered_in_order(client: PagePython) -> None:
    async def queue(messages: list[Any]) -> list[int]:
        import asyncio

        done: list[int] = []

        async def ask(number: int) -> None:
            await llm.chat.completions.create(messages=messages, max_tokens=8 - 2 * number)
            done.append(number)

        await asyncio.gather(*(ask(number) for number in range(3)))
        return done

    assert client.run(queue, messages=HI) == [0, 1, 2]


def test_timeout_of_a_queued_request_removes_only_that_request(client: PagePython) -> None:
    async def queue(messages: list[Any]) -> list[Any]:
        import asyncio

        long: dict[str, Any] = {"messages": messages, "max_tokens": 100, "seed": 1}
        alone = await llm.chat.completions.create(**long)
        running = asyncio.create_task(llm.chat.completions.create(**long))
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0):  # as soon as it is queued
                await llm.chat.completions.create(messages=messages, seed=2)
        except TimeoutError:
            removed = not running.done()
        after = await llm.chat.completions.create(messages=messages, max_tokens=1)
        return [removed, (await running).text == alone.text, after.usage.completion_tokens]

    assert client.run(queue, messages=HI) == [True, True, 1]


def test_tools_are_called_until_the_model_answers(client: PagePython) -> None:
    async def run(messages: list[Any]) -> list[Any]:
        from typing import Literal

        called: list[Any] = []

        async def weather(city: Literal["Oslo", "Rome"], days: Literal[1, 2]) -> dict[str, str]:
            """Tell the weather.

            Args:
                city: Where.
                days: How many days ahead.
            """
            called.append([city, days])
            return {"city": city, "sky": "clear"}

        result = await llm.chat.completions.run_tools(
            messages=messages,
            tools=[weather],
            tool_choice="required",
            parallel_tool_calls=False,
            temperature=0,
            max_tokens=80,
        )
        sent = result.messages[2]["content"]
        return [called, result.rounds, bool(result.text), sent]

    ((city, days), *_), rounds, answered, sent = client.run(run, messages=HI)
    assert city in ("Oslo", "Rome")
    assert days in (1, 2)
    assert rounds >= 2
    assert answered
    assert sent == f'{{"city": "{city}", "sky": "clear"}}'


# With llama.cpp, an answer of 100 tokens may end before its tab is closed.
@pytest.mark.parametrize(("engine", "most"), [("webllm", 100), ("wllama", 800)])
def test_answer_of_a_closed_tab_is_listed_resumed_and_deleted(
    context: BrowserContext, site: str, snapshot: str, engine: str, most: int
) -> None:
    async def whole(messages: list[Any], assets: str, engine: Any, most: int) -> str:
        from pywebllm import AsyncWebLLM

        global llm, asked
        llm = AsyncWebLLM(assets_url=assets, engine=engine)
        asked = {"messages": messages, "temperature": 1, "seed": 3, "max_tokens": most}
        extra = {"ignore_eos": True}
        reply = await llm.chat.completions.create(**asked, extra_body=extra)
        return str(reply.text)

    async def begin() -> str:
        global kept
        extra = {"ignore_eos": True, "resumable": True}
        kept = await llm.chat.completions.create(**asked, extra_body=extra, stream=True)
        while len(kept.text) < 20:
            await anext(kept)
        return str(kept.text)

    async def resume(assets: str, engine: Any) -> list[Any]:
        from pywebllm import AsyncWebLLM, SessionNotFoundError

        async with AsyncWebLLM(assets_url=assets, engine=engine) as llm:
            (session,) = await llm.sessions.list()
            stream = await llm.sessions.resume(session.id)
            first = (await anext(stream)).text
            final = await stream.read()
            (ended,) = await llm.sessions.list()
            await llm.sessions.delete(session.id)
            left = len(await llm.sessions.list())
            try:
                await llm.sessions.resume(session.id)
            except SessionNotFoundError:
                gone = True
            states = [session.resumable, session.model, ended.resumable, left, gone]
            return [first, final.text, final.finish_reason, states]

    tab = RestoredPython(context.new_page(), site, snapshot)
    how = {"assets": site, "engine": engine}
    expected = tab.run(whole, messages=HI, most=most, **how)
    read = tab.run(begin)
    tab.page.close()
    again = RestoredPython(context.new_page(), site, snapshot)
    recovered, text, reason, states = again.run(resume, **how)
    assert expected.startswith(read)
    assert recovered
    assert expected.startswith(recovered)
    assert text == expected
    assert reason == "length"
    assert states == [True, "pywebllm-persona-q4f32_1", False, 0, True]


def test_files_that_the_browser_evicted_are_published_again(
    fresh_python: PagePython, site: str
) -> None:
    """Another model replaces the built-in one, then the browser evicts its cache."""

    async def load(site: str, messages: list[Any]) -> list[bool]:
        global llm
        from pywebllm import AsyncWebLLM, ModelRecord
        from pywebllm.builtin import BUILTIN_PATH

        url = site + BUILTIN_PATH
        second = ModelRecord(model=url, model_id="second", model_lib=f"{url}model.wasm")
        llm = AsyncWebLLM(records=[second])
        for model in (None, "second"):
            await llm.chat.completions.create(model=model, messages=messages, max_tokens=2)
        return [llm.is_loaded(), llm.is_loaded("second")]

    async def ask(messages: list[Any]) -> bool:
        reply = await llm.chat.completions.create(messages=messages, max_tokens=2)
        await llm.close()
        return bool(reply.text)

    assert fresh_python.run(load, site=site, messages=HI) == [False, True]
    fresh_python.page.evaluate(
        "async () => { for (const name of await caches.keys()) await caches.delete(name); }"
    )
    assert fresh_python.run(ask, messages=HI)


def test_synchronous_client_works_where_the_browser_has_jspi(python: PagePython) -> None:
    code = """
from pywebllm import WebLLM

messages = [{"role": "user", "content": "Tell me of Ada."}]
with WebLLM() as sync_llm:
    request = {"messages": messages, "temperature": 0, "max_tokens": 6}
    reply = sync_llm.chat.completions.create(**request)
    pieces = [chunk.text for chunk in sync_llm.chat.completions.create(**request, stream=True)]
    assert reply.text == "".join(pieces) != ""
    assert sync_llm.models.list()[0].loaded
"ok"
"""
    assert python.page.evaluate("code => pyodide.runPythonAsync(code)", code) == "ok"


def test_synchronous_client_raises_support_error_in_a_plain_callback(python: PagePython) -> None:
    code = """
from pywebllm import SupportError, WebLLM

def callback():
    try:
        WebLLM().load()
    except SupportError as error:
        return str(error)
"""
    message = python.page.evaluate(
        "code => { pyodide.runPython(code); return pyodide.globals.get('callback')(); }", code
    )
    assert "AsyncWebLLM" in message

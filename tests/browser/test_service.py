"""`WebLLMService` in real Pyodide, with the real engine and model.

Each test's inner `async def` runs in the page: `PagePython.run` sends its source.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Route
from pywebllm.builtin import BUILTIN_PATH

from model.browser.python import PagePython
from tests.browser.shipped import REVISION
from tests.browser.watch import PageWatch

# Globals in the page, which keep their values between runs; `loaded` sets the second.
service: Any = None
llm: Any = None

ADA = {"name": "Ada", "age": "36", "occupation": "mathematician", "interests": "chess"}


def test_service_round_trip(python: PagePython) -> None:
    async def round_trip(inputs: dict[str, str]) -> dict[str, Any]:
        from pywebllm import LoadProgress, WebLLMService

        statuses: list[str] = []
        progress: list[LoadProgress] = []
        async with WebLLMService() as service:
            service.status_updated.subscribe(statuses.append)
            unsubscribe = service.progress_updated.subscribe(progress.append)
            before = service.is_initialized
            ok = await service.initialize("session-1")
            unsubscribe()
            text = await service.generate_persona(inputs, seed=1)
            usage = service.last_usage
            state = [before, ok, service.is_initialized, service.is_initializing]
        return {
            "state": state,
            "disposed": service.is_initialized,
            "text": text,
            "statuses": statuses,
            "ratios": [one.ratio for one in progress],
            "phases": [one.phase for one in progress],
            "speed": usage and usage.decode_tokens_per_second,
            "tokens": usage and usage.completion_tokens,
        }

    result = python.run(round_trip, inputs=ADA)
    assert result["state"] == [False, True, True, False]
    assert result["disposed"] is False
    assert "Ada" in result["text"]
    assert len(result["text"].split()) > 20
    assert result["ratios"] == sorted(result["ratios"])
    assert result["ratios"][-1] == 1
    assert result["phases"][-1] == "ready"
    assert result["phases"].count("ready") == 1, "ready is reported once, when the model answers"
    assert any("ready" in status.lower() for status in result["statuses"])
    assert result["tokens"] > 20
    assert result["speed"] > 0


def test_model_can_be_used_as_soon_as_it_is_reported_ready(python: PagePython) -> None:
    async def collect(inputs: dict[str, str]) -> list[Any]:
        from pywebllm import BUILTIN_MODEL, TextStream, WebLLMService

        reported: list[Any] = []
        streams: list[TextStream] = []

        def record(status: str) -> None:
            reported.append([status, service.is_initializing, service.is_initialized])
            if service.is_initialized:
                streams.append(service.stream_persona(inputs))

        async with WebLLMService(BUILTIN_MODEL, max_tokens=5) as service:
            service.status_updated.subscribe(record)
            await service.initialize("reported")
            (stream,) = streams
            text = "".join([piece async for piece in stream])
        return [text, reported]

    text, reported = python.run(collect, inputs=ADA)
    assert text
    assert reported[0] == ["Starting the engine…", True, False]
    assert reported[-2:] == [
        ["The model is ready.", False, True],
        ["The model is unloaded.", False, False],
    ]


def test_concurrent_dispose_and_initialize_end_with_a_ready_model(python: PagePython) -> None:
    async def restart(inputs: dict[str, str]) -> list[Any]:
        import asyncio

        from pywebllm import WebLLMService

        async with WebLLMService(max_tokens=5) as service:
            await service.initialize("one")
            statuses: list[str] = []
            service.status_updated.subscribe(statuses.append)
            _, ok = await asyncio.gather(service.dispose(), service.initialize("two"))
            return [ok, statuses[-1], bool(await service.generate_persona(inputs))]

    assert python.run(restart, inputs=ADA) == [True, "The model is ready.", True]


def test_second_initialize_waits_for_the_same_load(
    fresh_python: PagePython, site: str, watch: PageWatch
) -> None:
    async def twice(assets: str) -> list[Any]:
        import asyncio

        from pywebllm import WebLLMService

        async with WebLLMService(assets_url=assets, engine="webllm") as service:
            first = asyncio.create_task(service.initialize("a"))
            second = asyncio.create_task(service.initialize("b"))
            results = await asyncio.gather(first, second)
            return [*results, await service.initialize("c"), service.is_initialized]

    assert fresh_python.run(twice, assets=site) == [True, True, True, True]
    assert len([url for url in watch.requests if url.endswith("/model.wasm")]) == 1


def test_same_seed_repeats_the_text_and_another_changes_it(loaded: PagePython) -> None:
    async def seeds(inputs: dict[str, str]) -> list[str]:
        from pywebllm import WebLLMService

        async with WebLLMService(client=llm, max_tokens=40) as service:
            await service.initialize("seeds")
            return [await service.generate_persona(inputs, seed=seed) for seed in (7, 7, 8, 9)]

    first, again, *others = loaded.run(seeds, inputs=ADA)
    assert first == again
    assert set(others) != {first}


def test_temperature_zero_is_not_the_default(loaded: PagePython) -> None:
    async def greedy(inputs: dict[str, str]) -> list[str]:
        from pywebllm import WebLLMService

        async with WebLLMService(client=llm, temperature=0, max_tokens=40) as service:
            await service.initialize("greedy")
            return [await service.generate_persona(inputs, seed=seed) for seed in (1, 2, 3)]

    assert len(set(loaded.run(greedy, inputs=ADA))) == 1


def test_streamed_text_is_the_whole_text(loaded: PagePython) -> None:
    async def stream(inputs: dict[str, str]) -> dict[str, Any]:
        from pywebllm import WebLLMService

        async with WebLLMService(client=llm, max_tokens=40) as service:
            await service.initialize("stream")
            whole = await service.generate_persona(inputs, seed=3)
            stream = service.stream_persona(inputs, seed=3)
            pieces = [piece async for piece in stream]
            return {
                "whole": whole,
                "pieces": pieces,
                "first": stream.usage and stream.usage.time_to_first_token,
            }

    result = loaded.run(stream, inputs=ADA)
    assert "".join(result["pieces"]) == result["whole"]
    assert len(result["pieces"]) > 3
    assert result["first"] > 0


def test_persona_can_be_generated_in_parts(loaded: PagePython) -> None:
    async def typed(inputs: dict[str, str]) -> list[Any]:
        import dataclasses

        from pywebllm import Persona, WebLLMService

        async with WebLLMService(client=llm) as service:
            await service.initialize("typed")
            persona = await service.generate_persona_typed(inputs, seed=1)
            return [type(persona) is Persona, dataclasses.asdict(persona)]

    is_persona, persona = loaded.run(typed, inputs=ADA)
    assert is_persona
    assert (persona["name"], persona["age"]) == ("Ada", 36)
    assert 0 < len(persona["summary"]) <= 400
    assert persona["traits"]
    assert persona["goals"]


def test_typed_persona_keeps_the_given_values_exactly(loaded: PagePython) -> None:
    async def typed(inputs: dict[str, str]) -> list[Any]:
        from pywebllm import WebLLMService

        async with WebLLMService(client=llm) as service:
            await service.initialize("letters")
            persona = await service.generate_persona_typed(inputs, seed=1)
            return [persona.name, persona.age, persona.occupation]

    known = {"name": "Gonçalo Éda", "age": "71 years", "occupation": "café owner"}
    assert loaded.run(typed, inputs=known) == ["Gonçalo Éda", 71, "café owner"]


def test_concurrent_requests_are_queued(loaded: PagePython) -> None:
    async def together(inputs: dict[str, str]) -> list[str]:
        import asyncio

        from pywebllm import WebLLMService

        async with WebLLMService(client=llm, max_tokens=30) as service:
            await service.initialize("queue")
            alone = await service.generate_persona(inputs, seed=1)
            one, two = await asyncio.gather(
                service.generate_persona(inputs, seed=1),
                service.generate_persona(inputs, seed=2),
            )
            return [alone, one, two]

    alone, one, two = loaded.run(together, inputs=ADA)
    assert one == alone
    assert two not in ("", one)


def test_unknown_model_fails_with_the_reason_in_last_error(python: PagePython) -> None:
    async def unknown() -> list[Any]:
        from pywebllm import ModelNotFoundError, WebLLMService

        async with WebLLMService(model="No-Such-Model") as service:
            ok = await service.initialize("unknown")
            error = service.last_error
            return [ok, isinstance(error, ModelNotFoundError), isinstance(error, LookupError)]

    assert python.run(unknown) == [False, True, True]


def test_model_of_webllms_list_is_fetched_from_its_own_urls(
    fresh_python: PagePython, watch: PageWatch
) -> None:
    """This machine may be offline: the built-in model's files are served instead."""

    async def load() -> list[Any]:
        from pywebllm import WebLLMService

        async with WebLLMService("Llama-3.2-1B-Instruct-q4f32_1-MLC", max_tokens=20) as service:
            ok = await service.initialize("list")
            return [ok, str(service.last_error), await service.generate_persona({"name": "Ada"})]

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        file = REVISION / ("model.wasm" if name.endswith(".wasm") else name)
        if not file.exists():
            return route.fulfill(status=404)
        return route.fulfill(path=file, headers={"Access-Control-Allow-Origin": "*"})

    context = fresh_python.page.context
    context.route(re.compile("^https://"), answer)
    ok, error, text = fresh_python.run(load)
    assert ok, error
    assert text
    assert any("/Llama-3.2-1B-Instruct-q4f32_1-MLC/" in url for url in watch.requests)


def test_check_support_works_with_the_wheel_alone(python: PagePython) -> None:
    async def support() -> list[Any]:
        from pywebllm import check_support

        found = await check_support()
        adapter = found.adapter
        return [found.ok, found.problem, adapter and adapter.vendor, len(found.limits)]

    ok, problem, vendor, limits = python.run(support)
    assert ok, problem
    assert vendor
    assert limits


def test_failed_load_then_success(fresh_python: PagePython, site: str) -> None:
    async def load(assets: str) -> list[Any]:
        import pywebllm

        global service
        service = service or pywebllm.WebLLMService(assets_url=assets, engine="webllm")
        ok = await service.initialize("retry")
        text = await service.generate_persona({"name": "Ada"}, max_tokens=20) if ok else ""
        return [ok, type(service.last_error).__name__, service.is_initialized, bool(text)]

    page = fresh_python.page
    page.context.route("**/params_shard_*", lambda route: route.abort())
    assert fresh_python.run(load, assets=site) == [False, "DownloadError", False, False]
    page.context.unroute("**/params_shard_*")
    assert fresh_python.run(load, assets=site) == [True, "NoneType", True, True]


def test_custom_record_is_loaded(python: PagePython, site: str) -> None:
    async def custom(base: str) -> list[Any]:
        from pywebllm import ModelRecord, WebLLMService

        record = ModelRecord(model_id="mine", model=base, model_lib=base + "model.wasm")
        async with WebLLMService(model=record) as service:
            ok = await service.initialize("custom")
            return [ok, str(service.last_error), await service.generate_persona({"name": "Ada"})]

    ok, error, text = python.run(custom, base=site + BUILTIN_PATH)
    assert ok, error
    assert "Ada" in text


def test_long_input_is_rejected_and_the_next_one_answered(loaded: PagePython) -> None:
    async def too_long(inputs: dict[str, str]) -> list[Any]:
        from pywebllm import ContextWindowError, WebLLMService

        async with WebLLMService(client=llm, max_tokens=20) as service:
            await service.initialize("long")
            try:
                await service.generate_persona(inputs | {"notes": "endless words " * 3000})
            except ContextWindowError as error:
                rejected = isinstance(error, ValueError)
            return [rejected, service.is_initialized, bool(await service.generate_persona(inputs))]

    assert loaded.run(too_long, inputs=ADA) == [True, True, True]


def test_wheel_alone_needs_no_request_after_its_installation(
    installed_python: PagePython, watch: PageWatch
) -> None:
    async def write() -> bool:
        from pywebllm import WebLLMService

        async with WebLLMService() as service:
            assert await service.initialize("offline"), service.last_error
            return bool(await service.generate_persona({"name": "Ada"}, max_tokens=20))

    before = len(watch.requests)
    assert installed_python.run(write) is True
    requested = [url for url in watch.requests[before:] if not url.startswith("blob:")]
    assert requested == []

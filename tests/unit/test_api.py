"""OpenAI's endpoints over a pool of engines, with a fake bridge."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai.types as sdk
import pytest
from pywebllm.api import Api
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.engine.pool import Pool
from pywebllm.errors import (
    EngineError,
    InvalidRequestError,
    ModelNotFoundError,
    NotResumableError,
    SessionNotFoundError,
)
from pywebllm.model_list import list_models
from pywebllm.records import ModelRecord
from pywebllm.types import ModelInfo, Session

from tests.unit.answering import AnsweringBridge, written
from tests.unit.runners import end, piece, text_piece, usage

pytestmark = pytest.mark.timeout(20)

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
RECORD = ModelRecord(
    model_id="mine",
    model="https://x/mine/",
    model_lib="https://x/mine.wasm",
    model_type=1,
    vram_required_mb=12.5,
    overrides={"context_window_size": 512},
    required_features=("shader-f16",),
)
LISTED = [
    {"id": "small", "kind": "language", "vram_required_mb": 900, "required_features": []},
    {"id": "mine", "kind": "language", "required_features": []},
]
KEPT = [
    {"id": "s1", "model": "small", "resumable": True, "reason": "", "completion_tokens": 7},
    {"id": "s2", "model": BUILTIN_MODEL, "resumable": True, "reason": "", "completion_tokens": 1},
]


class Bench:
    """An `Api` with one bridge."""

    def __init__(self, *answers: tuple[str, ...], records: tuple[ModelRecord, ...] = ()) -> None:
        self.bridge = AnsweringBridge(*answers)
        self.bridge.replies = {"models": LISTED, "sessions": KEPT, "sessions.delete": {}}
        self.api = Api(Pool(self._open, records=records))

    async def _open(self) -> AnsweringBridge:
        return self.bridge


def batch(*chunks: dict[str, Any]) -> str:
    return json.dumps(chunks)


async def test_chat_request_is_made_before_the_stream_is_read() -> None:
    bench = Bench(written("Hi", "."))
    stream = await bench.api.chat({**HELLO, "temperature": 0, "max_completion_tokens": 5})
    (request,) = bench.bridge.requests
    assert request["kind"] == "chat.completions"
    assert request["request"] == {
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0,
        "max_tokens": 5,
        "model": BUILTIN_MODEL,
    }
    assert (await stream.read()).text == "Hi."


async def test_request_loads_the_model_that_it_names() -> None:
    bench = Bench(written("a"), written("b"))
    await (await bench.api.chat({**HELLO, "model": "small"})).read()
    await (await bench.api.chat(HELLO)).read()
    assert bench.bridge.loaded == ["small", "builtin"]


async def test_invalid_body_reaches_no_engine() -> None:
    bench = Bench()
    for refused in (
        bench.api.chat({**HELLO, "temperature": 9}),
        bench.api.completion({"prompt": ""}),
        bench.api.embedding({"input": ""}),
    ):
        with pytest.raises(InvalidRequestError):
            await refused
    assert bench.bridge.requests == []
    assert bench.bridge.loaded == []


async def test_chat_cancelled_while_its_model_loads_makes_no_request() -> None:
    bench = Bench()
    opening = asyncio.Event()

    async def never() -> AnsweringBridge:
        opening.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    task = asyncio.create_task(Api(Pool(never)).chat(HELLO))
    await opening.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.bridge.requests == []


async def test_breaking_out_of_a_chat_stream_stops_the_engine_at_once() -> None:
    bench = Bench()
    stream = await bench.api.chat(HELLO)
    bench.bridge.streams[0].push(batch(piece("A")))
    async for _ in stream:
        break
    del stream
    assert bench.bridge.streams[0].stops == 1


async def test_completion_continues_its_prompt() -> None:
    bench = Bench((batch(text_piece(" upon"), end(kind="text"), usage()),))
    stream = await bench.api.completion({"prompt": "Once", "echo": True, "model": "small"})
    (request,) = bench.bridge.requests
    assert (request["kind"], request["request"]) == (
        "completions",
        {"prompt": "Once", "model": "small"},
    )
    assert (await stream.read()).text == "Once upon"
    assert bench.bridge.loaded == ["small"]


async def test_embeddings_are_returned_by_the_named_model() -> None:
    response = {
        "data": [{"index": 0, "embedding": [1.0]}],
        "model": "mine",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }
    bench = Bench((batch(response),), records=(RECORD,))
    found = await bench.api.embedding({"input": "a", "model": "mine"})
    assert found.data[0].embedding == (1.0,)
    assert bench.bridge.loaded == ["mine"]


async def test_models_are_the_built_in_one_then_records_then_webllms_list() -> None:
    bench = Bench(records=(RECORD,))
    found = await bench.api.models()
    assert found == (
        ModelInfo(id=BUILTIN_MODEL, owned_by="pywebllm", context_window_size=1024),
        ModelInfo(
            id="mine",
            owned_by="user",
            kind="embedding",
            vram_required_mb=12.5,
            context_window_size=512,
            required_features=("shader-f16",),
        ),
        ModelInfo(id="small", owned_by="mlc-ai", vram_required_mb=900.0),
    )
    for model in found:
        sdk.Model.model_validate(model.to_dict(), strict=True)


async def test_loaded_model_is_listed_as_loaded() -> None:
    bench = Bench(written("a"), written("b"))
    assert [model.id for model in await bench.api.models() if model.loaded] == []
    await (await bench.api.chat(HELLO)).read()
    assert [model.id for model in await bench.api.models() if model.loaded] == [BUILTIN_MODEL]
    await (await bench.api.chat({**HELLO, "model": "small"})).read()
    assert [model.id for model in await bench.api.models() if model.loaded] == ["small"]


def test_record_without_details_is_a_language_model_of_unknown_size() -> None:
    record = ModelRecord(model_id="m", model="https://x/", model_lib="https://x.wasm")
    _, found = list_models([], records=[record], loaded=())
    assert found == ModelInfo(id="m", owned_by="user")


async def test_model_is_found_by_its_id() -> None:
    api = Bench().api
    assert (await api.model("small")).owned_by == "mlc-ai"
    assert (await api.model(BUILTIN_MODEL)).owned_by == "pywebllm"
    with pytest.raises(ModelNotFoundError, match="'nope'"):
        await api.model("nope")


async def test_sessions_are_listed() -> None:
    first, _ = await Bench().api.sessions()
    assert first == Session(id="s1", model="small", resumable=True, reason="", completion_tokens=7)


@pytest.mark.parametrize(("session", "model"), [("s1", "small"), ("s2", "builtin")])
async def test_answer_is_resumed_with_the_model_that_began_it(session: str, model: str) -> None:
    bench = Bench(written("It was dark ", "and quiet."))
    stream = await bench.api.resume(session)
    (request,) = bench.bridge.requests
    assert (request["kind"], request["request"]["session_id"]) == ("resume", session)
    assert bench.bridge.loaded == [model]
    assert (await stream.read()).text == "It was dark and quiet."


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("generation finished", "stop"), ("journal scan stopped at 3", "length")],
)
async def test_stored_answer_that_is_not_resumable_is_returned_without_its_model(
    reason: str, finish: str
) -> None:
    bench = Bench()
    over = {**KEPT[0], "resumable": False, "reason": reason}
    text = {"text": "<think>\nHm.\n</think>\n\nIt was dark.", "completion_tokens": 7}
    bench.bridge.replies |= {"sessions": [over], "sessions.text": text}
    stream = await bench.api.resume("s1")
    answer = await stream.read()
    assert bench.bridge.queried[-1] == {"kind": "sessions.text", "session_id": "s1"}
    assert (answer.text, answer.choices[0].message.reasoning) == ("It was dark.", "Hm.")
    assert (answer.model, answer.choices[0].finish_reason) == ("small", finish)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (0, 7)
    assert (bench.bridge.loaded, bench.bridge.requests) == ([], [])


async def test_answer_completed_by_another_tab_is_returned_whole() -> None:
    bench = Bench()
    resuming = asyncio.create_task(bench.api.resume("s1"))
    refused = await bench.bridge.generations.get()
    finished = {**KEPT[0], "resumable": False, "reason": "generation finished"}
    text = {"text": "It was dark.", "completion_tokens": 9}
    bench.bridge.replies |= {"sessions": [finished], "sessions.text": text}
    refused.fail(NotResumableError("finished"))
    answer = await (await resuming).read()
    assert (answer.text, answer.choices[0].finish_reason) == ("It was dark.", "stop")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 9


async def test_answer_that_the_model_cannot_restore_is_returned_as_stored() -> None:
    bench = Bench()
    resuming = asyncio.create_task(bench.api.resume("s1"))
    bench.bridge.replies["sessions.text"] = {"text": "It was", "completion_tokens": 2}
    (await bench.bridge.generations.get()).fail(NotResumableError("no"))
    answer = await (await resuming).read()
    assert (answer.text, answer.choices[0].finish_reason) == ("It was", "length")


async def test_answer_deleted_during_resume_is_not_found() -> None:
    bench = Bench()
    resuming = asyncio.create_task(bench.api.resume("s1"))
    refused = await bench.bridge.generations.get()
    bench.bridge.replies["sessions"] = []
    refused.fail(NotResumableError("gone"))
    with pytest.raises(SessionNotFoundError, match="'s1'"):
        await resuming


async def test_answer_still_being_written_cannot_be_resumed() -> None:
    bench = Bench()
    resuming = asyncio.create_task(bench.api.resume("s1"))
    (await bench.bridge.generations.get()).fail(InvalidRequestError("written in another tab"))
    with pytest.raises(InvalidRequestError, match="another tab"):
        await resuming


async def test_cancelling_resume_before_the_first_chunk_stops_the_answer() -> None:
    bench = Bench()
    resuming = asyncio.create_task(bench.api.resume("s1"))
    stream = await bench.bridge.generations.get()
    await stream.read.wait()
    resuming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await resuming
    assert stream.stops


async def test_unreadable_stored_answer_is_an_error_with_the_reason() -> None:
    bench = Bench()
    spoiled = {**KEPT[0], "model": "", "resumable": False, "reason": "inspection failed: bad crc"}
    bench.bridge.replies["sessions"] = [spoiled]
    with pytest.raises(EngineError, match="bad crc"):
        await bench.api.resume("s1")
    assert bench.bridge.loaded == []


@pytest.mark.parametrize("found", [{}, None, {"text": "a", "completion_tokens": "x"}])
async def test_unreadable_stored_text_is_an_engine_error(found: object) -> None:
    bench = Bench()
    over = {**KEPT[0], "resumable": False}
    bench.bridge.replies |= {"sessions": [over], "sessions.text": found}
    with pytest.raises(EngineError, match="stored answer could not be parsed"):
        await bench.api.resume("s1")


async def test_answer_of_an_unknown_record_advises_to_pass_the_record() -> None:
    bench = Bench()
    bench.bridge.unknown.add("small")
    with pytest.raises(ModelNotFoundError, match=r"'small'.*records="):
        await bench.api.resume("s1")


async def test_session_is_deleted() -> None:
    bench = Bench()
    await bench.api.delete_session("s2")
    assert bench.bridge.queried[-1] == {"kind": "sessions.delete", "session_id": "s2"}


async def test_unknown_session_cannot_be_resumed_or_deleted() -> None:
    bench = Bench()
    for refused in (bench.api.resume("nope"), bench.api.delete_session("nope")):
        with pytest.raises(SessionNotFoundError, match="'nope'"):
            await refused
    assert bench.bridge.loaded == []
    assert {question["kind"] for question in bench.bridge.queried} == {"sessions"}


async def test_session_id_that_is_not_a_string_is_refused() -> None:
    not_string: Any = 3
    with pytest.raises(InvalidRequestError) as caught:
        await Bench().api.resume(not_string)
    assert caught.value.param == "session_id"

"""Huge values at every public entry: a typed error with a short message, or accepted."""

from __future__ import annotations

import dataclasses
import inspect
import json
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from pywebllm import AsyncWebLLM, ModelRecord, WebLLMService, connect
from pywebllm.errors import WebLLMError
from pywebllm.events import Event
from pywebllm.openai.server import Server
from pywebllm.persona.prompt import persona_messages
from pywebllm.resources.parameters import ChatParameters, CompletionParameters, EmbeddingParameters

from tests.unit.openai.page import Page

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore::ResourceWarning")]

LONG = "x" * 10**6
# Characters of a message, which may repeat more than one value.
MOST = 1500


class Wordy:
    def __repr__(self) -> str:
        return LONG


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


VALUES: Mapping[str, object] = {
    "string": LONG,
    "list": [LONG],
    "mapping": {LONG: LONG},
    "long list": list(range(20_000)),
    "many keys": {str(i): i for i in range(20_000)},
    "integer": 10**400,
    "integer that has no text": 10**5000,
    "negative integer": -(10**5000),
    "object": Wordy(),
    "nested": nested(20_000),
    "bytes": b"x" * 10**6,
    "class": type("T" * 10**5, (), {}),
    "set": {LONG},
}
USER = {"role": "user", "content": "Hi"}
CALL = {"id": "1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "1", "content": "noon"}
RECORD = {"model_id": "a", "model": "b", "model_lib": "c"}


KEYWORDS = (
    "type enum const properties required items anyOf minItems maxItems minLength maxLength format"
    " minimum maximum exclusiveMinimum multipleOf allOf $ref $defs default foo"
)


def now(zone: str) -> str:
    """Return the time."""
    return zone


def chat(**parameters: Any) -> object:
    page = Page()
    page.chat("Hello")
    return page.llm.chat.completions.create(**{"messages": [USER], **parameters})


def history(*messages: object) -> object:
    return chat(messages=[*messages, USER])


def tool(**fields: object) -> object:
    return chat(tools=[{"type": "function", "function": {"name": "now", **fields}}])


def schema(**keywords: object) -> object:
    form = {"name": "answer", "schema": keywords}
    return chat(response_format={"type": "json_schema", "json_schema": form})


def run_tools(**parameters: Any) -> object:
    page = Page()
    page.chat("Hello")
    given = {"messages": [USER], "tools": [now], **parameters}
    return page.llm.chat.completions.run_tools(**given)


def completion(**parameters: Any) -> object:
    page = Page()
    page.chat("Hello")
    return page.llm.completions.create(**{"prompt": "Hi", **parameters})


def embedding(**parameters: Any) -> object:
    return Page().once({"data": []}).llm.embeddings.create(**{"input": "Hi", **parameters})


def client(**options: Any) -> None:
    AsyncWebLLM(**options)


def service(**options: Any) -> None:
    WebLLMService(**options)


def listed() -> AsyncWebLLM:
    return Page().once([]).llm


def as_key(value: object) -> Any:
    return value if isinstance(value, str | int) else "key"


Entry = Callable[[Any], object]


def _named(prefix: str, make: Callable[..., object], names: Any) -> dict[str, Entry]:
    def entry(name: str) -> Entry:
        return lambda value: make(**{name: value})

    return {f"{prefix} {name}": entry(name) for name in names}


def _record(**fields: Any) -> None:
    client(model={**RECORD, **fields})


ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        **_named("chat", chat, [*typing.get_type_hints(ChatParameters), "foo"]),
        **_named("completion", completion, [*typing.get_type_hints(CompletionParameters), "foo"]),
        **_named("embedding", embedding, [*typing.get_type_hints(EmbeddingParameters), "foo"]),
        **_named("run_tools", run_tools, ["messages", "tools", "tool_choice", "max_rounds"]),
        **_named("tool", tool, ["name", "description", "parameters", "strict", "foo"]),
        **_named("client", client, ["model", "records", "max_models", "timeout", "bridge"]),
        **_named("service", service, ["model", "client", "temperature", "max_tokens"]),
        **_named("connect", connect, ["model", "client", "prefer"]),
        "extra key": lambda v: chat(extra_body={as_key(v): 1}),
        "stop": lambda v: chat(stop=[v]),
        "logit_bias key": lambda v: chat(logit_bias={as_key(v): 1}),
        "logit_bias value": lambda v: chat(logit_bias={"1": v}),
        "message": history,
        "role": lambda v: history({"role": v, "content": ""}),
        "content": lambda v: history({"role": "assistant", "content": v}),
        "key of a message": lambda v: history({"role": "user", "content": "", as_key(v): 1}),
        "type of a part": lambda v: history({"role": "user", "content": [{"type": v}]}),
        "text": lambda v: history({"role": "user", "content": [{"type": "text", "text": v}]}),
        "call": lambda v: history({"role": "assistant", "tool_calls": [{**CALL, "id": v}]}),
        "type of a call": lambda v: history(
            {"role": "assistant", "tool_calls": [{**CALL, "type": v}]}
        ),
        "result": lambda v: history(
            {"role": "assistant", "tool_calls": [CALL]}, {**RESULT, "tool_call_id": v}
        ),
        "schema of a tool": lambda v: tool(
            parameters={"type": "object", "properties": {"a": {"enum": [v]}}}
        ),
        "tool_choice": lambda v: chat(
            tools=[{"type": "function", "function": {"name": "now"}}],
            tool_choice={"type": "function", "function": {"name": v}},
        ),
        "type of a response_format": lambda v: chat(response_format={"type": v}),
        "structural tag": lambda v: chat(
            response_format={"type": "structural_tag", "structural_tag": {"format": v}}
        ),
        "parse": lambda v: listed().chat.completions.parse(messages=[USER], response_format=v),
        "load": lambda v: listed().load(v),
        "on_progress": lambda v: listed().load(on_progress=v),
        "unload": lambda v: listed().unload(v),
        "is_loaded": lambda v: listed().is_loaded(v),
        "records": lambda v: client(records=[v]),
        "two records": lambda v: client(
            records=[{**RECORD, "model_id": v}, {**RECORD, "model_id": v, "model": "d"}]
        ),
        **_named("record", _record, [field.name for field in dataclasses.fields(ModelRecord)]),
        "key of a record": lambda v: client(model={**RECORD, as_key(v): v}),
        "body of a chat": lambda v: listed().api.chat(v),  # noqa: PLW0108, each has its page
        "body of a completion": lambda v: listed().api.completion(v),  # noqa: PLW0108, each has its page
        "body of an embedding": lambda v: listed().api.embedding(v),  # noqa: PLW0108, each has its page
        "models.retrieve": lambda v: listed().models.retrieve(v),  # noqa: PLW0108, each has its page
        "sessions.resume": lambda v: listed().sessions.resume(v),  # noqa: PLW0108, each has its page
        "sessions.delete": lambda v: listed().sessions.delete(v),  # noqa: PLW0108, each has its page
        "fields of a persona": persona_messages,
        "field of a persona": lambda v: persona_messages({"name": v}),
        "name of a field of a persona": lambda v: persona_messages(
            {v: "Ada"} if as_key(v) is v else {}
        ),
        "subscriber": lambda v: Event[int]().subscribe(v),
        **_named("schema", schema, KEYWORDS.split()),
        "name of a property": lambda v: schema(properties={as_key(v): {"type": "none"}}),
    }
)


async def error_of(entry: Entry, value: object) -> Exception | None:
    try:
        found = entry(value)
        if inspect.isawaitable(found):
            await found
    except (WebLLMError, TypeError) as error:
        return error
    return None


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
async def test_huge_value_is_taken_or_refused_with_a_short_message(
    entry: Entry, value: object
) -> None:
    error = await error_of(entry, value)
    if error is not None:
        assert len(str(error)) < MOST
        assert len(getattr(error, "param", None) or "") < MOST


@pytest.mark.parametrize("method", ["GET", "X" * 10**6])
@pytest.mark.parametrize("path", [f"/v1/{LONG}", f"/v1/models/{LONG}", "/v1/models"])
async def test_reply_to_a_huge_path_is_short(method: str, path: str) -> None:
    reply = await Server(listed().api).answer(method, path)
    assert isinstance(reply.body, bytes)
    assert len(reply.body) < MOST


@pytest.mark.parametrize("endpoint", ["chat/completions", "completions", "embeddings", "responses"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10**6,
        b'{"a":' * 10**5,
        b"\xff" * 10**6,
        b'"' + b"x" * 10**6 + b'"',
        b'{"model":' + b"9" * 5000 + b"}",
        b'{"temperature":1e999999}',
        json.dumps({"model": {LONG: LONG}, "input": "Hi"}).encode(),
        json.dumps({"input": [{"type": LONG, "role": LONG}]}).encode(),
        json.dumps({"input": "Hi", "text": {"format": {"type": LONG}}, LONG: 1}).encode(),
    ],
    ids=range(9),
)
async def test_reply_to_a_huge_body_is_a_short_error(endpoint: str, body: bytes) -> None:
    reply = await Server(listed().api).answer("POST", f"/v1/{endpoint}", body)
    assert reply.status == 400
    assert isinstance(reply.body, bytes)
    assert len(reply.body) < 2 * MOST

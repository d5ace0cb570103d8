"""Which engine runs a model is a property of the client, and each change of it an event."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.bridge import Bridge
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import InvalidRequestError
from pywebllm.persona.service import WebLLMService
from pywebllm.records import ModelRecord, WllamaRecord
from pywebllm.schema import counted_grammar_of, grammar_of
from pywebllm.values import EngineChoice

from tests.unit.answering import AnsweringBridge, written
from tests.unit.fakes import BUILTIN

OTHER = ModelRecord(model_id="other", model="https://x/", model_lib="https://x/lib.wasm")
CHOSEN = WllamaRecord(
    model_id=BUILTIN.model_id,
    model=BUILTIN.model,
    model_lib=BUILTIN.model_lib,
    wllama_url="https://w",
    wasm_url="https://x",
    reason="There is no GPU.",
)


class _Choosing(AnsweringBridge):
    """A bridge whose built-in model runs on llama.cpp."""

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        return CHOSEN if model is None else OTHER


async def test_engine_is_known_after_a_load_and_a_change_is_reported_once() -> None:
    async def opener() -> Bridge:
        return _Choosing()

    seen: list[EngineChoice] = []
    async with AsyncWebLLM(bridge=opener, records=[OTHER]) as llm:
        llm.engine_changed.subscribe(seen.append)
        engines = [llm.engine]
        for model in (None, "other", "other"):
            await llm.load(model)
            engines.append(llm.engine)
    assert engines == [None, "wllama", "webllm", "webllm"]
    wllama = EngineChoice(engine="wllama", reason="There is no GPU.")
    assert seen == [wllama, EngineChoice(engine="webllm")]


async def test_lengths_are_in_the_grammar_for_an_engine_that_does_not_count_them() -> None:
    bridge = _Choosing(written('"a"'), written('"a"'))

    async def opener() -> Bridge:
        return bridge

    schema = {"type": "string", "maxLength": 30}
    form = {"type": "json_object", "schema": schema}
    async with AsyncWebLLM(bridge=opener, records=[OTHER]) as llm:
        for model in (None, "other"):
            await llm.chat.completions.create(
                messages=[{"role": "user", "content": "a"}], response_format=form, model=model
            )
    on_wllama, on_webllm = (body["response_format"] for body in bridge.bodies)
    assert on_wllama == {"type": "grammar", "grammar": grammar_of(schema)}
    counted = counted_grammar_of(schema)
    assert on_webllm == {
        "type": "grammar", "grammar": counted.grammar, "lengths": counted.lengths,
    }  # fmt: skip


def test_engine_must_be_known_and_belongs_to_whoever_opens_the_bridge() -> None:
    wrong: Any = "gpu"
    with pytest.raises(InvalidRequestError, match="engine must be"):
        AsyncWebLLM(engine=wrong)

    async def opener() -> Bridge:
        return _Choosing()

    with pytest.raises(TypeError, match="pass `engine` to the function `bridge`"):
        AsyncWebLLM(bridge=opener, engine="wllama")
    with pytest.raises(TypeError, match="pass `engine` to the client"):
        WebLLMService(client=AsyncWebLLM(bridge=opener), engine="wllama")

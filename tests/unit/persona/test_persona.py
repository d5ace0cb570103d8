"""The typed persona: which fields the inputs determine, and how long the others may be."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pywebllm import schema
from pywebllm.builtin import BUILTIN_PATH
from pywebllm.errors import InvalidRequestError, ModelNotLoadedError, TruncatedError
from pywebllm.persona.persona import Persona, longest_persona, persona_schema
from pywebllm.persona.prompt import persona_messages
from pywebllm.persona.service import WebLLMService

from tests.unit.answering import AnsweringBridge, written

pytestmark = pytest.mark.timeout(20)

STATIC = Path(__file__).parents[3] / "static"

ADA: dict[str, Any] = {
    "name": "Ada",
    "age": 36,
    "occupation": "engineer",
    "summary": "Ada builds engines.",
    "interests": ["chess"],
    "traits": ["curious", "kind"],
    "goals": ["Fly"],
}


def fits(found: object, **inputs: str) -> bool:
    validator = jsonschema.Draft202012Validator(persona_schema(inputs))
    return validator.is_valid(json.loads(json.dumps(found)))


def test_the_schema_has_the_fields_of_the_persona_in_their_order() -> None:
    described = persona_schema({})
    names = [field.name for field in fields(Persona)]
    assert described["required"] == names
    assert isinstance(described["properties"], dict)
    assert list(described["properties"]) == names


def test_persona_is_read_from_json_that_matches_the_schema() -> None:
    assert fits(ADA)
    persona = schema.build(Persona, json.dumps(ADA))
    assert persona == Persona(**{**ADA, "interests": ("chess",), "traits": ("curious", "kind"),
                                 "goals": ("Fly",)})  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 41},
        {"age": -1},
        {"age": 131},
        {"age": "36"},
        {"summary": "x" * 401},
        {"summary": "two\nlines"},
        {"summary": 'a "quote"'},
        {"interests": []},
        {"interests": ["a"] * 6},
        {"interests": ["x" * 49]},
        {"traits": ["x" * 25]},
        {"goals": ["a"] * 3},
        {"goals": ["x" * 81]},
        {"shoe_size": 38},
    ],
)
def test_too_long_or_too_short_values_do_not_match_the_schema(change: dict[str, object]) -> None:
    assert not fits({**ADA, **change})


def test_given_name_age_and_occupation_are_constants() -> None:
    inputs = {"Name": " Ada  Lovelace ", "age": "36 years", "occupation": "engineer"}
    assert fits({**ADA, "name": "Ada Lovelace"}, **inputs)
    for change in ({"name": "Ada"}, {"age": 37}, {"occupation": "poet"}):
        assert not fits({**ADA, "name": "Ada Lovelace", **change}, **inputs)


@pytest.mark.parametrize("age", ["", "in her thirties", "131", "2000"])
def test_age_without_a_number_of_years_is_not_a_constant(age: str) -> None:
    assert fits({**ADA, "age": 0}, age=age)
    assert fits({**ADA, "age": 130}, age=age)


def test_schema_refuses_a_field_that_is_not_a_string() -> None:
    with pytest.raises(TypeError, match="strings"):
        persona_schema({"age": 36})  # type: ignore[dict-item]


def test_longest_persona_is_an_upper_bound() -> None:
    longest: dict[str, Any] = {
        "name": "x" * 40,
        "age": 130,
        "occupation": "x" * 40,
        "summary": "x" * 400,
        "interests": ["x" * 48] * 5,
        "traits": ["x" * 24] * 3,
        "goals": ["x" * 80] * 2,
    }
    assert fits(longest)
    assert longest_persona(persona_schema({})) == len(json.dumps(longest)) + 1
    given = persona_schema({"name": "Zoë" * 30})
    assert longest_persona(given) == len(json.dumps(longest)) + 1 - 40 + 120


def test_longest_persona_in_words_fits_the_built_in_context_window() -> None:
    config = json.loads((STATIC / BUILTIN_PATH / "mlc-chat-config.json").read_text())
    inputs = {
        "name": "Ada Lovelace",
        "age": "36",
        "occupation": "engineer",
        "interests": "chess, poetry, engines",
        "tone": "cheerful",
        "notes": "speaks French",
    }
    # A token of words is longer than two bytes; the shipped tokenizer's are nearly four.
    prompt = "".join(message["content"] for message in persona_messages(inputs, typed=True))
    longest = longest_persona(persona_schema(inputs))
    assert (len(prompt.encode()) + longest) // 2 < config["context_window_size"]


def test_the_grammar_of_a_persona_can_be_made() -> None:
    grammar = schema.grammar_of(persona_schema({"name": 'Ada "the Great"'}))
    assert grammar.startswith("root ::=")


def test_persona_converts_to_json_and_back() -> None:
    persona = schema.build(Persona, json.dumps(ADA))
    assert json.loads(json.dumps(asdict(persona))) == ADA


class Bench:
    """A service with a loaded model whose answers the test writes."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.bridge = AnsweringBridge(*answers)
        self.service = WebLLMService(bridge=self._open, temperature=0.2, max_tokens=50)

    async def _open(self) -> AnsweringBridge:
        return self.bridge

    async def initialized(self) -> WebLLMService:
        assert await self.service.initialize("session")
        return self.service


async def test_service_returns_a_typed_persona() -> None:
    bench = Bench(written(json.dumps(ADA)))
    async with await bench.initialized() as service:
        persona = await service.generate_persona_typed({"name": "Ada", "age": "36"}, seed=3)
        assert (persona.name, persona.age, persona.traits) == ("Ada", 36, ("curious", "kind"))
        assert service.last_usage is not None
    (body,) = bench.bridge.bodies
    assert body["messages"] == persona_messages({"name": "Ada", "age": "36"}, typed=True)
    assert (body["temperature"], body["seed"]) == (0.2, 3)
    assert body["max_tokens"] == longest_persona(persona_schema({"name": "Ada", "age": "36"}))
    assert body["response_format"]["type"] == "grammar"


async def test_arguments_override_the_defaults_of_the_service() -> None:
    bench = Bench(written(json.dumps(ADA)))
    async with await bench.initialized() as service:
        await service.generate_persona_typed({"name": "Ada"}, temperature=0, max_tokens=300)
    (body,) = bench.bridge.bodies
    assert (body["temperature"], body["max_tokens"]) == (0, 300)


async def test_truncated_typed_persona_raises() -> None:
    bench = Bench(written('{"name": "Ad', finish_reason="length"))
    async with await bench.initialized() as service:
        with pytest.raises(TruncatedError) as caught:
            await service.generate_persona_typed({"name": "Ada"}, max_tokens=5)
        assert service.last_error is caught.value
    assert caught.value.text == '{"name": "Ad'


async def test_a_typed_persona_needs_a_loaded_model_and_a_field() -> None:
    bench = Bench()
    with pytest.raises(ModelNotLoadedError, match="not initialized"):
        await bench.service.generate_persona_typed({"name": "Ada"})
    async with await bench.initialized() as service:
        with pytest.raises(InvalidRequestError, match="at least one field"):
            await service.generate_persona_typed({"name": " "})


async def test_cancelling_a_typed_persona_stops_the_engine() -> None:
    bench = Bench()
    async with await bench.initialized() as service:
        task = asyncio.create_task(service.generate_persona_typed({"name": "Ada"}))
        stream = await bench.bridge.generations.get()
        await stream.read.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stream.stops

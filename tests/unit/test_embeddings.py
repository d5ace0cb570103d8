"""Embeddings: the parameters of a request, and the returned vectors."""

from __future__ import annotations

import asyncio
import inspect
import struct
from base64 import b64decode
from typing import Any, cast

import openai.types as sdk
import pytest
from openai.resources.embeddings import AsyncEmbeddings
from pywebllm.embeddings import PARAMETERS, embed, read_embedding_call
from pywebllm.errors import EngineError, InvalidRequestError, ModelNotLoadedError
from pywebllm.types import CreateEmbeddingResponse, EmbeddingUsage

from tests.unit.runners import FakeRunner

pytestmark = pytest.mark.timeout(20)

RESPONSE: dict[str, Any] = {
    "data": [
        {"index": 0, "embedding": [0.5, -1.25], "object": "embedding"},
        {"index": 1, "embedding": [2, 0.1], "object": "embedding"},
    ],
    "model": "e",
    "object": "list",
    "usage": {"prompt_tokens": 3, "total_tokens": 3, "extra": {"prefill_tokens_per_s": 9.5}},
}


async def embedded(**parameters: object) -> CreateEmbeddingResponse[Any]:
    call = read_embedding_call({"input": ["a", "b"], **parameters})
    return await embed(FakeRunner([[RESPONSE]]), call)


def test_every_embedding_parameter_of_the_sdk_is_honored_or_has_a_reason() -> None:
    names = set(inspect.signature(AsyncEmbeddings.create).parameters) - {"self"}
    assert set(PARAMETERS) == names
    assert all(parameter.why for parameter in PARAMETERS.values() if parameter.how != "honored")


@pytest.mark.parametrize(
    "given",
    ["a", ["a"], ["a", "b"], [1, 2], [[1], [2, 3]]],
    ids=repr,
)
def test_input_reaches_the_engine_unchanged(given: object) -> None:
    call = read_embedding_call({"input": given, "model": "m", "user": "me"})
    assert call.body == {"input": given}
    assert call.model == "m"


def test_input_may_be_any_sequence() -> None:
    call = read_embedding_call({"input": ((1, 2), range(2))})
    assert call.body == {"input": [[1, 2], [0, 1]]}


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": 3}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": ["a", 1]}, "input[1]"),
        ({"input": [1, "a"]}, "input[1]"),
        ({"input": [1, -1]}, "input[1]"),
        ({"input": [True]}, "input[0]"),
        ({"input": [[1], []]}, "input[1]"),
        ({"input": [[1], ["a"]]}, "input[1][0]"),
        ({"input": [None]}, "input[0]"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "inputs": "b"}, "inputs"),
    ],
    ids=repr,
)
def test_wrong_embedding_parameter_is_named_by_its_path(
    parameters: dict[str, object], param: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_embedding_call(parameters)
    assert caught.value.param == param


async def test_vectors_are_returned_as_floats() -> None:
    found = await embedded()
    assert [item.embedding for item in found.data] == [(0.5, -1.25), (2.0, 0.1)]
    assert found.model == "e"
    assert found.usage == EmbeddingUsage(
        prompt_tokens=3, total_tokens=3, prefill_tokens_per_second=9.5
    )
    sdk.CreateEmbeddingResponse.model_validate(found.to_dict(), strict=True)


async def test_vectors_are_returned_as_base64_of_floats() -> None:
    found = await embedded(encoding_format="base64")
    texts = [cast("str", item.embedding) for item in found.data]
    vectors = [struct.unpack("<2f", b64decode(text, validate=True)) for text in texts]
    assert vectors == [(0.5, -1.25), (2.0, pytest.approx(0.1))]


async def test_embedding_request_is_closed_after_its_response() -> None:
    runner = FakeRunner([[RESPONSE]])
    await embed(runner, read_embedding_call({"input": "a", "model": "m"}))
    (request,) = runner.requests
    assert (request.kind, request.body, request.model) == ("embeddings", {"input": "a"}, "m")
    assert request.stream.stops == 1


async def test_engine_without_a_response_is_an_error() -> None:
    with pytest.raises(EngineError, match="no embeddings"):
        await embed(FakeRunner([[]]), read_embedding_call({"input": "a"}))


async def test_unreadable_response_closes_the_request() -> None:
    runner = FakeRunner([[{"data": []}]])
    with pytest.raises(EngineError, match="could not be parsed") as caught:
        await embed(runner, read_embedding_call({"input": "a"}))
    assert caught.value.__traceback__ is not None
    assert runner.requests[0].stream.stops == 1


async def test_engine_error_is_raised_by_embed() -> None:
    runner = FakeRunner()
    task = asyncio.create_task(embed(runner, read_embedding_call({"input": "a"})))
    await asyncio.sleep(0)
    runner.requests[0].stream.fail(ModelNotLoadedError("gone"))
    with pytest.raises(ModelNotLoadedError):
        await task


async def test_cancelling_embed_stops_the_engine() -> None:
    runner = FakeRunner()
    task = asyncio.create_task(embed(runner, read_embedding_call({"input": "a"})))
    await asyncio.sleep(0)
    await runner.requests[0].stream.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runner.requests[0].stream.stops == 1


async def test_dimensions_of_the_model_itself_change_nothing() -> None:
    assert await embedded(dimensions=2) == await embedded()


async def test_shorter_vectors_of_a_model_that_is_trained_for_them_have_length_one() -> None:
    call = read_embedding_call({"input": ["a", "b"], "dimensions": 1})
    model = "nomic-embed-text-v1.5-q0f32"
    found = await embed(FakeRunner([[{**RESPONSE, "model": model}]]), call)
    assert [item.embedding for item in found.data] == [(1.0,), (1.0,)]


@pytest.mark.parametrize("length", [1, 3])
async def test_other_dimensions_are_refused(length: int) -> None:
    with pytest.raises(InvalidRequestError, match=f"must be 2 for e, got {length}") as caught:
        await embedded(dimensions=length)
    assert caught.value.param == "dimensions"
    assert ("not trained" in str(caught.value)) is (length == 1)

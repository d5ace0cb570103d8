"""Completions, embeddings and models through the official SDK, validated strictly."""

from __future__ import annotations

import base64
import struct
from types import ModuleType

import openai
import pytest
from openai.types import Completion, CreateEmbeddingResponse, Model

from tests.unit.openai.page import Page, read, sdk
from tests.unit.runners import end, text_piece, usage

MODELS = [{"id": "org/Tiny-q4f16_1-MLC", "kind": "language", "required_features": ["shader-f16"]}]
VECTORS = {
    "object": "list",
    "model": "embedder",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}],
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}


async def test_completion_has_the_shape_of_the_reference(page: Page, library: ModuleType) -> None:
    page.stream(text_piece("Once "), text_piece("upon"), end(kind="text"), usage())
    async with sdk(page, library) as client:
        reply = await client.completions.create(model="builtin", prompt="Tell")
    Completion.model_validate(reply.model_dump(), strict=True)
    assert reply.choices[0].text == "Once upon"


async def test_each_completion_chunk_has_the_shape_of_the_reference(page: Page) -> None:
    page.stream(text_piece("Once "), text_piece("upon"), end(kind="text"), usage())
    async with sdk(page, _strict_response_validation=False) as client:
        stream = await client.completions.create(model="builtin", prompt="Tell", stream=True)
        pieces = await read(stream)
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] == "stop"
    for piece in pieces:
        found = piece.model_dump()
        for choice in found["choices"]:
            # Null until the end, as OpenAI sends it as well; the SDK's class does not allow it.
            choice["finish_reason"] = choice["finish_reason"] or "stop"
        Completion.model_validate(found, strict=True)
    assert "".join(choice.text for piece in pieces for choice in piece.choices) == "Once upon"


async def test_embeddings_are_floats_though_the_sdk_requests_base64(
    page: Page, library: ModuleType
) -> None:
    page.once([VECTORS])
    # The SDK's class does not allow the base64 that the SDK requests, either.
    async with sdk(page, library, _strict_response_validation=False) as client:
        reply = await client.embeddings.create(model="embedder", input="Hello")
    CreateEmbeddingResponse.model_validate(reply.model_dump(), strict=True)
    assert reply.data[0].embedding == [0.5, -1.0]


async def test_embeddings_are_floats_on_request(page: Page) -> None:
    page.once([VECTORS])
    async with sdk(page) as client:
        reply = await client.embeddings.create(
            model="embedder", input="Hello", encoding_format="float"
        )
    assert reply.data[0].embedding == [0.5, -1.0]


async def test_embeddings_are_base64_on_the_wire(page: Page) -> None:
    page.once([VECTORS])
    async with sdk(page, _strict_response_validation=False) as client:
        raw = await client.embeddings.with_raw_response.create(model="embedder", input="Hello")
    text = raw.http_response.json()["data"][0]["embedding"]
    assert struct.unpack("<2f", base64.b64decode(text)) == (0.5, -1.0)


async def test_models_are_listed_with_the_built_in_one_first(
    page: Page, library: ModuleType
) -> None:
    page.once(MODELS)
    async with sdk(page, library) as client:
        models = [model async for model in client.models.list()]
    for model in models:
        Model.model_validate(model.model_dump(), strict=True)
    assert models[0].owned_by == "pywebllm"
    assert models[-1].id == "org/Tiny-q4f16_1-MLC"


async def test_model_whose_id_holds_a_slash_is_found(page: Page, library: ModuleType) -> None:
    page.once(MODELS)
    async with sdk(page, library) as client:
        model = await client.models.retrieve("org/Tiny-q4f16_1-MLC")
    assert model.id == "org/Tiny-q4f16_1-MLC"


async def test_unknown_model_is_not_found(page: Page) -> None:
    page.once(MODELS)
    async with sdk(page) as client:
        with pytest.raises(openai.NotFoundError) as caught:
            await client.models.retrieve("gpt-none")
    assert caught.value.code == "model_not_found"


async def test_endpoint_that_the_page_does_not_have_is_not_found(page: Page) -> None:
    async with sdk(page) as client:
        with pytest.raises(openai.NotFoundError, match="POST /v1/moderations"):
            await client.moderations.create(input="Hello")

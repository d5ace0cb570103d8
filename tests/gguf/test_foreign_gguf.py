"""GGUF files of others in the page: a chat model with its own template, and one for embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.browser.python import PagePython
from tests.browser.watch import PageWatch
from tests.gguf.bert import Bert


async def _chat(assets: str, url: str) -> dict[str, Any]:
    from dataclasses import dataclass
    from typing import Literal

    from pywebllm import AsyncWebLLM, ModelRecord

    @dataclass
    class Person:
        name: str
        age: int
        city: Literal["Leeds", "York", "Rome"]

    def weather(city: str) -> str:
        """Report the weather.

        Args:
            city: The name of the city.
        """
        return f"It rains in {city}."

    record = ModelRecord(model_id="smollm2", gguf=url)
    found: dict[str, Any] = {}
    async with AsyncWebLLM(record, assets_url=assets) as llm:
        create = llm.chat.completions.create
        capital = "What is the capital of France? Answer in one sentence."
        user = {"role": "user", "content": capital}
        common: dict[str, Any] = {"temperature": 0, "max_tokens": 24}
        whole = await create(messages=[user], **common)
        stream = await create(messages=[user], **common, stream=True)
        found["streamed"] = [
            chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices
        ]
        found["whole"] = [whole.text, whole.choices[0].finish_reason]
        stopped = await create(messages=[user], stop=["France is"], **common)
        found["stopped"] = [stopped.text, stopped.choices[0].finish_reason]
        named = {"role": "user", "content": "My name is Ada. Say hello to me."}
        hello = await create(messages=[named], **common)
        question = {"role": "user", "content": "What is my name?"}
        turn = await create(messages=[named, hello.choices[0].message, question], **common)
        details = turn.usage.prompt_tokens_details
        found["turn"] = [turn.text, turn.usage.prompt_tokens, details.cached_tokens]
        text = "Ada is 36 years old and lives in Leeds. Extract the person as JSON."
        parsed = await llm.chat.completions.parse(
            messages=[{"role": "user", "content": text}],
            response_format=Person,
            temperature=0,
            max_tokens=60,
        )
        person = parsed.choices[0].message.parsed
        found["person"] = [person.name, person.age, person.city]
        ask = {"role": "user", "content": "Is it raining in Leeds? Look it up."}
        called = await create(
            messages=[ask], tools=[weather], tool_choice="required", temperature=0, max_tokens=60
        )
        call, *_ = called.choices[0].message.tool_calls or ()
        found["call"] = [call.function.name, call.function.arguments]
        spelled = {"role": "user", "content": "Repeat: <|im_end|><|im_start|>user"}
        found["control"] = (await create(messages=[spelled], **common)).choices[0].finish_reason
        continued = await llm.completions.create(prompt="Paris is the capital of", **common)
        found["completion"] = continued.choices[0].text
        found["engine"] = [llm.engine, whole.model]
    return found


# What `transformers` writes with the weights of the file, by the model that it is.
CONTINUED = " the United States.\n\nThe capital of the United States is New York City."


def test_chat_model_of_others_chats_streams_stops_calls_and_writes_json(
    fresh_python: PagePython, site: str, smollm2: str, watch: PageWatch
) -> None:
    found = fresh_python.run(_chat, assets=site, url=smollm2)
    assert found["engine"] == ["wllama", "smollm2"]
    text, reason = found["whole"]
    assert "Paris" in text
    assert reason in ("stop", "length")
    assert "".join(found["streamed"]) == text
    assert sum(1 for part in found["streamed"] if part) > 3
    before = text.partition("France is")[0]
    assert found["stopped"] == [before, "stop"]
    said, prompt, cached = found["turn"]
    assert said
    assert 0 < cached < prompt
    name, age, city = found["person"]
    assert (name, age, city) == ("Ada", 36, "Leeds")
    assert found["call"][0] == "weather"
    assert "leeds" in found["call"][1].lower()
    assert found["completion"] == CONTINUED
    assert watch.origins() == {site.rstrip("/")}


TEXTS = ["a cat sits on the mat", "a kitten is resting on a rug", "the stock market fell today"]


async def _embed(assets: str, url: str, texts: list[str]) -> list[Any]:
    from pywebllm import AsyncWebLLM, InvalidRequestError, ModelRecord

    record = ModelRecord(model_id="minilm", gguf=url, model_type=1)
    async with AsyncWebLLM(record, assets_url=assets) as llm:
        found = await llm.embeddings.create(input=texts)
        again = await llm.embeddings.create(input=texts[0])
        try:
            await llm.chat.completions.create(messages=[{"role": "user", "content": "Hi"}])
        except InvalidRequestError as error:
            refusal = str(error)
        vectors = [list(item.embedding) for item in found.data]
        return [vectors, list(again.data[0].embedding), found.usage.prompt_tokens, refusal]


def test_embedding_model_of_others_gives_the_vectors_of_its_definition(
    fresh_python: PagePython, site: str, minilm: str, bert: Bert
) -> None:
    vectors, again, tokens, refusal = fresh_python.run(_embed, assets=site, url=minilm, texts=TEXTS)
    expected = [bert.vector(text) for text in TEXTS]
    for found, wanted in zip(vectors, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-3)
    np.testing.assert_allclose(again, vectors[0], atol=1e-6)
    first, second, third = (np.array(vector) for vector in vectors)
    assert first @ second > 0.5 > first @ third
    assert tokens > len(TEXTS) * 3
    assert "of a different kind" in refusal

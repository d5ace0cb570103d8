"""Chats with a real model in the page: turns, streams, types, tools, stops, seeds, logprobs."""

from __future__ import annotations

from math import exp, isclose
from typing import Any

from model.browser.python import PagePython

# A global in the page.
llm: Any = None

CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
NAME = [{"role": "user", "content": "My name is Ada and I live in Leeds. Say hello to me."}]


def test_turns_are_read_from_the_cache_and_the_model_remembers_them(client: PagePython) -> None:
    async def talk(messages: list[Any]) -> list[Any]:
        def described(reply: Any) -> list[Any]:
            details = reply.usage.prompt_tokens_details
            return [reply.text, reply.usage.prompt_tokens, details.cached_tokens]

        async def ask(messages: list[Any], most: int = 24) -> Any:
            return await llm.chat.completions.create(
                messages=messages, temperature=0, max_tokens=most
            )

        found = []
        for question in ("What is my name?", "Where do I live?"):
            reply = await ask(messages)
            found.append(described(reply))
            messages += [reply.choices[0].message, {"role": "user", "content": question}]
        found.append(described(await ask(messages)))
        # Another conversation in between, so that the same one is read without the cache.
        await ask([{"role": "user", "content": "Hello"}], most=1)
        found.append(described(await ask(messages)))
        return found

    first, second, third, again = client.run(talk, messages=NAME)
    assert ["Ada" in first[0], "Ada" in second[0], "Leeds" in third[0]] == [True] * 3
    assert first[2] == 0
    assert 0 < second[2] < third[2] < third[1]
    assert again[:2] == third[:2]
    assert again[2] < third[2]


def test_stream_has_the_text_of_the_answer_and_can_be_left(client: PagePython) -> None:
    async def ask(messages: list[Any]) -> list[Any]:
        request = {"messages": messages, "temperature": 0, "max_tokens": 20}
        whole = await llm.chat.completions.create(**request)
        stream = await llm.chat.completions.create(**request, stream=True)
        parts = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        async with await llm.chat.completions.create(**request, stream=True) as left:
            async for chunk in left:
                if chunk.choices and chunk.choices[0].delta.content:
                    break
        after = await llm.chat.completions.create(**request)
        return [whole.text, parts, after.text]

    whole, parts, after = client.run(ask, messages=CAPITAL)
    assert "Paris" in whole
    assert "".join(parts) == whole == after
    assert sum(1 for part in parts if part) > 3


def test_typed_answer_has_what_the_text_says(client: PagePython) -> None:
    async def ask() -> list[Any]:
        from dataclasses import asdict, dataclass
        from typing import Literal

        @dataclass
        class Person:
            name: str
            age: int
            city: Literal["Leeds", "York", "Rome"]

        text = "Ada is 36 years old and lives in Leeds. Extract the person as JSON."
        reply = await llm.chat.completions.parse(
            messages=[{"role": "user", "content": text}],
            response_format=Person,
            temperature=0,
            max_tokens=60,
        )
        return [asdict(reply.choices[0].message.parsed), reply.finish_reason]

    assert client.run(ask) == [{"name": "Ada", "age": 36, "city": "Leeds"}, "stop"]


def test_tools_are_called_with_what_the_question_names(client: PagePython) -> None:
    async def ask() -> list[Any]:
        called: list[str] = []

        def population(city: str) -> int:
            """Return how many people live in a city.

            Args:
                city: Its name in English.
            """
            called.append(city)
            return 536_280

        ask = {"role": "user", "content": "How many people live in Leeds?"}
        run = await llm.chat.completions.run_tools(
            messages=[ask],
            tools=[population],
            tool_choice="required",
            parallel_tool_calls=False,
            temperature=0,
            max_tokens=60,
        )
        return [called, run.rounds, run.text]

    called, rounds, text = client.run(ask)
    assert called == ["Leeds"]
    assert rounds == 2
    assert "536" in text


def test_required_calls_are_made_once_each_where_max_tokens_ends_them(client: PagePython) -> None:
    async def ask() -> list[Any]:
        called: list[str] = []

        def population(city: str) -> int:
            """Return how many people live in a city."""
            called.append(city)
            return 536_280

        ask = {"role": "user", "content": "How many people live in Leeds?"}
        options: dict[str, Any] = {"messages": [ask], "tools": [population], "temperature": 0}
        options |= {"tool_choice": "required", "max_tokens": 70}
        reply = await llm.chat.completions.create(**options)
        calls = [call.function.arguments for call in reply.choices[0].message.tool_calls]
        await llm.chat.completions.run_tools(**options)
        return [reply.finish_reason, calls, called]

    finish, calls, called = client.run(ask)
    assert calls
    assert finish in ("length", "tool_calls")
    assert "Leeds" in called
    if finish == "length":
        assert len(called) == len(set(called))


def test_stop_string_ends_the_answer_before_it(client: PagePython) -> None:
    async def ask(messages: list[Any]) -> list[Any]:
        request: dict[str, Any] = {"messages": messages, "temperature": 0, "max_tokens": 20}
        whole = await llm.chat.completions.create(**request)
        cut = await llm.chat.completions.create(**request, stop=["Paris"])
        return [whole.text, cut.text, cut.finish_reason]

    whole, cut, finish = client.run(ask, messages=CAPITAL)
    assert cut == whole.partition("Paris")[0]
    assert finish == "stop"


def test_seed_repeats_an_answer_and_another_seed_gives_another(client: PagePython) -> None:
    async def ask() -> list[str]:
        story = [{"role": "user", "content": "Write a story about a fox."}]
        texts = []
        for seed in (1, 1, 2):
            reply = await llm.chat.completions.create(
                messages=story, temperature=1, seed=seed, max_tokens=16
            )
            texts.append(reply.text)
        return texts

    first, again, other = client.run(ask)
    assert first == again != other


def test_logprobs_are_the_models_own_at_any_temperature(client: PagePython) -> None:
    async def ask(messages: list[Any]) -> list[Any]:
        found = []
        for temperature in (0, 1):
            reply = await llm.chat.completions.create(
                messages=messages,
                temperature=temperature,
                seed=1,
                max_tokens=4,
                logprobs=True,
                top_logprobs=5,
            )
            content = reply.choices[0].logprobs.content
            found.append(
                [
                    [
                        each.token,
                        each.logprob,
                        [[top.token, top.logprob] for top in each.top_logprobs],
                    ]
                    for each in content
                ]
            )
        return found

    greedy, sampled = client.run(ask, messages=CAPITAL)
    for token, logprob, tops in greedy:
        assert [token, logprob] == tops[0]
        assert -5 < logprob < 0
        assert sum(exp(top) for _, top in tops) <= 1 + 1e-6
    for (token, one), (other, two) in zip(greedy[0][2], sampled[0][2], strict=True):
        assert token == other
        assert isclose(one, two, abs_tol=1e-4)


def test_prompt_of_several_chunks_is_read_as_a_whole(client: PagePython) -> None:
    async def ask() -> list[Any]:
        filler = "The garden behind the house was quiet, and nobody came there in winter. " * 36
        text = (
            "The password is marmalade. " + filler + "What is the password? Answer with one word."
        )
        reply = await llm.chat.completions.create(
            messages=[{"role": "user", "content": text}], temperature=0, max_tokens=12
        )
        return [reply.usage.prompt_tokens, reply.text]

    tokens, text = client.run(ask)
    assert tokens > 2 * 256
    assert "marmalade" in text.lower()

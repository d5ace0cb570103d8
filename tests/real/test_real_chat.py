"""Chats with a real model in the page: turns, streams, types, tools, stops, seeds, logprobs."""

from __future__ import annotations

from json import loads
from math import exp, isclose
from typing import Any

from model.browser.python import PagePython
from tests.real.reference import RealReference

# A global in the page.
llm: Any = None

CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
QUESTIONS = (CAPITAL[0]["content"], "And of Italy? Answer in one sentence.")


def test_turns_are_those_of_transformers_and_are_read_from_the_cache(
    client: PagePython, reference: RealReference
) -> None:
    async def talk(questions: list[str]) -> list[Any]:
        messages: list[Any] = []
        found = []
        for question in questions:
            messages.append({"role": "user", "content": question})
            reply = await llm.chat.completions.create(
                messages=messages, temperature=0, max_tokens=24
            )
            messages.append({"role": "assistant", "content": reply.text})
            usage = reply.usage
            cached = usage.prompt_tokens_details.cached_tokens
            found.append([reply.finish_reason, usage.prompt_tokens, cached])
        return [messages, found]

    messages, found = client.run(talk, questions=list(QUESTIONS))
    for turn, (finish, prompt_tokens, cached) in enumerate(found):
        expected = reference.answer(messages[: 2 * turn + 1], most=24)
        assert messages[2 * turn + 1]["content"] == expected.text
        assert prompt_tokens == expected.prompt_tokens
        assert finish == expected.finish_reason
        # The first turn and its answer, except the template's words around the second.
        assert turn == 0 or cached > prompt_tokens / 2


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


def test_tools_are_called_and_their_results_are_answered(client: PagePython) -> None:
    async def ask() -> list[Any]:
        called: list[str] = []

        def population(city: str) -> int:
            """Return how many people live in a city."""
            called.append(city)
            return 536_280

        ask = {"role": "user", "content": "How many people live in Leeds?"}
        options: dict[str, Any] = {"messages": [ask], "tools": [population], "temperature": 0}
        options |= {"tool_choice": "required", "max_tokens": 48}
        one = await llm.chat.completions.create(**options, parallel_tool_calls=False)
        run = await llm.chat.completions.run_tools(**options, max_rounds=3)
        made = [call.function.arguments for call in run.messages[1].tool_calls]
        sent = [message["content"] for message in run.messages[2 : 2 + len(made)]]
        calls = [call.function.arguments for call in one.choices[0].message.tool_calls]
        return [one.finish_reason, calls, made, called, sent, run.text]

    finish, calls, made, called, sent, text = client.run(ask)
    assert finish == "tool_calls"
    assert len(calls) == 1
    assert calls[0] == made[0]
    assert [loads(call)["city"] for call in made] == called[: len(made)]
    assert len(set(made)) == len(made), "a repeated call of a truncated answer was made again"
    assert sent == ["536280"] * len(made)
    assert text


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


def test_prompt_of_several_chunks_is_answered_as_by_transformers(
    client: PagePython, reference: RealReference
) -> None:
    filler = "The garden behind the house was quiet, and nobody came there in winter. " * 34
    text = f"The password is marmalade. {filler}What is the password? Answer with one word."
    messages = [{"role": "user", "content": text}]

    async def ask(messages: list[Any]) -> list[Any]:
        reply = await llm.chat.completions.create(messages=messages, temperature=0, max_tokens=8)
        return [reply.usage.prompt_tokens, reply.text]

    tokens, answer = client.run(ask, messages=messages)
    expected = reference.answer(messages, most=8)
    assert tokens == expected.prompt_tokens > 2 * 256
    assert answer == expected.text

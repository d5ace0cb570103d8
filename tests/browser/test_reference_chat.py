"""Each parameter of chat completions does what the OpenAI reference says, in the real engine.

One client and one model are used for all tests of one engine. The model is tiny and its answers
make little sense, so the tests check shapes, lengths, types, and that equal requests give equal
answers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from model.browser.python import PagePython
from tests.browser.shipped import REVISION

# Globals in the page: the client, and a short request whose completion is returned as a mapping.
llm: Any = None
ask: Any = None

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "age": {"type": "integer", "minimum": 1, "maximum": 99},
        "mood": {"enum": ["glad", "sad"]},
    },
    "required": ["name", "age", "mood"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module", autouse=True, params=["webllm", "wllama"])
def engine(request: pytest.FixtureRequest, python: PagePython, site: str) -> Iterator[str]:
    async def start(assets: str, engine: Any) -> None:
        global ask, llm
        import dataclasses

        from pywebllm import AsyncWebLLM

        llm = AsyncWebLLM(assets_url=assets, engine=engine)

        async def ask(content: object = "Who is Ada?", **parameters: Any) -> dict[str, Any]:
            messages = parameters.pop("messages", [{"role": "user", "content": content}])
            body = {"temperature": 0, "max_tokens": 12, "messages": messages} | parameters
            return dataclasses.asdict(await llm.chat.completions.create(**body))

    async def end() -> None:
        await llm.close()

    python.run(start, assets=site, engine=request.param)
    yield request.param
    python.run(end)


def text(completion: dict[str, Any], index: int = 0) -> str:
    content = completion["choices"][index]["message"]["content"]
    assert isinstance(content, str)
    return content


def vocabulary() -> dict[str, int]:
    """Return the ids of the model's tokens; a leading space is written as Ġ."""
    found: dict[str, int] = json.loads((REVISION / "tokenizer.json").read_text("utf-8"))["model"][
        "vocab"
    ]
    return found


def completions(python: PagePython, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    """Make short requests one after another and return their completions as mappings."""

    async def each(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [await ask(**request) for request in requests]

    return python.run(each, requests=list(requests))


def rejected(python: PagePython, **parameters: Any) -> tuple[str | None, str]:
    """Return the invalid parameter of a rejected request, and the message of the error."""

    async def reject(parameters: dict[str, Any]) -> list[str | None]:
        from pywebllm import InvalidRequestError

        try:
            await ask(**parameters)
        except InvalidRequestError as error:
            return [error.param, str(error)]
        raise AssertionError("the request was not rejected")

    param, message = python.run(reject, parameters=parameters)
    assert message is not None
    return param, message


def test_answer_has_the_shape_of_the_reference(python: PagePython) -> None:
    (answer,) = completions(python, {})
    (choice,) = answer["choices"]
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-")
    assert answer["created"] > 1_700_000_000
    assert answer["model"] == "pywebllm-persona-q4f32_1"
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "length"
    assert answer["usage"]["total_tokens"] == (
        answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]
    )


def test_temperature_zero_is_deterministic(python: PagePython) -> None:
    greedy, again, hot = completions(
        python,
        {"temperature": 0, "seed": 1},
        {"temperature": 0, "seed": 2},
        {"temperature": 2, "seed": 1},
    )
    assert text(greedy) == text(again) != text(hot)


def test_seed_repeats_an_answer(python: PagePython) -> None:
    answers = completions(python, *({"temperature": 1, "seed": seed} for seed in (1, 1, 2, -3)))
    first, again, *others = map(text, answers)
    assert first == again
    assert first not in others


def test_top_p_near_zero_takes_the_most_likely_token(python: PagePython) -> None:
    greedy, most_likely = completions(python, {}, {"temperature": 1, "top_p": 1e-6, "seed": 5})
    assert text(greedy) == text(most_likely)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_answer_ends_at_max_tokens(python: PagePython, name: str) -> None:
    (answer,) = completions(python, {"max_tokens": None, name: 5})
    assert answer["usage"]["completion_tokens"] == 5
    assert answer["choices"][0]["finish_reason"] == "length"


def test_answer_ends_before_the_stop_string(python: PagePython) -> None:
    (plain,) = completions(python, {})
    word = text(plain).split()[2]
    one, several = completions(python, {"stop": word}, {"stop": ["never said", word]})
    assert text(one) == text(several) == text(plain)[: text(plain).index(word)]
    assert one["choices"][0]["finish_reason"] == "stop"


def test_n_answers_are_those_of_n_seeds(python: PagePython) -> None:
    three, *singles = completions(
        python,
        {"n": 3, "seed": 7, "temperature": 1},
        *({"seed": seed, "temperature": 1} for seed in (7, 8, 9)),
    )
    assert [choice["index"] for choice in three["choices"]] == [0, 1, 2]
    assert [text(three, index) for index in range(3)] == [text(single) for single in singles]
    assert three["usage"]["prompt_tokens"] == singles[0]["usage"]["prompt_tokens"]
    alone = [single["usage"]["completion_tokens"] for single in singles]
    assert three["usage"]["completion_tokens"] == sum(alone) > 0


def test_every_token_has_its_logprob_and_bytes(python: PagePython, engine: str) -> None:
    """Also tokens that are parts of a character."""
    grammar = {"type": "grammar", "grammar": 'root ::= "aé😀b"'}
    if engine == "wllama":
        _, message = rejected(python, response_format=grammar, logprobs=True)
        assert "cannot report the logprobs of a token that is a part of a character" in message
        return
    (answer,) = completions(
        python, {"response_format": grammar, "logprobs": True, "top_logprobs": 2}
    )
    tokens = answer["choices"][0]["logprobs"]["content"]
    generated = bytes(byte for token in tokens for byte in token["bytes"])
    assert text(answer) == "aé😀b"
    assert generated == "aé😀b".encode()
    assert len(tokens) > 4, "the model has no single token for 😀"
    assert all(token["logprob"] <= 0 and len(token["top_logprobs"]) == 2 for token in tokens)


def test_top_logprobs_list_the_most_likely_token_first(python: PagePython) -> None:
    (answer,) = completions(python, {"logprobs": True, "top_logprobs": 5})
    for token in answer["choices"][0]["logprobs"]["content"]:
        most_likely = [other["logprob"] for other in token["top_logprobs"]]
        assert most_likely == sorted(most_likely, reverse=True)
        assert len(most_likely) == 5
        assert token["token"] == token["top_logprobs"][0]["token"], "temperature 0"


def test_logprobs_are_those_of_the_model_at_any_temperature(python: PagePython) -> None:
    firsts = [
        answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        for answer in completions(
            python,
            *(
                {"logprobs": True, "top_logprobs": 5, "max_tokens": 1, "temperature": temperature}
                for temperature in (0, 0.5, 1, 2)
            ),
        )
    ]
    cold, *others = ([round(other["logprob"], 3) for other in first] for first in firsts)
    assert all(logprobs == cold for logprobs in others)
    assert 0 > cold[0] > cold[4] > -50
    assert sum(math.exp(logprob) for logprob in cold) <= 1.001


def test_logit_bias_bans_a_token_and_forces_one(python: PagePython) -> None:
    (plain,) = completions(python, {"logprobs": True})
    first = plain["choices"][0]["logprobs"]["content"][0]["token"]
    ban = {str(vocabulary()[first.replace(" ", "Ġ")]): -100}
    banned, forced = completions(
        python,
        {"logit_bias": ban, "logprobs": True},
        {"logit_bias": {f"0{vocabulary()['!']}": 100}},
    )
    tokens = [token["token"] for token in banned["choices"][0]["logprobs"]["content"]]
    assert first not in tokens
    assert text(forced) == "!" * 12


def test_logit_bias_of_a_token_beyond_the_vocabulary_is_refused(python: PagePython) -> None:
    async def refusals(logit_bias: dict[str, int]) -> list[str]:
        from pywebllm import InvalidRequestError

        found: list[str] = []
        for create, prompt in (
            (llm.chat.completions.create, {"messages": [{"role": "user", "content": "Hi"}]}),
            (llm.completions.create, {"prompt": "Hi"}),
        ):
            try:
                await create(**prompt, max_tokens=1, logit_bias=logit_bias)
            except InvalidRequestError as error:
                found.append(error.problem)
        return found

    size = json.loads((REVISION / "mlc-chat-config.json").read_text("utf-8"))["vocab_size"]
    problem = f"`logit_bias` must have token IDs of the model as keys, from 0 to {size - 1}"
    for bias in ({str(size): 1}, {"0": 1, "2147483647": -1}):
        found = python.run(refusals, logit_bias=bias)
        assert found == [f"{problem}, got {list(bias)[-1]}"] * 2
    (answer,) = completions(python, {"logit_bias": {str(size - 1): -100}})
    assert text(answer)


def test_penalties_make_tokens_that_were_generated_less_likely(
    python: PagePython, engine: str
) -> None:
    """Of two tokens that the bias allows, the first one generated loses exactly the penalty."""
    ids = [vocabulary()[token] for token in "!?"]
    common: dict[str, Any] = {"logit_bias": {str(it): 100 for it in ids}, "max_tokens": 2}
    if engine == "wllama":  # its logprobs are those before penalties
        common |= {"content": "Who is Ada", "max_tokens": 8, "temperature": 0}
        answers = completions(python, common, common | {"frequency_penalty": 2})
        plain_most, penalized_most = (max(map(text(it).count, "!?")) for it in answers)
        assert penalized_most < plain_most
        return
    common |= {"temperature": 1, "seed": 1, "logprobs": True, "top_logprobs": 2}
    penalties: list[dict[str, Any]] = [{}, {"frequency_penalty": 1.5}, {"presence_penalty": -1}]
    plain, rarer, oftener = (
        second_against_other(answer)
        for answer in completions(python, *(common | penalty for penalty in penalties))
    )
    assert rarer - plain == pytest.approx(-1.5, abs=0.01)
    assert oftener - plain == pytest.approx(1, abs=0.01)


def second_against_other(answer: dict[str, Any]) -> float:
    """Return by how much the first token's logprob exceeds the other's at the second place."""
    first, second = answer["choices"][0]["logprobs"]["content"]
    likely = {other["token"]: other["logprob"] for other in second["top_logprobs"]}
    generated = likely.pop(first["token"])
    assert isinstance(generated, float)
    (other,) = likely.values()
    return generated - float(other)


def test_repetition_penalty_makes_repetition_rarer(python: PagePython) -> None:
    """A halved bias is not enough to repeat a token that has been generated."""
    # Tokens that the prompt does not have: llama.cpp counts those, too.
    bias = {str(vocabulary()[token]): 100 for token in "!?;,"}
    common = {"content": "Who is Ada", "logit_bias": bias, "max_tokens": 4}
    (answer,) = completions(python, common | {"extra_body": {"repetition_penalty": 2}})
    assert sorted(text(answer)) == sorted("!?;,")


def test_ignore_eos_generates_until_max_tokens(python: PagePython) -> None:
    forced = {"logit_bias": {str(vocabulary()["<|im_end|>"]): 100}}
    ended, continued = completions(python, forced, forced | {"extra_body": {"ignore_eos": True}})
    assert text(ended) == ""
    assert ended["choices"][0]["finish_reason"] == "stop"
    assert continued["choices"][0]["finish_reason"] == "length"
    assert continued["usage"]["completion_tokens"] == 12


def test_ignore_eos_is_rejected_where_something_else_ends_the_answer(
    python: PagePython,
) -> None:
    endless = {"ignore_eos": True}
    grammar = {"type": "grammar", "grammar": 'root ::= "a"'}
    for other in ({"response_format": grammar}, {"stop": "."}):
        param, message = rejected(python, **other, extra_body=endless)
        assert param == "ignore_eos"
        assert next(iter(other)) in message
    (answer,) = completions(python, {"response_format": grammar})
    assert text(answer) == "a"


def test_engine_cannot_continue_after_the_end_of_a_grammar(python: PagePython) -> None:
    """The reason for that rejection. This fails once WebLLM can, and the rejection can go."""

    async def continue_it(grammar: str) -> bool:
        import asyncio

        from pywebllm import Engine, WebLLMError, open_bridge

        engine = Engine(open_bridge)
        await engine.load()
        body = {
            "messages": [{"role": "user", "content": "Who is Ada?"}],
            "response_format": {"type": "grammar", "grammar": grammar},
            "ignore_eos": True,
            "max_tokens": 12,
        }
        try:
            async with asyncio.timeout(20):
                async for _ in engine.stream("chat.completions", body):
                    pass
        except (WebLLMError, TimeoutError):
            return False
        finally:
            await engine.dispose()
        return True

    assert not python.run(continue_it, grammar='root ::= "a"')


def test_json_object_is_json(python: PagePython) -> None:
    (answer,) = completions(python, {"response_format": {"type": "json_object"}, "max_tokens": 40})
    if answer["choices"][0]["finish_reason"] == "stop":
        assert isinstance(json.loads(text(answer)), dict)
    assert text(answer).startswith("{")


def test_json_schema_is_enforced_key_by_key(python: PagePython) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA}}
    (answer,) = completions(
        python, {"response_format": form, "max_tokens": 60, "temperature": 1, "seed": 4}
    )
    person = json.loads(text(answer))
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert list(person) == ["name", "age", "mood"]
    assert len(person["name"]) <= 8
    assert 1 <= person["age"] <= 99
    assert person["mood"] in ("glad", "sad")


def test_grammar_structural_tag_and_text_formats_are_accepted(python: PagePython) -> None:
    words = {"type": "grammar", "grammar": 'root ::= "<word>" [a-z]{3} "</word>"'}
    tag = {
        "type": "structural_tag",
        "structural_tag": {
            "type": "structural_tag",
            "format": {
                "type": "tag",
                "begin": "<word>",
                "content": {"type": "grammar", "grammar": "root ::= [a-z]{3}"},
                "end": "</word>",
            },
        },
    }
    by_grammar, by_tag, plain, without = completions(
        python,
        {"response_format": words, "max_tokens": 30},
        {"response_format": tag, "max_tokens": 30},
        {"response_format": {"type": "text"}},
        {},
    )
    for answer in (by_grammar, by_tag):
        word = text(answer).removeprefix("<word>").removesuffix("</word>")
        assert len(text(answer)) == len(word) + 13
        assert word.isalpha()
        assert len(word) == 3
    assert text(plain) == text(without)


def test_invalid_grammar_is_rejected_and_the_next_request_answered(
    python: PagePython,
) -> None:
    _, message = rejected(python, response_format={"type": "grammar", "grammar": "root := ("})
    assert message
    (answer,) = completions(python, {})
    assert text(answer)


def test_tool_choice_decides_whether_a_tool_is_called(python: PagePython) -> None:
    def tool(name: str) -> dict[str, Any]:
        parameters: dict[str, Any] = {"type": "object", "required": ["city"]}
        parameters["properties"] = {"city": {"enum": ["Oslo", "Rome"]}}
        return {"type": "function", "function": {"name": name, "parameters": parameters}}

    tools = {"tools": [tool("weather"), tool("time")], "max_tokens": 60}
    choice = {"type": "function", "function": {"name": "time"}}
    one, none, auto = completions(
        python,
        tools | {"tool_choice": choice, "parallel_tool_calls": False},
        tools | {"tool_choice": "none", "max_tokens": 6},
        tools | {"max_tokens": 6},
    )
    (call,) = one["choices"][0]["message"]["tool_calls"]
    assert one["choices"][0]["finish_reason"] == "tool_calls"
    assert one["choices"][0]["message"]["content"] is None
    assert call["function"]["name"] == "time"
    assert json.loads(call["function"]["arguments"])["city"] in ("Oslo", "Rome")
    for answer in (none, auto):
        assert answer["choices"][0]["message"]["tool_calls"] is None
        assert text(answer)


def test_tool_call_and_its_result_are_accepted_in_the_messages(python: PagePython) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
    }
    messages = [
        {"role": "user", "content": "How is it in Oslo?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
    ]
    (answer,) = completions(python, {"messages": messages})
    assert text(answer)


def test_parse_returns_the_typed_value(python: PagePython) -> None:
    async def parse() -> list[Any]:
        import dataclasses
        from typing import Annotated, Literal, TypedDict

        @dataclasses.dataclass
        class Person:
            age: int
            mood: Literal["glad", "sad"]

        class Place(TypedDict):
            north: bool
            size: Annotated[int, "in km"]

        found = []
        for kind in (Person, Place, tuple[bool, bool]):
            reply = await llm.chat.completions.parse(
                messages=[{"role": "user", "content": "Tell of Ada."}],
                response_format=kind,
                max_tokens=100,
                temperature=0,
            )
            found.append(reply.parsed)
        person, place, flags = found
        return [type(person) is Person, dataclasses.asdict(person), place, flags]

    is_person, person, place, flags = python.run(parse)
    assert is_person
    assert isinstance(person["age"], int)
    assert person["mood"] in ("glad", "sad")
    assert isinstance(place["north"], bool)
    assert isinstance(place["size"], int)
    assert [type(flag) for flag in flags] == [bool, bool]


def test_parse_raises_truncated_error_for_a_truncated_answer(python: PagePython) -> None:
    async def parse() -> str:
        from dataclasses import dataclass

        from pywebllm import TruncatedError

        @dataclass
        class Long:
            a_rather_long_name_of_a_field: int

        try:
            await llm.chat.completions.parse(
                messages=[{"role": "user", "content": "Hi"}], response_format=Long, max_tokens=3
            )
        except TruncatedError as error:
            return error.text
        raise AssertionError("three tokens were enough")

    assert '{"a_rather_long_name_of_a_field": '.startswith(python.run(parse))


def test_thinking_can_be_turned_off(python: PagePython) -> None:
    """WebLLM then begins the answer with empty reasoning, which is not part of the content."""
    by_name, by_effort = completions(
        python, {"extra_body": {"enable_thinking": False}}, {"reasoning_effort": "none"}
    )
    for answer in (by_name, by_effort):
        assert answer["choices"][0]["message"]["reasoning"] == ""
        assert text(answer)
        # The reasoning ends with line breaks; a space would be the model's.
        assert not text(answer).startswith("\n")


def test_latency_breakdown_is_reported_when_requested(python: PagePython, engine: str) -> None:
    if engine == "wllama":
        _, message = rejected(python, extra_body={"enable_latency_breakdown": True})
        assert "enable_latency_breakdown is not supported by the engine wllama" in message
        return
    without, reported = completions(python, {}, {"extra_body": {"enable_latency_breakdown": True}})
    assert without["usage"]["latency_breakdown"] is None
    assert reported["usage"]["latency_breakdown"]
    assert all(
        seconds >= 0
        for steps in reported["usage"]["latency_breakdown"].values()
        for seconds in steps
    )


def test_usage_has_speeds_and_times(python: PagePython) -> None:
    (answer,) = completions(python, {})
    usage = answer["usage"]
    assert 0 < usage["time_to_first_token"] < usage["end_to_end_latency"]
    assert usage["decode_tokens_per_second"] > 0
    assert usage["prefill_tokens_per_second"] > 0


def test_unchanged_history_is_not_prefilled_again(python: PagePython, engine: str) -> None:
    """The usage counts as many tokens as when the same history is sent without a cache."""

    async def talk() -> list[Any]:
        async def say(messages: list[Any]) -> Any:
            return await llm.chat.completions.create(messages=messages, temperature=0)

        messages: list[Any] = [{"role": "user", "content": "Tell me of Ada and her garden."}]
        first = await say(messages)
        messages += [first.choices[0].message, {"role": "user", "content": "And then?"}]
        second = await say(messages)
        await say([{"role": "user", "content": "Something else."}])
        again = await say(messages)
        uses = [first.usage, second.usage, again.usage]
        counts = [[it.prompt_tokens, it.prompt_tokens_details.cached_tokens] for it in uses]
        return [*counts, second.text == again.text]

    (_, nothing), (prompt, cached), (prompt_again, cached_again), same = python.run(talk)
    # llama.cpp also keeps the system message, and earlier conversations.
    assert engine == "wllama" or nothing == cached_again == 0
    assert prompt == prompt_again
    assert prompt / 2 < cached < prompt
    assert same


def test_stream_equals_the_whole_answer(python: PagePython) -> None:
    async def stream() -> dict[str, Any]:
        from dataclasses import asdict

        request: dict[str, Any] = {
            "messages": [{"role": "user", "content": "Who is Ada?"}],
            "temperature": 0,
            "max_tokens": 12,
            "logprobs": True,
        }
        whole = await llm.chat.completions.create(**request)
        request |= {"stream": True, "stream_options": {"include_usage": True}}
        async with await llm.chat.completions.create(**request) as stream:
            chunks = [chunk async for chunk in stream]
        return {
            "whole": asdict(whole),
            "chunks": [asdict(chunk) for chunk in chunks],
            "final": asdict(stream.final),
            "text": stream.text,
        }

    result = python.run(stream)
    *pieces, last = result["chunks"]
    deltas = [piece["choices"][0]["delta"] for piece in pieces]
    generated = "".join(delta["content"] or "" for delta in deltas)
    assert generated == result["text"] == text(result["whole"]) == text(result["final"])
    assert [delta["role"] for delta in deltas] == ["assistant"] + [None] * (len(deltas) - 1)
    assert [piece["choices"][0]["finish_reason"] for piece in pieces][-2:] == [None, "length"]
    assert all(piece["usage"] is None for piece in pieces)
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == 12
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in result["chunks"]}) == 1
    assert result["final"]["choices"][0]["logprobs"] == result["whole"]["choices"][0]["logprobs"]


def test_streamed_answers_come_one_after_another(python: PagePython) -> None:
    async def stream() -> list[Any]:
        stream = await llm.chat.completions.create(
            messages=[{"role": "user", "content": "Hi"}], n=2, stream=True, max_tokens=4, seed=1
        )
        chunks = [chunk async for chunk in stream]
        places = [choice.index for chunk in chunks for choice in chunk.choices]
        return [places, [choice.index for choice in stream.final.choices]]

    places, finals = python.run(stream)
    assert places == sorted(places)
    assert set(places) == {0, 1}
    assert finals == [0, 1]


def test_messages_are_accepted_in_all_forms_of_the_reference(python: PagePython) -> None:
    parts = [{"type": "text", "text": "Who is "}, {"type": "text", "text": "Ada?"}]
    question = {"role": "user", "content": "Who is Ada?"}
    plain, in_parts, system, developer = completions(
        python,
        {},
        {"content": parts},
        {"messages": [{"role": "system", "content": "Be brief."}, question]},
        {"messages": [{"role": "developer", "content": "Be brief."}, question]},
    )
    assert text(plain) == text(in_parts)
    assert text(system) == text(developer)
    assert system["usage"]["prompt_tokens"] == developer["usage"]["prompt_tokens"]


def test_parameters_of_no_effect_change_nothing(python: PagePython) -> None:
    idle = {"user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "store": False}
    idle |= {"service_tier": "auto", "modalities": ["text"]}
    plain, same = completions(python, {}, idle)
    assert text(plain) == text(same)


@pytest.mark.parametrize(
    ("param", "parameters"),
    [
        ("top_logprobs", {"logprobs": True, "top_logprobs": 6}),
        ("temperature", {"temperature": 2.5}),
        ("max_tokens", {"max_tokens": 0}),
        ("max_completion_tokens", {"max_tokens": 5, "max_completion_tokens": 6}),
        ("n", {"n": 0}),
        ("store", {"extra_body": {"store": True}}),
        ("prediction", {"extra_body": {"prediction": {"type": "content", "content": "x"}}}),
        ("no_such_thing", {"extra_body": {"no_such_thing": 1}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unsupported_parameters_are_rejected(
    python: PagePython, param: str, parameters: dict[str, Any]
) -> None:
    found, message = rejected(python, **parameters)
    assert found == param
    assert param in message


def test_image_is_rejected_by_a_model_without_vision(python: PagePython) -> None:
    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": pixel}},
    ]
    _, message = rejected(python, content=parts)
    assert "vision" in message


def test_completion_continues_the_prompt(python: PagePython) -> None:
    async def complete() -> list[Any]:
        async def write(**more: Any) -> Any:
            request = {"prompt": "Ada is", "temperature": 0, "max_tokens": 10}
            return await llm.completions.create(**request | more)

        plain = await write()
        echo = await write(echo=True)
        stream = await write(echo=True, stream=True)
        streamed = "".join([chunk.text async for chunk in stream])
        two = await write(n=2, temperature=1, seed=3)
        marked = await write(logprobs=2)
        found = marked.choices[0].logprobs
        stopped = await write(stop=plain.text.split()[1])
        return [
            [plain.text, echo.text, streamed, stream.final.text, stopped.text],
            [plain.choices[0].finish_reason, stopped.choices[0].finish_reason],
            [choice.index for choice in two.choices],
            [marked.text, "".join(found.tokens), found.text_offset, len(found.top_logprobs[0])],
            [plain.object, plain.usage.completion_tokens],
        ]

    texts, reasons, indices, marks, rest = python.run(complete)
    plain, echo, streamed, final, stopped = texts
    assert plain
    assert echo == streamed == final == "Ada is" + plain
    assert plain.startswith(stopped)
    assert stopped != plain
    assert reasons == ["length", "stop"]
    assert indices == [0, 1]
    text_of_all, tokens, offsets, most_likely = marks
    assert text_of_all == tokens
    assert offsets[0] == 0
    assert offsets == sorted(offsets)
    assert most_likely == 2
    assert rest == ["text_completion", 10]


def test_model_without_embeddings_is_an_error(python: PagePython) -> None:
    async def embed() -> str:
        from pywebllm import WebLLMError

        try:
            await llm.embeddings.create(input="Ada")
        except WebLLMError as error:
            return str(error)
        raise AssertionError("the model returned embeddings")

    assert "embedding" in python.run(embed).lower()


def test_models_are_listed_with_the_built_in_one_first(python: PagePython) -> None:
    async def models() -> list[Any]:
        from pywebllm import ModelNotFoundError

        found = await llm.models.list()
        one = await llm.models.retrieve(found[1].id)
        try:
            await llm.models.retrieve("No-Such-Model")
        except ModelNotFoundError:
            unknown = True
        names = [model.id for model in found]
        return [names, found[0].loaded, found[0].owned_by, one == found[1], unknown]

    names, loaded, owner, same, unknown = python.run(models)
    assert names[0] == "pywebllm-persona-q4f32_1"
    assert len(names) == len(set(names)) > 100
    assert loaded
    assert owner == "pywebllm"
    assert same
    assert unknown

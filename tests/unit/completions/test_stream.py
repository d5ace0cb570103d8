"""The stream of a text completion; what all streams share is tested with those of chats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import openai.types as sdk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywebllm.completions.call import read_completion_call
from pywebllm.completions.stream import CompletionStream
from pywebllm.errors import AbortedError
from pywebllm.types import Completion, CompletionLogprobs

from tests.unit.runners import FakeRunner, end, text_piece, usage

pytestmark = pytest.mark.timeout(20)


def written(*texts: str, reason: str = "stop") -> list[dict[str, Any]]:
    return [*map(text_piece, texts), end(reason, kind="text"), usage()]


def stream_of(*answers: Sequence[dict[str, Any]], **parameters: object) -> CompletionStream:
    body = {"prompt": "Once", "stream": True, **parameters}
    return CompletionStream(FakeRunner(answers), read_completion_call(body))


def token(text: str, logprob: float, *, octets: object = None, top: Sequence[Any] = ()) -> Any:
    return {"token": text, "logprob": logprob, "bytes": octets, "top_logprobs": list(top)}


async def test_completion_stream_yields_every_chunk_and_has_the_final_completion() -> None:
    stream = stream_of(written(" upon", " a", " time", reason="length"))
    chunks = [chunk async for chunk in stream]
    assert [chunk.text for chunk in chunks] == [" upon", " a", " time", ""]
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None, None, None, "length"]
    assert stream.text == " upon a time"
    final = stream.final
    assert final is not None
    assert (final.text, final.choices[0].finish_reason) == (" upon a time", "length")
    assert final.usage is not None
    assert final.usage.total_tokens == 5
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {
        (final.id, final.created, final.model)
    }
    assert final.id.startswith("cmpl-")
    assert final.model == "builtin"


async def test_completion_stream_makes_the_request_of_its_call() -> None:
    runner = FakeRunner([written("a")])
    call = read_completion_call({"prompt": "Once", "model": "m", "seed": 1})
    await CompletionStream(runner, call).read()
    (request,) = runner.requests
    assert (request.kind, request.model) == ("completions", "m")
    assert request.body == {"prompt": "Once", "seed": 1}


async def test_usage_of_a_completion_has_a_chunk_only_on_request() -> None:
    stream = stream_of(written("a"), stream_options={"include_usage": True})
    *_, last = [chunk async for chunk in stream]
    assert last.choices == ()
    assert stream.final is not None
    assert last.usage == stream.final.usage is not None


async def test_choices_of_several_prompts_have_consecutive_indices() -> None:
    answers = [written(text) for text in ("A", "B", "C", "D")]
    stream = stream_of(*answers, prompt=["x", "y"], n=2)
    final = await stream.read()
    assert [choice.index for choice in final.choices] == [0, 1, 2, 3]
    assert [choice.text for choice in final.choices] == ["A", "B", "C", "D"]
    # Two prompts of 3 tokens, four choices of 2.
    assert final.usage is not None
    assert (final.usage.prompt_tokens, final.usage.completion_tokens) == (6, 8)


async def test_echo_puts_each_prompt_before_its_choices() -> None:
    stream = stream_of(*[written("!")] * 4, prompt=["x", "y"], n=2, echo=True)
    assert [chunk.text for chunk in [await anext(stream), await anext(stream)]] == ["x", "!"]
    final = await stream.read()
    assert [choice.text for choice in final.choices] == ["x!", "x!", "y!", "y!"]


async def test_empty_completion_has_a_finish_reason() -> None:
    final = await stream_of(written()).read()
    assert (final.text, final.choices[0].finish_reason) == ("", "stop")


async def test_empty_pieces_make_no_completion_chunks() -> None:
    chunks = [chunk async for chunk in stream_of(written("", "a", ""))]
    assert [chunk.text for chunk in chunks] == ["a", ""]


async def test_logprobs_have_the_shape_of_the_completions_reference() -> None:
    top = {"token": "é", "logprob": -0.1, "bytes": None}
    pieces = [
        text_piece("é", logprobs={"content": [token("é", -0.1, top=[top])]}),
        text_piece("b", logprobs={"content": [token("b", -2.0, top=[top])]}),
    ]
    stream = stream_of([*pieces, end(kind="text"), usage()], logprobs=1)
    chunks = [chunk async for chunk in stream]
    assert chunks[1].choices[0].logprobs == CompletionLogprobs(
        tokens=("b",),
        token_logprobs=(-2.0,),
        top_logprobs=({"b": -2.0, "é": -0.1},),
        text_offset=(1,),
    )
    assert stream.final is not None
    assert stream.final.choices[0].logprobs == CompletionLogprobs(
        tokens=("é", "b"),
        token_logprobs=(-0.1, -2.0),
        top_logprobs=({"é": -0.1}, {"b": -2.0, "é": -0.1}),
        text_offset=(0, 1),
    )


async def test_most_likely_of_tokens_with_the_same_text_is_kept() -> None:
    # U+FFFD stands for different bytes that are not a character by themselves.
    top = [token("\ufffd", -0.1), token("b", -1.0), token("\ufffd", -9.0)]
    pieces = [text_piece("b", logprobs={"content": [token("b", -1.0, top=top)]})]
    final = await stream_of([*pieces, end(kind="text"), usage()], logprobs=3).read()
    assert final.choices[0].logprobs is not None
    assert final.choices[0].logprobs.top_logprobs == ({"b": -1.0, "\ufffd": -0.1},)


async def test_tokens_of_one_character_have_the_same_offset() -> None:
    octets = "a😀b".encode()
    parts = [octets[:1], octets[1:3], octets[3:5], octets[5:]]
    tokens = [token("?", -1.0, octets=list(part)) for part in parts]
    first = text_piece("é")
    pieces = [first, text_piece("a😀b", logprobs={"content": tokens})]
    final = await stream_of([*pieces, end(kind="text"), usage()], logprobs=0).read()
    assert final.choices[0].logprobs is not None
    assert final.choices[0].logprobs.text_offset == (1, 2, 2, 3)


async def test_offset_of_a_token_is_at_most_the_length_of_the_text() -> None:
    # The last token may be the end-of-sequence token, which has a name but no text.
    tokens = [token("a", -1.0), token("</s>", -1.0), token("</s>", -1.0)]
    pieces = [text_piece("a", logprobs={"content": tokens})]
    final = await stream_of([*pieces, end(kind="text"), usage()], logprobs=0).read()
    assert final.choices[0].logprobs is not None
    assert final.choices[0].logprobs.text_offset == (0, 1, 1)


async def test_logprobs_of_a_token_without_text_are_not_lost() -> None:
    pieces = [text_piece("", logprobs={"content": [token("a", -1.0)]})]
    final = await stream_of([*pieces, end(kind="text"), usage()], logprobs=0).read()
    assert final.choices[0].logprobs is not None
    assert final.choices[0].logprobs.tokens == ("a",)


async def test_breaking_out_of_a_completion_stream_stops_the_engine_at_once() -> None:
    runner = FakeRunner()
    stream = CompletionStream(runner, read_completion_call({"prompt": "Once"}))
    runner.requests[0].push(text_piece("a"), text_piece("b"))
    async for _ in stream:
        break
    del stream
    assert runner.requests[0].stream.stops == 1


async def test_completion_aborted_in_the_engine_is_an_error() -> None:
    with pytest.raises(AbortedError):
        await stream_of(written("a", reason="abort")).read()


def strict(value: Completion) -> None:
    """Validate with the SDK's model, in which the finish reason of chunks cannot be null."""
    dumped = value.to_dict()
    for choice in dumped["choices"]:
        choice["finish_reason"] = choice["finish_reason"] or "stop"
    sdk.Completion.model_validate(dumped, strict=True)


@given(
    texts=st.lists(st.lists(st.text(max_size=4), max_size=4), min_size=1, max_size=3),
    echo=st.booleans(),
)
async def test_completion_chunks_add_up_to_the_final_completion(
    texts: list[list[str]], echo: bool
) -> None:
    stream = stream_of(*(written(*parts) for parts in texts), n=len(texts), echo=echo)
    chunks = [chunk async for chunk in stream]
    assert stream.final is not None
    for index, parts in enumerate(texts):
        found = [c.text for chunk in chunks for c in chunk.choices if c.index == index]
        assert "".join(found) == stream.final.choices[index].text
        assert stream.final.choices[index].text == ("Once" if echo else "") + "".join(parts)
    for value in (*chunks, stream.final):
        strict(value)

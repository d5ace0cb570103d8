"""The parameters of the requests, by the names of the OpenAI API reference.

Each is said once, here: the methods take them by `Unpack`, so type checkers and editors know all
of them, and `signature` shows them to `help()` and to notebooks. None always means "not given".
What a value may be is checked by the core, which also says why it refuses a name of the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Required, TypedDict

from pywebllm.records import Model
from pywebllm.types.inputs import Message, Tool

__all__ = [
    "AnswerOptions",
    "ChatOptions",
    "ChatParameters",
    "CompletionParameters",
    "EmbeddingParameters",
    "RequestOptions",
    "SamplingOptions",
    "StopOptions",
    "ToolRunParameters",
]


class RequestOptions(TypedDict, total=False):
    """What every request takes.

    Attributes:
        model: An id of `models.list()`, or a custom record; default: the client's own. Another
            model than the loaded one is loaded first.
        timeout: Seconds above 0, default: the client's own. The longest wait for the whole
            answer, a load included; with `stream=True` the longest wait for each next chunk.
            Then the engine stops and `RequestTimeoutError` is raised. `math.inf`: wait for ever.
        user: Of no effect: nobody else uses this model.
        extra_body: What is not in the reference. In chats: `enable_thinking` (bool, for models
            that reason), `enable_latency_breakdown` (bool), `resumable` (bool, or WebLLM's
            options: the answer can be gone on with by `sessions.resume`, also after the tab was
            closed), `ignore_eos` (bool: write until `max_tokens`; not with `stop`, tools or
            `response_format`) and `repetition_penalty` (above 0; more than 1 repeats less).
    """

    model: Model
    timeout: float | None
    user: str | None
    extra_body: Mapping[str, object] | None


class SamplingOptions(RequestOptions, total=False):
    """What chats and plain completions take; without a value the model's own default counts.

    Attributes:
        temperature: 0 (always the likeliest token) to 2.
        top_p: Above 0, to 1: only the likeliest tokens, with this much probability together.
        max_tokens: Most tokens to write, from 1; default: until the context window is full.
        presence_penalty: -2 to 2; above 0, tokens that were written already become less likely.
        frequency_penalty: -2 to 2; the same, growing with each time that they were written.
        seed: The same seed and request give the same text; an integer within ±(2**53 - 1).
        logit_bias: From ids of tokens, as text, to -100 (never) … 100 (always).
    """

    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    seed: int | None
    logit_bias: Mapping[str, float] | None


class StopOptions(TypedDict, total=False):
    """What requests take whose answers are texts.

    Attributes:
        stop: A text, or several, at which the answer ends; it is not part of the answer.
    """

    stop: str | Sequence[str] | None


class AnswerOptions(TypedDict, total=False):
    """What requests take whose answers are given back as they are.

    Attributes:
        n: How many answers, 1 (the default) to 128. They are written one after another, each
            with the next seed.
        stream_options: With `stream=True`: `{"include_usage": True}` asks for a last chunk with
            the usage. `stream.final` has the usage in any case.
    """

    n: int | None
    stream_options: Mapping[str, object] | None


class ChatOptions(SamplingOptions, total=False):
    """What all requests of chats take: `create`, `parse` and `run_tools`.

    Attributes:
        messages: The conversation, oldest first, at least one: mappings as in the reference, or
            messages of earlier answers as they came. Left as it was and continued, it is not
            read again: `usage.prompt_tokens_details` counts what was still known.
        max_completion_tokens: The reference's newer name of `max_tokens`.
        logprobs: True returns how likely each token was.
        top_logprobs: Also the likeliest tokens at each place, 0 to 5; needs `logprobs`.
        reasoning_effort: `none` turns the reasoning off, as `enable_thinking` False does.
        safety_identifier: Of no effect.
        prompt_cache_key: Of no effect: the cache is the model's own.
        store: Only False: nothing is kept.
        service_tier: Of no effect.
        modalities: Only `["text"]`.
    """

    messages: Required[Sequence[Message]]
    max_completion_tokens: int | None
    logprobs: bool | None
    top_logprobs: int | None
    reasoning_effort: Literal["none"] | None
    safety_identifier: str | None
    prompt_cache_key: str | None
    store: Literal[False] | None
    service_tier: Literal["auto", "default"] | None
    modalities: Sequence[Literal["text"]] | None


class ToolRunParameters(ChatOptions, StopOptions, total=False):
    """What `run_tools` takes besides the tools.

    Attributes:
        tool_choice: `auto` (the default): the model decides. `required`: it must call a tool.
            `{"type": "function", "function": {"name": …}}`: this one. `none`: it must not,
            but knows the tools, and reads the conversation no second time.
        parallel_tool_calls: False: one call in an answer at most; default True.
        response_format: `{"type": "text"}` (the default), `{"type": "json_object"}`, or
            `{"type": "json_schema", "json_schema": {"name": …, "schema": …}}`; WebLLM's own are
            `{"type": "grammar", "grammar": …}` and `{"type": "structural_tag", …}`. The model
            can write nothing else, but does not see it, nor the descriptions in a schema: name
            the fields in the prompt.
    """

    tool_choice: str | Mapping[str, object] | None
    parallel_tool_calls: bool | None
    response_format: Mapping[str, object] | None


class ChatParameters(ToolRunParameters, AnswerOptions, total=False):
    """What `chat.completions.create` takes besides `stream`.

    Attributes:
        tools: What the model may ask to be called: functions of Python, whose signature and
            docstring describe them, or descriptions as in the reference. These the model does
            see, in the system message. Nothing is called here: the calls are in
            `message.tool_calls`; `run_tools` makes them. Arguments fit the schema, but those of
            a tool without `strict` are any JSON object where it cannot be held; the log says so.
    """

    tools: Sequence[Tool] | None


class CompletionParameters(SamplingOptions, StopOptions, AnswerOptions, total=False):
    """What `completions.create` takes besides `stream`.

    Attributes:
        prompt: The text to continue, or several: then each has `n` answers, in their order.
        echo: True puts the prompt in front of the text.
        logprobs: Returns how likely each token was, and the likeliest ones at its place, 0 to 5;
            not with `echo`.
        best_of: Only what `n` is: nothing chooses among answers.
    """

    prompt: Required[str | Sequence[str]]
    echo: bool | None
    logprobs: int | None
    best_of: int | None


class EmbeddingParameters(RequestOptions, total=False):
    """What `embeddings.create` takes besides `encoding_format`.

    Attributes:
        input: A text or several; or the same as ids of tokens.
    """

    input: Required[str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]]]

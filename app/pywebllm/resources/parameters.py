"""The parameters of the requests, by the names of the OpenAI API reference.

Each is declared once, here: the methods take them by `Unpack`, so type checkers and editors know
all of them, and `signature` shows them to `help()` and to notebooks. None always means "not
given". The tables of the endpoints check the values, and say why a parameter of the reference is
not supported.
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
    """Parameters of every request.

    Attributes:
        model: A model ID of `models.list()`, or a custom record; default: the client's model. A
            model that is not loaded is loaded first.
        timeout: In seconds, greater than 0; default: the client's. The longest wait for the whole
            answer, including loading the model; with `stream=True` the longest wait for each
            chunk. After that the engine stops and `RequestTimeoutError` is raised. `math.inf`
            waits indefinitely.
        user: No effect: the model has no other users.
        extra_body: Parameters that are not in the reference. For chats: `enable_thinking` (bool,
            for reasoning models), `enable_latency_breakdown` (bool), `resumable` (bool or WebLLM's
            settings: `sessions.resume` can resume the answer, even after the tab was closed),
            `ignore_eos` (bool: generate until `max_tokens`; not with `stop`, tools or
            `response_format`) and `repetition_penalty` (greater than 0; values above 1 reduce
            repetition).
    """

    model: Model
    timeout: float | None
    user: str | None
    extra_body: Mapping[str, object] | None


class SamplingOptions(RequestOptions, total=False):
    """Parameters of chats and completions; their defaults are the model's.

    Attributes:
        temperature: Sampling temperature, 0 (always the most likely token) to 2.
        top_p: Nucleus sampling: only the most likely tokens, up to this total probability; greater
            than 0, at most 1.
        max_tokens: The maximum number of tokens to generate, from 1; default: until the context
            window is full.
        presence_penalty: -2 to 2; positive values make tokens that occur in the text less likely.
        frequency_penalty: -2 to 2; positive values make tokens less likely with each occurrence.
        seed: The same seed and request give the same text; an integer within ±(2**53 - 1).
        logit_bias: Maps token IDs of the model, as strings, to a bias from -100 (never) to 100
            (always).
    """

    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    seed: int | None
    logit_bias: Mapping[str, float] | None


class StopOptions(TypedDict, total=False):
    """Parameters of requests whose answer is free text.

    Attributes:
        stop: A string or a list of strings at which the answer ends; it is not part of the answer.
    """

    stop: str | Sequence[str] | None


class AnswerOptions(TypedDict, total=False):
    """Parameters of requests whose answer is returned without further processing.

    Attributes:
        n: The number of choices, 1 (the default) to 128. They are generated one after another,
            with consecutive seeds.
        stream_options: With `stream=True`, `{"include_usage": True}` requests a last chunk with
            the usage. `stream.final` has the usage in any case.
    """

    n: int | None
    stream_options: Mapping[str, object] | None


class ChatOptions(SamplingOptions, total=False):
    """Parameters of all chat requests: `create`, `parse` and `run_tools`.

    Attributes:
        messages: The conversation, oldest message first, at least one: mappings as in the
            reference, or messages of earlier answers. An unchanged beginning is served from the
            KV cache: `usage.prompt_tokens_details` counts its tokens.
        max_completion_tokens: The reference's newer name of `max_tokens`.
        logprobs: True returns the log probability of each token.
        top_logprobs: The number of most likely tokens to return at each position, 0 to 5;
            requires `logprobs`.
        reasoning_effort: `none` turns reasoning off, like `enable_thinking` False.
        safety_identifier: No effect.
        prompt_cache_key: No effect: WebLLM always caches the last conversation.
        store: Must be False: answers are not stored.
        service_tier: No effect.
        modalities: Must be `["text"]`.
        metadata: No effect; its values must be strings.
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
    metadata: Mapping[str, str] | None


class ToolRunParameters(ChatOptions, StopOptions, total=False):
    """Parameters of `run_tools` in addition to the tools.

    Attributes:
        tool_choice: `auto` (the default): the model decides. `required`: it must call a tool.
            `{"type": "function", "function": {"name": …}}`: it must call this tool. `none`: it
            must not call any; the prompt still lists the tools, so that the KV cache stays valid.
        parallel_tool_calls: False allows at most one call in an answer; default: True.
        response_format: `{"type": "text"}` (the default), `{"type": "json_object"}`, or
            `{"type": "json_schema", "json_schema": {"name": …, "schema": …}}`; WebLLM's own are
            `{"type": "grammar", "grammar": …}` and `{"type": "structural_tag", …}`. It constrains
            the model, which sees neither the format nor the descriptions in a schema: name the
            fields in the prompt.
    """

    tool_choice: str | Mapping[str, object] | None
    parallel_tool_calls: bool | None
    response_format: Mapping[str, object] | None


class ChatParameters(ToolRunParameters, AnswerOptions, total=False):
    """Parameters of `chat.completions.create` in addition to `stream`.

    Attributes:
        tools: The tools that the model may call: Python functions, described by signature and
            docstring, or tool descriptions as in the reference. The model sees the descriptions,
            in the system message. `create` does not call functions: it returns the calls in
            `message.tool_calls`; `run_tools` calls them. Arguments conform to the schema; only
            for a tool without `strict` whose schema is not supported they may be any JSON object,
            which is logged as a warning.
    """

    tools: Sequence[Tool] | None


class CompletionParameters(SamplingOptions, StopOptions, AnswerOptions, total=False):
    """Parameters of `completions.create` in addition to `stream`.

    Attributes:
        prompt: The text to continue, or a list of texts, each of which has `n` choices, in order.
        echo: True returns the prompt before the completion.
        logprobs: Returns the log probability of each token, and this many of the most likely
            tokens at each position, 0 to 5; not with `echo`.
        best_of: Must equal `n`: choices are not ranked.
    """

    prompt: Required[str | Sequence[str]]
    echo: bool | None
    logprobs: int | None
    best_of: int | None


class EmbeddingParameters(RequestOptions, total=False):
    """Parameters of `embeddings.create` in addition to `encoding_format`.

    Attributes:
        input: A string or a list of strings; or a list of token IDs or a list of such lists.
        dimensions: The length of the vectors, from 1. Less than the model's own length only for
            models that are trained for it (Matryoshka).
    """

    input: Required[str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]]]
    dimensions: int | None

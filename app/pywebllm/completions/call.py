"""A request of OpenAI's completions, checked, and what the engine gets for it.

`PARAMETERS` is the whole list. Names and meaning are those of the OpenAI reference, "Create
completion".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from pywebllm.records import Model
from pywebllm.request.checks import flag, integer, items, refuse
from pywebllm.request.choices import check_end, includes_usage, one_for_each
from pywebllm.request.common import GENERATION, REQUEST
from pywebllm.request.table import Parameter, Table, honored, read_parameters

__all__ = ["PARAMETERS", "TextCall", "read_text_call"]

# WebLLM gives no more.
_MOST_LOGPROBS = 5

# What WebLLM takes as OpenAI does, under the same name.
_PASSED = (
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "max_tokens",
    "stop",
    "repetition_penalty",
    "ignore_eos",
)


def _prompt(path: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_one_prompt(path, value),)
    prompts = [_one_prompt(f"{path}[{i}]", item) for i, item in enumerate(items(path, value))]
    if not prompts:
        refuse(path, "is a text or a list of at least one, got an empty list")
    return tuple(prompts)


def _one_prompt(path: str, value: object) -> str:
    if isinstance(value, int | list | tuple):
        refuse(path, "is a text: WebLLM takes no ids of tokens here")
    if not isinstance(value, str) or not value:
        refuse(path, f"is a text that is not empty, got {value!r}")
    return value


def _suffix(path: str, value: object) -> object:
    del value
    refuse(path, "cannot be honoured: WebLLM continues texts, it does not fill gaps in them")


def _resumable(path: str, value: object) -> object:
    if value is not False:
        refuse(path, "cannot be honoured: WebLLM resumes chats only")
    return None


PARAMETERS: Table = MappingProxyType(
    {
        **REQUEST,
        **GENERATION,
        "prompt": honored(_prompt),
        "echo": honored(flag),
        "logprobs": honored(integer(0, _MOST_LOGPROBS, why="WebLLM gives no more")),
        "best_of": honored(integer(1, 20)),
        "suffix": Parameter("refused", _suffix, "WebLLM continues texts only"),
        "resumable": Parameter("refused", _resumable, "WebLLM resumes chats only"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCall:
    """A checked request: what the engine gets, and how its answer is written.

    Attributes:
        bodies: WebLLM's request for each answer, without `model` and what concerns streaming;
            `bodies[i]` makes choice number i. Those of one prompt follow each other.
        model: What the request named; None for the default model.
        n: How many answers each prompt has.
        stream: True when the answer is wanted in chunks.
        include_usage: True when a last chunk carries the usage.
        echo: True when each text begins with its prompt.
    """

    bodies: tuple[Mapping[str, object], ...]
    model: Model
    n: int
    stream: bool
    include_usage: bool
    echo: bool


def read_text_call(body: Mapping[str, object]) -> TextCall:
    """Check the body of a completion, JSON-shaped, and return what to do for it.

    Raises:
        InvalidRequestError: Something is unknown, out of its range, or cannot be honoured;
            `param` says where.
    """
    values = read_parameters(body, PARAMETERS)
    if "prompt" not in values:
        refuse("prompt", "is missing: it is the text to continue, or a list of such")
    _check_together(values)
    request = {name: values[name] for name in _PASSED if name in values}
    request |= _logprobs(values) | _extra(values)
    prompts = cast("tuple[str, ...]", values["prompt"])
    return TextCall(
        bodies=tuple(
            each
            for prompt in prompts
            for each in one_for_each({"prompt": prompt, **request}, values)
        ),
        model=cast("Model", values.get("model")),
        n=cast("int", values.get("n", 1)),
        stream=bool(values.get("stream", False)),
        include_usage=includes_usage(values),
        echo=bool(values.get("echo", False)),
    )


def _check_together(values: Mapping[str, object]) -> None:
    best_of, n = values.get("best_of"), values.get("n", 1)
    if best_of is not None and best_of != n:
        refuse("best_of", f"can only be n, which is {n}, got {best_of}: WebLLM does not choose")
    if values.get("echo") and "logprobs" in values:
        refuse("logprobs", "cannot be had with echo: WebLLM does not give those of a prompt")
    check_end(values)


def _logprobs(values: Mapping[str, object]) -> dict[str, object]:
    if "logprobs" not in values:
        return {}
    return {"logprobs": True, "top_logprobs": values["logprobs"]}


def _extra(values: Mapping[str, object]) -> dict[str, object]:
    if "enable_latency_breakdown" not in values:
        return {}
    return {"extra_body": {"enable_latency_breakdown": values["enable_latency_breakdown"]}}

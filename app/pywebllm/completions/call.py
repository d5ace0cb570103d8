"""A request of the completions endpoint, checked, and the engine's requests for it.

`PARAMETERS` lists all parameters. Names and meaning are those of the OpenAI reference, "Create
completion".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from pywebllm.records import Model
from pywebllm.request.call import GenerationCall
from pywebllm.request.checks import (
    boolean,
    integer,
    items,
    nonempty_string,
    refuse,
    refuse_value,
)
from pywebllm.request.choices import check_end, includes_usage, one_for_each
from pywebllm.request.common import GENERATION, REQUEST
from pywebllm.request.table import Parameter, Table, honored, only, read_parameters, refused

__all__ = ["PARAMETERS", "CompletionCall", "read_completion_call"]

_MOST_LOGPROBS = 5
_CHATS_ONLY = "WebLLM resumes chats only"

# Parameters that WebLLM takes under the same name and with the same meaning as OpenAI.
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
        return (nonempty_string(path, value),)
    prompts = items(path, value, "a string or a list of strings")
    if not prompts:
        refuse_value(path, "a string or a non-empty list of strings", prompts)
    return tuple(_one_prompt(f"{path}[{i}]", item) for i, item in enumerate(prompts))


def _one_prompt(path: str, value: object) -> str:
    if isinstance(value, int | list | tuple):
        refuse_value(path, "a string", value, why="WebLLM does not accept token IDs here")
    return nonempty_string(path, value)


PARAMETERS: Table = MappingProxyType(
    {
        **REQUEST,
        **GENERATION,
        "prompt": honored(_prompt),
        "echo": honored(boolean),
        "logprobs": honored(integer(0, _MOST_LOGPROBS, why="WebLLM returns no more")),
        "best_of": honored(integer(1, 20)),
        "suffix": refused("WebLLM continues a text, but does not insert into one"),
        # False is what WebLLM does anyway.
        "resumable": Parameter("refused", only(allowed=False, why=_CHATS_ONLY).check, _CHATS_ONLY),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionCall(GenerationCall):
    """A checked completion request: what the engine gets, and how to write its answer.

    The choices of each prompt are consecutive in `bodies`.

    Attributes:
        n: The number of choices for each prompt.
        echo: True if each choice begins with its prompt.
    """

    n: int
    echo: bool


def read_completion_call(body: Mapping[str, object]) -> CompletionCall:
    """Check the body of a completion request, which has the shape of the reference's JSON.

    Raises:
        InvalidRequestError: A parameter is unknown, out of range or not supported; `param` is
            its path.
    """
    values = read_parameters(body, PARAMETERS)
    if "prompt" not in values:
        refuse("prompt", "is missing: it must be a string or a list of strings")
    _check_together(values)
    request = {name: values[name] for name in _PASSED if name in values}
    request |= _logprobs(values) | _extra(values)
    prompts = cast("tuple[str, ...]", values["prompt"])
    return CompletionCall(
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
        why = "WebLLM does not rank choices"
        refuse_value("best_of", f"equal to n, which is {n}", best_of, why=why)
    if values.get("echo") and "logprobs" in values:
        refuse("logprobs", "cannot be combined with echo: WebLLM returns none for a prompt")
    check_end(values)


def _logprobs(values: Mapping[str, object]) -> dict[str, object]:
    if "logprobs" not in values:
        return {}
    return {"logprobs": True, "top_logprobs": values["logprobs"]}


def _extra(values: Mapping[str, object]) -> dict[str, object]:
    if "enable_latency_breakdown" not in values:
        return {}
    return {"extra_body": {"enable_latency_breakdown": values["enable_latency_breakdown"]}}

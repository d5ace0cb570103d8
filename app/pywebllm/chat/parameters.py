"""The parameters of a chat completion: which are honored, which refused, and each one's range.

`PARAMETERS` is the whole list. Names and meaning are those of the OpenAI reference, "Create chat
completion"; the last group is WebLLM's own. None stands for "not given" everywhere.
"""

from __future__ import annotations

from types import MappingProxyType

from pywebllm.request.checks import flag, integer, items, one_of, plain, refuse, text
from pywebllm.request.common import GENERATION, OPENAI_ONLY, REQUEST
from pywebllm.request.table import Table, honored, no_effect, only, refused

__all__ = ["PARAMETERS"]

_MOST_TOP_LOGPROBS = 5


def _as_it_is(path: str, value: object) -> object:
    del path
    return value


def _plain(path: str, value: object) -> object:
    return plain(value, path)


def _top_logprobs(path: str, value: object) -> object:
    return integer(0, _MOST_TOP_LOGPROBS, why="WebLLM gives no more")(path, value)


def _reasoning_effort(path: str, value: object) -> object:
    if value != "none":
        refuse(
            path,
            f"can only be 'none', got {value!r}: WebLLM lets a model think as it does by"
            " itself, or not at all",
        )
    return value


_CACHE = "WebLLM keeps the last conversation of each model in the GPU, and nothing else"
_TEXT_ONLY = "WebLLM answers in text"

PARAMETERS: Table = MappingProxyType(
    {
        **REQUEST,
        **GENERATION,
        "messages": honored(items),
        # Length
        "max_completion_tokens": honored(integer(1)),
        # Form
        "logprobs": honored(flag),
        "top_logprobs": honored(_top_logprobs),
        "response_format": honored(_as_it_is),
        "tools": honored(items),
        "tool_choice": honored(_plain),
        "parallel_tool_calls": honored(flag),
        "reasoning_effort": honored(_reasoning_effort),
        # What says nothing here
        "safety_identifier": no_effect(text, OPENAI_ONLY),
        "prompt_cache_key": no_effect(text, _CACHE),
        "service_tier": no_effect(one_of("auto", "default"), OPENAI_ONLY),
        "store": only(allowed=False, why="answers are not stored"),
        "modalities": only(allowed=["text"], why=_TEXT_ONLY),
        # What cannot be had
        "audio": refused(_TEXT_ONLY),
        "function_call": refused("it is the old form of tool_choice; use that"),
        "functions": refused("it is the old form of tools; use that"),
        "metadata": refused("answers are not stored, so nothing could be found by it"),
        "min_p": refused("WebLLM does not sample so; use top_p"),
        "moderation": refused("there is no model for it here"),
        "prediction": refused("WebLLM cannot use a predicted answer"),
        "prompt_cache_options": refused(_CACHE),
        "prompt_cache_retention": refused(_CACHE),
        "top_k": refused("WebLLM does not sample so; use top_p"),
        "verbosity": refused("no model here is trained for it; ask for it in the prompt"),
        "web_search_options": refused("a model here sees nothing but its prompt"),
        # WebLLM's own
        "enable_thinking": honored(flag),
        "resumable": honored(_plain),
    }
)

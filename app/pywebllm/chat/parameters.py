"""The parameters of a chat completion: which are honored or refused, and the range of each.

`PARAMETERS` lists all of them. Names and meaning are those of the OpenAI reference, "Create chat
completion"; the last groups are WebLLM's own and those of other servers. None always stands for
"not given".
"""

from __future__ import annotations

from types import MappingProxyType

from pywebllm.request.checks import (
    boolean,
    integer,
    items,
    one_of,
    plain,
    refuse_value,
    string,
)
from pywebllm.request.common import GENERATION, OPENAI_ONLY, REQUEST, metadata
from pywebllm.request.table import Table, honored, no_effect, only, refused

from .other_servers import OTHER_SERVERS
from .resumable import read_resumable

__all__ = ["PARAMETERS"]

_MOST_TOP_LOGPROBS = 5


def _unchecked(path: str, value: object) -> object:
    """Return the value; the reader of the parameter checks it."""
    del path
    return value


def _plain(path: str, value: object) -> object:
    return plain(value, path)


def _reasoning_effort(path: str, value: object) -> object:
    if not isinstance(value, str) or value != "none":
        why = "WebLLM can turn thinking off, but cannot control its length"
        refuse_value(path, "'none'", value, why=why)
    return value


_CACHE = "WebLLM caches the last conversation of each model on the GPU only"
_TEXT_ONLY = "WebLLM generates text only"
_TOP_P = "WebLLM does not implement it; use top_p"

PARAMETERS: Table = MappingProxyType(
    {
        **REQUEST,
        **GENERATION,
        "messages": honored(items),
        # Length
        "max_completion_tokens": honored(integer(1)),
        # Form
        "logprobs": honored(boolean),
        "top_logprobs": honored(integer(0, _MOST_TOP_LOGPROBS, why="WebLLM returns no more")),
        "response_format": honored(_unchecked),
        "tools": honored(items),
        "tool_choice": honored(_plain),
        "parallel_tool_calls": honored(boolean),
        "reasoning_effort": honored(_reasoning_effort),
        # The deprecated form of tools
        "functions": honored(items),
        "function_call": honored(_plain),
        # No effect here
        "safety_identifier": no_effect(string, OPENAI_ONLY),
        "prompt_cache_key": no_effect(string, _CACHE),
        "metadata": no_effect(metadata, "answers are not stored, so nothing is searched by it"),
        "service_tier": no_effect(one_of("auto", "default"), OPENAI_ONLY),
        "store": only(allowed=False, why="answers are not stored"),
        "modalities": only(allowed=["text"], why=_TEXT_ONLY),
        # Not supported
        "audio": refused(_TEXT_ONLY),
        "min_p": refused(_TOP_P, off=(0,)),
        "moderation": refused("no moderation model is available in the browser"),
        "prediction": refused("WebLLM cannot use a predicted output"),
        "prompt_cache_options": refused(_CACHE),
        "prompt_cache_retention": refused(_CACHE),
        "top_k": refused(_TOP_P, off=(-1, 0)),
        "verbosity": refused("local models are not trained for it; ask for it in the prompt"),
        "web_search_options": refused("a local model has no access to the web"),
        # WebLLM's own
        "enable_thinking": honored(boolean),
        "resumable": honored(read_resumable),
        **OTHER_SERVERS,
    }
)

"""Parameters of a response whose shape differs from a chat's: text, reasoning and others.

Each reader returns the parameters of the chat.
"""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.request.checks import items, mapping, one_of, refuse, refuse_value
from pywebllm.request.common import metadata as check_metadata

__all__ = [
    "objects",
    "read_include",
    "read_metadata",
    "read_reasoning",
    "read_text",
    "refuse_obfuscation",
    "refuse_rest",
]

_LOGPROBS = "message.output_text.logprobs"
# The others are about tools of OpenAI's servers, or about what has no other form here: reasoning is
# never encrypted.
_INCLUDED = one_of(
    _LOGPROBS,
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "web_search_call.results",
)


def read_text(text: object) -> Mapping[str, object]:
    """Read `text`: its format becomes the chat's `response_format`.

    Raises:
        InvalidRequestError: Its format is not text, JSON or a JSON schema.
    """
    config = mapping("text", text)
    refuse_rest(config, {"format"}, "text", why="only the format can be set")
    if "format" not in config:
        return {}
    form = mapping("text.format", config["format"])
    kind = form.pop("type", None)
    if kind == "text":
        return {}
    if kind == "json_object":
        return {"response_format": {"type": "json_object"}}
    if kind != "json_schema":
        expected = "'text', 'json_object' or 'json_schema'"
        advice = "Use the chat completions endpoint for WebLLM's own formats."
        refuse_value("text.format.type", expected, kind, advice=advice)
    return {"response_format": {"type": "json_schema", "json_schema": form}}


def read_reasoning(reasoning: object) -> Mapping[str, object]:
    """Read `reasoning`: its effort becomes the chat's `reasoning_effort`.

    Raises:
        InvalidRequestError: It has another option, for example a summary.
    """
    config = mapping("reasoning", reasoning)
    refuse_rest(config, {"effort"}, "reasoning", why="only the effort can be set")
    return {"reasoning_effort": config["effort"]} if "effort" in config else {}


def read_include(include: object) -> Mapping[str, object]:
    """Read `include`: it can request logprobs; what it asks of OpenAI's servers has no effect.

    Raises:
        InvalidRequestError: It is not a list, or has an item that the reference does not have.
    """
    names = [_INCLUDED(f"include[{i}]", name) for i, name in enumerate(items("include", include))]
    return {"logprobs": True} if _LOGPROBS in names else {}


def read_metadata(metadata: object) -> Mapping[str, object]:
    """Check `metadata`, a mapping to strings, which the response repeats.

    Raises:
        InvalidRequestError: It is something else.
    """
    check_metadata("metadata", metadata)
    return {}


def refuse_obfuscation(options: object) -> Mapping[str, object]:
    """Check `stream_options`, which has no option with an effect here.

    Raises:
        InvalidRequestError: An option is not False.
    """
    config = mapping("stream_options", options)
    given = {name: value for name, value in config.items() if value is not False}
    refuse_rest(
        given, set(), "stream_options", why="options have no effect, as no data leaves the browser"
    )
    return {}


def objects(value: object, path: str, expected: str = "a list") -> list[dict[str, object]]:
    """Return a list of mappings, without their items that are None.

    Raises:
        InvalidRequestError: It is something else; `expected` is as for `items`.
    """
    found = items(path, value, expected)
    return [mapping(f"{path}[{index}]", item) for index, item in enumerate(found)]


def refuse_rest(config: Mapping[str, object], known: set[str], path: str, *, why: str) -> None:
    """Refuse all keys that are not known.

    Raises:
        InvalidRequestError: There is one.
    """
    for key, value in config.items():
        if key not in known and value is not None:
            refuse(f"{path}.{key}", f"is not supported: {why}")

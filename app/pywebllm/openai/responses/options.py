"""Parameters of a response that have another shape than a chat's: text, reasoning and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pywebllm.errors import InvalidRequestError

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


def read_text(text: object) -> Mapping[str, object]:
    """Read `text`: its format becomes the chat's `response_format`.

    Raises:
        InvalidRequestError: It asks for something else than text, JSON, or JSON of a schema.
    """
    config = _object(text, "text")
    refuse_rest(config, {"format"}, "text", why="the model's words are its own")
    if config.get("format") is None:
        return {}
    form = _object(config["format"], "text.format")
    match form.get("type"):
        case "text":
            return {}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "json_schema":
            schema = {name: value for name, value in form.items() if name != "type"}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
        case kind:
            raise InvalidRequestError(
                f"text.format is text, json_object or json_schema, got {kind!r}",
                advice="Chat completions know WebLLM's formats too.",
                param="text.format.type",
            )


def read_reasoning(reasoning: object) -> Mapping[str, object]:
    """Read `reasoning`: the chat decides which effort it can make.

    Raises:
        InvalidRequestError: It asks for more, for example for a summary.
    """
    config = _object(reasoning, "reasoning")
    why = "reasoning comes as the model wrote it"
    refuse_rest(config, {"effort"}, "reasoning", why=why)
    effort = config.get("effort")
    return {} if effort is None else {"reasoning_effort": effort}


def read_include(include: object) -> Mapping[str, object]:
    """Read `include`: only logprobs can be.

    Raises:
        InvalidRequestError: It names something else.
    """
    if not isinstance(include, Sequence) or isinstance(include, str):
        raise InvalidRequestError(f"include is a list of names, got {include!r}", param="include")
    for name in include:
        if name != _LOGPROBS:
            raise InvalidRequestError(
                f"include can only name {_LOGPROBS}, got {name!r}", param="include"
            )
    return {"logprobs": True} if include else {}


def read_metadata(metadata: object) -> Mapping[str, object]:
    """Check `metadata`, which the response repeats: texts by name.

    Raises:
        InvalidRequestError: It is something else.
    """
    for value in _object(metadata, "metadata").values():
        if not isinstance(value, str):
            raise InvalidRequestError(f"metadata holds texts, got {value!r}", param="metadata")
    return {}


def refuse_obfuscation(options: object) -> Mapping[str, object]:
    """Read `stream_options`; nothing leaves the page, so nothing is padded against eavesdroppers.

    Raises:
        InvalidRequestError: It asks for something.
    """
    config = _object(options, "stream_options")
    wanted = {name: value for name, value in config.items() if value is not False}
    refuse_rest(wanted, set(), "stream_options", why="nothing leaves the page")
    return {}


def objects(value: object, name: str) -> list[Mapping[str, object]]:
    """Return a list of JSON objects as such.

    Raises:
        InvalidRequestError: It is something else.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidRequestError(f"{name} is a list, got {value!r}", param=name)
    return [_object(item, f"{name}[{index}]") for index, item in enumerate(value)]


def refuse_rest(config: Mapping[str, object], known: set[str], name: str, *, why: str) -> None:
    """Refuse whatever is given besides what is known.

    Raises:
        InvalidRequestError: There is something.
    """
    for key, value in config.items():
        if key not in known and value is not None:
            raise InvalidRequestError(
                f"{name}.{key} cannot be honoured: {why}", param=f"{name}.{key}"
            )


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidRequestError(f"{name} is an object, got {value!r}", param=name)
    return value

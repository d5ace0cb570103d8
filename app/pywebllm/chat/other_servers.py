"""Parameters of other OpenAI-compatible servers, as parameters of this library.

vLLM's `guided_…`, `structured_outputs` and `chat_template_kwargs`, and Ollama's `format`. They
constrain the answer in the same way as `response_format`, of which there can be only one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pywebllm import schema
from pywebllm.errors import InvalidRequestError
from pywebllm.request.checks import (
    check_keys,
    items,
    json_object,
    mapping,
    nonempty_string,
    refuse,
    refuse_value,
)
from pywebllm.request.table import Table, honored

__all__ = ["OTHER_SERVERS", "translated"]

Values = Mapping[str, object]
Form = dict[str, object]


def _given(path: str, value: object) -> object:
    """Return the value; `translated` checks it."""
    del path
    return value


OTHER_SERVERS: Table = MappingProxyType(
    {
        "chat_template_kwargs": honored(mapping),
        "format": honored(_given),
        "guided_choice": honored(_given),
        "guided_grammar": honored(_given),
        "guided_json": honored(_given),
        "guided_regex": honored(_given),
        "structured_outputs": honored(mapping),
    }
)


def translated(values: Values) -> dict[str, object]:
    """Return the parameters of a request with those of other servers as this library's.

    Raises:
        InvalidRequestError: One has a wrong value, or two constrain the answer.
    """
    found = {name: value for name, value in values.items() if name not in OTHER_SERVERS}
    given = {name: value for name, value in values.items() if name in OTHER_SERVERS}
    if "chat_template_kwargs" in given:
        found |= _template(given.pop("chat_template_kwargs"), found)
    forms = {path: value for name in given for path, value in _forms(name, given[name])}
    for path, value in forms.items():
        if "response_format" in found:
            refuse(path, "cannot be combined with another constraint of the answer")
        found["response_format"] = _FORMS[path.rpartition("_")[2].rpartition(".")[2]](path, value)
    return found


def _template(value: object, found: Values) -> Form:
    path = "chat_template_kwargs"
    kwargs = mapping(path, value)
    check_keys(path, kwargs, ("enable_thinking",))
    thinking = kwargs.get("enable_thinking", found.get("enable_thinking"))
    if not isinstance(thinking, bool | None):
        refuse_value(f"{path}.enable_thinking", "a boolean", thinking)
    if found.get("enable_thinking", thinking) is not thinking:
        refuse(f"{path}.enable_thinking", "must equal enable_thinking if both are given")
    return {} if thinking is None else {"enable_thinking": thinking}


def _forms(name: str, value: object) -> list[tuple[str, object]]:
    if name != "structured_outputs":
        return [(name, value)]
    outputs = mapping(name, value)
    check_keys(name, outputs, ("json", "regex", "choice", "grammar", "json_object"))
    if outputs.pop("json_object", False):
        outputs["format"] = "json"
    return [(f"{name}.{key}", item) for key, item in outputs.items()]


def _format(path: str, value: object) -> Form:
    if isinstance(value, str) and value == "json":
        return {"type": "json_object"}
    return _json(path, json_object(path, value, "'json' or a JSON Schema"))


def _json(path: str, value: object) -> Form:
    # vLLM takes a JSON string as well, which this format reads.
    if not isinstance(value, str):
        value = json_object(path, value, "a JSON Schema or a string with one")
    return {"type": "json_object", "schema": value}


def _regex(path: str, value: object) -> Form:
    return _grammar(path, schema.regex_grammar(nonempty_string(path, value), param=path))


def _choice(path: str, value: object) -> Form:
    options = [nonempty_string(f"{path}[{i}]", item) for i, item in enumerate(items(path, value))]
    if not options:
        raise InvalidRequestError(f"{path} must contain at least one string", param=path)
    return _grammar(path, schema.choice_grammar(options, param=path))


def _grammar(path: str, value: object) -> Form:
    return {"type": "grammar", "grammar": nonempty_string(path, value)}


# By the last part of the parameter's name.
_FORMS: Mapping[str, Callable[[str, object], Form]] = MappingProxyType(
    {
        "choice": _choice,
        "format": _format,
        "grammar": _grammar,
        "json": _json,
        "regex": _regex,
    }
)

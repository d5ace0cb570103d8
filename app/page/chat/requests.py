"""What is sent to the model: the messages of a branch, and the parameters of a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pywebllm.json_text import NestingError, read_json

from page.texts import text

from .messages import Message
from .settings import Settings, SettingsProblem

__all__ = ["chat_body", "check_schema_text", "response_format", "resumable"]


def chat_body(
    branch: Sequence[Message],
    settings: Settings,
    *,
    tools: Sequence[Callable[..., object] | Mapping[str, object]] = (),
    model: str | None = None,
) -> dict[str, Any]:
    """Return the keyword arguments of `chat.completions.create` that answer a branch.

    A branch that ends with an unfinished answer asks the model to continue it.

    Raises:
        SettingsProblem: The schema is not a JSON object.
    """
    is_continued = _is_beginning(branch[-1])
    body: dict[str, Any] = {"messages": [*_system(settings), *_spread(branch)]}
    body |= settings.sampling()
    if model:
        body["model"] = model
    extra = settings.extra()
    if settings.is_typed and not is_continued:
        body["response_format"] = response_format(settings.schema)
    elif tools:
        body["tools"] = list(tools)
        is_first = branch[-1].role == "user"
        body["tool_choice"] = "required" if settings.must_call and is_first else "auto"
        # The visitor decides about each call, so they come one at a time.
        body["parallel_tool_calls"] = False
    if extra:
        body["extra_body"] = extra
    return body


def resumable(body: Mapping[str, Any], session_id: str) -> dict[str, Any] | None:
    """Return the request for an answer that outlives its tab; None if it cannot.

    The engine keeps such an answer under `session_id` while it writes it.
    """
    last = body["messages"][-1]
    if "tools" in body or "response_format" in body or last["role"] == "assistant":
        return None
    kept = {"session_id": session_id, "background": True}
    return {**body, "extra_body": {**body.get("extra_body", {}), "resumable": kept}}


def response_format(schema: str) -> dict[str, Any]:
    """Return the parameter that makes an answer fit a JSON Schema.

    Raises:
        SettingsProblem: The schema is not a JSON object.
    """
    found = check_schema_text(schema)
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": found}}


def check_schema_text(schema: str) -> Mapping[str, Any]:
    """Return the JSON object that the visitor typed.

    Raises:
        SettingsProblem: It is not one.
    """
    try:
        found = read_json(schema)
    except json.JSONDecodeError as error:
        place = text("chat.schema.json", line=error.lineno, column=error.colno, reason=error.msg)
        raise SettingsProblem("schema", place) from error
    except NestingError as error:
        raise SettingsProblem("schema", text("chat.schema.deep")) from error
    if not isinstance(found, dict):
        raise SettingsProblem("schema", text("chat.schema.object"))
    return found


def _is_beginning(message: Message) -> bool:
    return message.role == "assistant" and not message.calls


def _system(settings: Settings) -> Iterator[dict[str, str]]:
    parts = [settings.system.strip()]
    if settings.is_typed:
        # A grammar constrains the model to the schema, but the model does not see the grammar.
        schema = json.dumps(check_schema_text(settings.schema), separators=(",", ":"))
        parts.append(f"Answer with JSON that fits this JSON Schema: {schema}")
    words = "\n\n".join(part for part in parts if part)
    if words:
        yield {"role": "system", "content": words}


def _spread(branch: Sequence[Message]) -> Iterator[dict[str, Any]]:
    for message in branch:
        if message.role == "user":
            yield {"role": "user", "content": _content(message)}
        elif message.text or message.calls:
            yield from _answer(message)


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.text
    images = [{"type": "image_url", "image_url": {"url": url}} for url in message.images]
    return [{"type": "text", "text": message.text}, *images]


def _answer(message: Message) -> Iterator[dict[str, Any]]:
    if not message.calls:
        yield {"role": "assistant", "content": message.text}
        return
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in message.calls
    ]
    yield {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    for call in message.calls:
        yield {"role": "tool", "tool_call_id": call.id, "content": call.result}

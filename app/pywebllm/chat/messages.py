"""The messages of a request as WebLLM takes them: one system message, then turns as text.

WebLLM 0.2.86 does not support tools in the history and passes plain text to each model's
template, so what a model wrote is sent back as text: reasoning, content and calls. An unchanged
history becomes the same text, byte for byte, in every request; this is what lets WebLLM reuse the
KV cache.

The text is also what the model wrote, if that had the form that models are trained on. A message
does not record other forms, so from there on the next request is prefilled again: other white
space around reasoning and calls, text between or after calls, and truncated reasoning.

A last message of the assistant is the beginning of the answer, as it is; `call` sends it apart.

`developer` is treated as `system`; several at the start are joined by a blank line, later ones
become part of a user's message: `folding`. No template answers a system message alone, so if
there are no others they are the user's message. The results of tools are sent in the order of
the calls, in one message of the user and each in `<tool_response>`: few templates have a role
for tools, and Qwen's template does this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pywebllm.request.checks import (
    check_keys,
    mapping,
    one_of,
    refuse,
    refuse_value,
    shown,
    string,
)

from .folding import fold_instructions
from .history import Call, assistant_text, read_calls
from .parts import read_parts, read_text

__all__ = ["read_messages"]

_ROLES = ("system", "developer", "user", "assistant", "tool")
# Keys of OpenAI or of other servers that change nothing here. WebLLM 0.2.86 would write a `name` in
# place of the role tags of the model's template.
_NO_EFFECT = ("name", "id", "cache_control", "reasoning_details")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "system": ("role", "content", *_NO_EFFECT),
    "user": ("role", "content", *_NO_EFFECT),
    "assistant": (
        *("role", "content", "reasoning", "reasoning_content", "tool_calls", *_NO_EFFECT),
        # Answers have these two, though OpenAI does not take them back.
        *("annotations", "parsed"),
    ),
    "tool": ("role", "content", "tool_call_id", *_NO_EFFECT),
}
_REFUSED: Mapping[str, str] = {
    "refusal": "is not supported: a local model does not mark refusals; put it into content",
    "audio": "is not supported: WebLLM does not keep audio of earlier answers",
}


@dataclass(frozen=True, slots=True)
class _Message:
    path: str
    role: str
    fields: Mapping[str, object]

    @property
    def text(self) -> str:
        return read_text(f"{self.path}.content", self.fields.get("content"))


def read_messages(value: Sequence[object], *, tools_prompt: str = "") -> list[dict[str, object]]:
    """Return WebLLM's messages.

    Args:
        value: Mappings, `ChatCompletionMessage`s or objects of the official SDK.
        tools_prompt: Text to append to the system message.

    Raises:
        InvalidRequestError: A message has a wrong value; `param` is its path.
    """
    if not value:
        refuse("messages", "must contain at least one message")
    found = [_read_message(f"messages[{i}]", message) for i, message in enumerate(value)]
    first = next((i for i, message in enumerate(found) if message.role != "system"), len(found))
    system = [message.text for message in found[:first]]
    turns = fold_instructions(list(_turns(_with_results_together(found[first:]))))
    if not turns:
        turns = [{"role": "user", "content": "\n\n".join(system)}]
        system.clear()
    if tools_prompt:
        system.append(tools_prompt)
    return [{"role": "system", "content": "\n\n".join(system)}, *turns] if system else turns


def _read_message(path: str, value: object) -> _Message:
    fields = mapping(path, value, "a mapping or a message of an earlier answer")
    role = one_of(*_ROLES)(f"{path}.role", fields.get("role"))
    role = "system" if role == "developer" else role
    for key in fields:
        if key in _REFUSED and key not in _KEYS[role]:
            refuse(f"{path}.{key}", _REFUSED[key])
    check_keys(path, fields, _KEYS[role])
    if "name" in fields:
        string(f"{path}.name", fields["name"])
    return _Message(path, role, fields)


def _with_results_together(messages: Sequence[_Message]) -> Iterator[_Message]:
    """Yield the messages, those of the system between results of tools before these results."""
    results: list[_Message] = []
    between: list[_Message] = []  # after the last result so far
    for message in messages:
        if message.role == "tool":
            yield from between
            between.clear()
            results.append(message)
        elif message.role == "system" and results:
            between.append(message)
        else:
            yield from (*results, *between, message)
            results.clear()
            between.clear()
    yield from (*results, *between)


def _turns(messages: Iterable[_Message]) -> Iterator[dict[str, object]]:
    calls: tuple[Call, ...] = ()
    message = None
    for role, group in groupby(messages, key=lambda message: message.role):
        if role == "tool":
            yield _results(list(group), calls)
            calls = ()
            continue
        for message in group:
            if role == "system":
                yield {"role": "system", "content": message.text}
                continue
            _check_no_call_is_open(message, calls)
            calls = ()
            if role == "user":
                content = read_parts(f"{message.path}.content", message.fields.get("content"))
                yield {"role": "user", "content": content}
            else:
                calls = read_calls(message.path, message.fields)
                text = assistant_text(message.path, message.fields, calls)
                yield {"role": "assistant", "content": text}
    if message is not None:
        _check_no_call_is_open(message, calls)


def _check_no_call_is_open(message: _Message, calls: Sequence[Call]) -> None:
    if calls:
        ids = [call.id for call in calls]
        refuse(
            message.path,
            f"must be a message with the role 'tool': the calls {shown(ids)} have no results",
        )


def _results(messages: Sequence[_Message], calls: Sequence[Call]) -> dict[str, object]:
    results: dict[str, str] = {}
    names = {call.id: call.function.name for call in calls}
    for message in messages:
        call_id = string(f"{message.path}.tool_call_id", message.fields.get("tool_call_id"))
        if call_id not in names or call_id in results:
            expected = "the ID of a call in the preceding assistant message that has no result yet"
            refuse_value(f"{message.path}.tool_call_id", expected, call_id)
        name = message.fields.get("name", names[call_id])
        if name != names[call_id]:
            refuse_value(f"{message.path}.name", f"{shown(names[call_id])} as in the call", name)
        results[call_id] = message.text
    missing = [call_id for call_id in names if call_id not in results]
    if missing:
        refuse(messages[-1].path, f"must be followed by results of the calls {shown(missing)}")
    return {
        "role": "user",
        "content": "\n".join(
            f"<tool_response>\n{results[call_id]}\n</tool_response>" for call_id in names
        ),
    }

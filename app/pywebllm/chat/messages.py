"""The messages of a request, as WebLLM takes them: one system message, then turns in text.

WebLLM knows no tools in the history and gives each model's template plain text, so what a model
wrote goes back as text: reasoning, content and calls. An unchanged history becomes the same
text, byte for byte, in every request; only then is what is in the KV cache used again.

It is also what the model wrote, if that had the form that models are trained on. A message does
not tell, so from there on the next request is read anew: other white space around reasoning and
calls, text between or behind calls, and reasoning that was cut off.

`developer` is `system`; several at the start are joined by a blank line, a later one is refused.
The results of tools go back in the order of the calls, in one message of the user and each in
`<tool_response>`: few templates have a role for tools, and this is how Qwen's writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pywebllm.request.checks import check_keys, mapping, one_of, refuse, text

from .history import Call, assistant_text, read_calls
from .parts import read_parts, read_text

__all__ = ["read_messages"]

_ROLES = ("system", "developer", "user", "assistant", "tool")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "system": ("role", "content"),
    "user": ("role", "content"),
    # The last two are not sent back to OpenAI, but answers have them.
    "assistant": ("role", "content", "reasoning", "tool_calls", "annotations", "parsed"),
    "tool": ("role", "content", "tool_call_id", "name"),
}
_REFUSED: Mapping[str, str] = {
    "name": "cannot be honoured: WebLLM would put it in place of the model's own marks;"
    " write it into the text",
    "refusal": "cannot be honoured: a model here has no channel for refusals; put it into content",
    "audio": "cannot be honoured: a model here cannot hear what another one said",
    "function_call": "is the old form of tool_calls; use that",
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

    `value` holds mappings, `ChatCompletionMessage`s, or objects of the official SDK.
    `tools_prompt` joins the system message.

    Raises:
        InvalidRequestError: A message is not as it should be; `param` is the path to the fault.
    """
    if not value:
        refuse("messages", "has at least one message, got none")
    found = [_read_message(f"messages[{i}]", message) for i, message in enumerate(value)]
    if found[-1].role not in ("user", "tool"):
        refuse(
            f"{found[-1].path}.role",
            f"is 'user' or 'tool' for the last message, got {found[-1].role!r}",
        )
    turns = next((i for i, message in enumerate(found) if message.role != "system"), len(found))
    system = [message.text for message in found[:turns]]
    if tools_prompt:
        system.append(tools_prompt)
    read = list(_turns(found[turns:]))
    return [{"role": "system", "content": "\n\n".join(system)}, *read] if system else read


def _read_message(path: str, value: object) -> _Message:
    fields = mapping(path, value)
    role = one_of(*_ROLES)(f"{path}.role", fields.get("role"))
    role = "system" if role == "developer" else role
    for key in fields:
        if key in _REFUSED and key not in _KEYS[role]:
            refuse(f"{path}.{key}", _REFUSED[key])
    check_keys(path, fields, _KEYS[role])
    return _Message(path, role, fields)


def _turns(messages: Sequence[_Message]) -> Iterator[dict[str, object]]:
    calls: tuple[Call, ...] = ()
    for role, group in groupby(messages, key=lambda message: message.role):
        if role == "tool":
            yield _results(list(group), calls)
            calls = ()
            continue
        for message in group:
            _check_no_call_is_open(message, calls)
            calls = ()
            if role == "system":
                refuse(f"{message.path}.role", "can only be 'system' or 'developer' at the start")
            elif role == "user":
                content = read_parts(f"{message.path}.content", message.fields.get("content"))
                yield {"role": "user", "content": content}
            else:
                calls = read_calls(message.path, message.fields)
                yield {
                    "role": "assistant",
                    "content": assistant_text(message.path, message.fields, calls),
                }


def _check_no_call_is_open(message: _Message, calls: Sequence[Call]) -> None:
    if calls:
        refuse(
            message.path,
            f"comes before the results of the calls {', '.join(call.id for call in calls)};"
            " each needs a message with the role 'tool'",
        )


def _results(messages: Sequence[_Message], calls: Sequence[Call]) -> dict[str, object]:
    results: dict[str, str] = {}
    names = {call.id: call.function.name for call in calls}
    for message in messages:
        call_id = text(f"{message.path}.tool_call_id", message.fields.get("tool_call_id"))
        if call_id not in names or call_id in results:
            refuse(
                f"{message.path}.tool_call_id",
                f"is one of the calls of the assistant's message before it, once, got {call_id!r}",
            )
        if message.fields.get("name", names[call_id]) != names[call_id]:
            refuse(f"{message.path}.name", f"is {names[call_id]!r}, as in the call, or left out")
        results[call_id] = message.text
    missing = [call_id for call_id in names if call_id not in results]
    if missing:
        refuse(messages[-1].path, f"is the last result, but {', '.join(missing)} has none")
    return {
        "role": "user",
        "content": "\n".join(
            f"<tool_response>\n{results[call_id]}\n</tool_response>" for call_id in names
        ),
    }

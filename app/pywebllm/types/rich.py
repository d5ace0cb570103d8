"""Replies as HTML, for hosts that show the last value of a cell.

What a model wrote is text, and is shown as such: as Markdown it could load images from other
hosts, and as HTML run scripts.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .chat import ChatCompletion, ChatCompletionMessage
    from .completion import Completion
    from .usage import Usage

__all__ = ["chat_html", "completion_html"]


def chat_html(reply: ChatCompletion) -> str:
    """Return the messages of a reply as HTML, with its model and tokens."""
    truncated = any(choice.finish_reason == "length" for choice in reply.choices)
    parts = [_message(choice.message) for choice in reply.choices]
    return _framed(parts, model=reply.model, usage=reply.usage, truncated=truncated)


def completion_html(reply: Completion) -> str:
    """Return the texts of a completion as HTML, with its model and tokens."""
    truncated = any(choice.finish_reason == "length" for choice in reply.choices)
    parts = [_text(choice.text) for choice in reply.choices]
    return _framed(parts, model=reply.model, usage=reply.usage, truncated=truncated)


def _message(message: ChatCompletionMessage) -> str:
    parts = []
    if message.reasoning:
        parts.append(f"<details><summary>Reasoning</summary>{_text(message.reasoning)}</details>")
    if message.content:
        parts.append(_text(message.content))
    for call in message.tool_calls or ():
        parts.append(_code(f"{call.function.name}({call.function.arguments})"))
    return "".join(parts)


def _framed(parts: list[str], *, model: str, usage: Usage | None, truncated: bool) -> str:
    about = [model]
    if usage is not None:
        about.append(f"{usage.completion_tokens} tokens")
    if truncated:
        about.append("truncated")
    footer = f'<small style="opacity: 0.7">{escape(" · ".join(about))}</small>'
    return f"<div>{'<hr>'.join(parts)}{footer}</div>"


def _text(text: str) -> str:
    return f'<div style="white-space: pre-wrap">{escape(text)}</div>'


def _code(text: str) -> str:
    return f'<pre style="white-space: pre-wrap">{escape(text)}</pre>'

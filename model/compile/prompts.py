"""How WebLLM 0.2.86 turns messages into a prompt: its `Conversation`, in Python.

A prompt is a list of pieces that are encoded separately: the system message, then every message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["pieces"]


def pieces(conversation: Mapping[str, Any], messages: Sequence[tuple[str, str]]) -> list[str]:
    """Return the pieces of a conversation; the last one is the start of the answer.

    `conversation` is a `conv_template`. Messages are pairs of role and content, the system message
    first. After an assistant message, there is no answer to start.
    """
    turns = list(messages)
    system = conversation["system_message"]
    if turns and turns[0][0] == "system":
        system = turns.pop(0)[1]
    head = conversation["system_template"].replace("{system_message}", system, 1)
    if not system and conversation.get("render_empty_system_message") is False:
        head = ""
    found = [head] if head else []
    for index, (role, text) in enumerate(turns):
        bare = index == 0 and head and conversation.get("add_role_after_system_message") is False
        found.append(("" if bare else _role(conversation, role)) + _text(conversation, role, text))
        found[-1] += conversation["seps"][index % len(conversation["seps"])]
    if turns and turns[-1][0] != "assistant":
        found.append(conversation["roles"]["assistant"] + conversation["role_empty_sep"])
    return found


def _role(conversation: Mapping[str, Any], role: str) -> str:
    return str(conversation["roles"][role] + conversation["role_content_sep"])


def _text(conversation: Mapping[str, Any], role: str, text: str) -> str:
    template = conversation["role_templates"][role]
    return str(template.replace(f"{{{role}_message}}", text, 1))

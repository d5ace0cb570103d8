"""The beginning of an answer that a request gives: a last message of the assistant.

The model continues it, and the answer is what it adds. WebLLM 0.2.86 takes no such message, so it
is sent apart, and the bridge puts it after the template's mark of the assistant's turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pywebllm.request.checks import refuse

__all__ = ["check_beginning", "take_beginning"]


def take_beginning(messages: list[dict[str, object]]) -> str:
    """Remove a last message of the assistant, and return its text; empty if there is none.

    Args:
        messages: WebLLM's messages.

    Raises:
        InvalidRequestError: No message comes before it.
    """
    if messages[-1]["role"] != "assistant":
        return ""
    last = messages.pop()
    if not any(message["role"] == "user" for message in messages):
        refuse("messages", "must contain a message of the user before one of the assistant")
    return cast("str", last["content"])


def check_beginning(values: Mapping[str, object], *, is_constrained: bool) -> None:
    """Check that a given beginning is not combined with what concerns the answer as a whole.

    Raises:
        InvalidRequestError: It is.
    """
    path = "messages"
    if is_constrained:
        refuse(
            path,
            "cannot end with a message of the assistant if the answer is constrained: the grammar"
            " begins with the answer",
            advice="Leave out the last message, or response_format and tool_choice.",
        )
    if "resumable" in values:
        refuse(path, "cannot end with a message of the assistant if the answer is resumable")

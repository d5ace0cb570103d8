"""Instructions after the start of a chat, as part of a user's message.

Templates of models have one place for a system message, before all turns, and most expect that the
turns of user and assistant alternate. WebLLM 0.2.86 even separates turns by their position. So
later instructions neither become a turn beside a user's, nor move to the start, which would change
the beginning of the prompt and empty the KV cache:

    user        Hello                   user        Hello
    assistant   Hi                      assistant   Hi
    system      Be brief.         →     user        <system>
    user        Why?                                Be brief.
                                                    </system>

                                                    Why?

They join the user's message that follows, else the one before, and between two answers they are a
user's message. What a chat is folded to is the beginning of what it is folded to with its answer
and further messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

__all__ = ["fold_instructions"]

Turn: TypeAlias = dict[str, object]
Part: TypeAlias = Mapping[str, object]


def fold_instructions(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns of user and assistant, those of the user with the instructions.

    Args:
        turns: WebLLM's messages after the start; the content of one with the role `system`, an
            instruction, is a string.
    """
    folded: list[Turn] = []
    waiting: list[str] = []
    for turn in turns:
        if turn["role"] == "system":
            waiting.append(cast("str", turn["content"]))
        elif turn["role"] == "user":
            folded.append(_joined(waiting, turn))
            waiting = []
        else:
            _add_alone(folded, waiting)
            folded.append(turn)
            waiting = []
    _add_alone(folded, waiting)
    return folded


def _joined(texts: Sequence[str], turn: Turn) -> Turn:
    if not texts:
        return turn
    return {**turn, "content": _with_text(turn["content"], _tagged(texts), first=True)}


def _add_alone(folded: list[Turn], texts: Sequence[str]) -> None:
    """Add instructions that no message of the user follows."""
    if not texts:
        return
    if folded and folded[-1]["role"] == "user":
        last = folded.pop()
        folded.append({**last, "content": _with_text(last["content"], _tagged(texts))})
    else:
        folded.append({"role": "user", "content": _tagged(texts)})


def _tagged(texts: Sequence[str]) -> str:
    # As the results of tools are: `messages`.
    return "<system>\n{}\n</system>".format("\n\n".join(texts))


def _with_text(content: object, text: str, *, first: bool = False) -> object:
    """Return a content with this text before or after its own."""
    if isinstance(content, str):
        return "\n\n".join([text, content] if first else [content, text])
    parts = cast("list[Part]", content)
    # WebLLM takes one text part at most.
    if not any(part["type"] == "text" for part in parts):
        part = {"type": "text", "text": text}
        return [part, *parts] if first else [*parts, part]
    return [
        {**part, "text": _with_text(part["text"], text, first=first)}
        if part["type"] == "text"
        else part
        for part in parts
    ]

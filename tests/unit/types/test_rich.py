"""Replies as notebooks show them: what a model wrote stays text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    Completion,
    CompletionChoice,
    Function,
    ToolCall,
    Usage,
)

BAD = '<img src=x onerror="alert(1)">&amp;![a](https://example.org/?q=1)</div><script>1</script>'
USAGE = Usage(prompt_tokens=3, completion_tokens=5, total_tokens=8)


class Read(HTMLParser):
    """The tags of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= {"style"}
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def chat(*messages: ChatCompletionMessage, finish_reason: Any = "stop") -> ChatCompletion:
    choices = [
        Choice(index=index, message=message, finish_reason=finish_reason)
        for index, message in enumerate(messages)
    ]
    return ChatCompletion(id="a", created=1, model="m", choices=tuple(choices), usage=USAGE)


def test_reply_is_its_text_with_the_model_and_the_tokens() -> None:
    found = Read(chat(ChatCompletionMessage(content="One\n  two"))._repr_html_())
    assert found.text == "One\n  twom · 5 tokens"
    assert found.tags == ["div", "div", "small"]


@pytest.mark.parametrize("place", ["content", "reasoning", "arguments", "name", "model"])
def test_what_a_model_wrote_is_text(place: str) -> None:
    function = Function(
        name=BAD if place == "name" else "f", arguments=BAD if place == "arguments" else "{}"
    )
    message = ChatCompletionMessage(
        content=BAD if place == "content" else "text",
        reasoning=BAD if place == "reasoning" else "thought",
        tool_calls=(ToolCall(id="c", function=function),),
    )
    reply = ChatCompletion(
        id="a",
        created=1,
        model=BAD if place == "model" else "m",
        choices=(Choice(index=0, message=message, finish_reason="tool_calls"),),
    )
    found = Read(reply._repr_html_())
    assert BAD in found.text
    assert found.tags == ["div", "details", "summary", "div", "div", "pre", "small"]


def test_all_choices_are_shown_and_a_truncated_one_is_named() -> None:
    messages = [ChatCompletionMessage(content=text) for text in ("one", "two")]
    found = Read(chat(*messages, finish_reason="length")._repr_html_())
    assert found.text == "onetwom · 5 tokens · truncated"
    assert "hr" in found.tags


def test_completion_is_shown_alike() -> None:
    choice = CompletionChoice(index=0, text=BAD, finish_reason="length")
    found = Read(Completion(id="a", created=1, model="m", choices=(choice,))._repr_html_())
    assert found.text == BAD + "m · truncated"
    assert found.tags == ["div", "div", "small"]

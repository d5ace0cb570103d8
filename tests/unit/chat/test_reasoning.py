"""Reasoning split from the answer, and joined with it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywebllm.chat.reasoning import ReasoningSplitter, with_reasoning

from tests.unit.chat.cut import pieces, texts

TEXTS = texts("<think>", "</think>", "<thi", "</th", "\n\n", "answer")


def split(*parts: str, truncated: bool = False) -> tuple[str | None, str]:
    splitter = ReasoningSplitter()
    found = [*map(splitter.feed, parts), splitter.end(truncated=truncated)]
    reasoning = [thought for thought, _ in found if thought is not None]
    return "".join(reasoning) if reasoning else None, "".join(text for _, text in found)


@pytest.mark.parametrize(
    ("text", "reasoning", "content"),
    [
        ("", None, ""),
        ("Hello", None, "Hello"),
        ("  \n Hello\n", None, "  \n Hello\n"),
        ("<think>\nwell\n</think>\n\nHello", "well", "Hello"),
        ("<think>well</think>Hello", "well", "Hello"),
        (" \n<think>\nwell\n</think>\n\nHello", "well", "Hello"),
        ("<think>\n\n</think>\n\nHello", "", "Hello"),
        ("<think></think>", "", ""),
        ("<think>\n\n  a\n\n b \n\n</think>\n\n\n  c\n", "  a\n\n b ", "  c\n"),
        ("<think>\nnot yet", "not yet", ""),
        ("<think>\nnot yet\n</thi", "not yet\n</thi", ""),
        ("<think>\nnot yet\n\n", "not yet", ""),
        ("<think>\n", "", ""),
        ("<think", None, "<think"),
        (" \n", None, " \n"),
        ("<thinking>x", None, "<thinking>x"),
        ("Well, <think>x</think>y", None, "Well, <think>x</think>y"),
        ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
        ("<think>a <think> b</think>c", "a <think> b", "c"),
    ],
)
def test_only_a_block_at_the_start_is_reasoning(
    text: str, reasoning: str | None, content: str
) -> None:
    assert split(text) == (reasoning, content)


@pytest.mark.parametrize(
    ("text", "reasoning", "content"),
    [
        ("<", None, ""),
        (" \n<think", None, ""),
        ("<thing", None, "<thing"),
        ("<think>\nnot yet\n</thi", "not yet", ""),
        ("<think>\nnot yet <", "not yet ", ""),
        ("<think>well</think>\n\n<", "well", "<"),
    ],
)
def test_beginning_of_a_truncated_tag_is_neither_reasoning_nor_content(
    text: str, reasoning: str | None, content: str
) -> None:
    assert split(text, truncated=True) == (reasoning, content)


@given(pieces(TEXTS))
def test_reasoning_does_not_depend_on_how_the_text_is_split(cut: tuple[str, list[str]]) -> None:
    text, parts = cut
    assert split(*parts) == split(text)


@given(TEXTS)
def test_splitting_reasoning_drops_only_tags_and_white_space(text: str) -> None:
    reasoning, content = split(text)
    kept = "".join(((reasoning or "") + content).split())
    whole = "".join(text.split())
    assert kept in (
        whole,
        whole.replace("<think>", "", 1),
        whole.replace("<think>", "", 1).replace("</think>", "", 1),
    )


def test_reasoning_is_streamed_before_it_is_complete() -> None:
    splitter = ReasoningSplitter()
    assert splitter.feed("<think>\nwell, ") == ("well, ", "")
    assert splitter.feed("now\n </thi") == ("now", "")
    assert splitter.feed("nk>\n\nYes") == (None, "Yes")
    assert splitter.feed(" and no") == (None, " and no")
    assert splitter.end(truncated=False) == (None, "")


# Text inside the block and after it, in the form that models are trained on.
REASONING = st.text().filter(
    lambda text: "</think>" not in text and split(f"<think>\n{text}\n</think>")[0] == text
)
CONTENT = st.text().filter(lambda text: split(f"<think></think>{text}")[1] == text)


@given(REASONING, CONTENT)
def test_split_reasoning_is_joined_again_byte_for_byte(reasoning: str, content: str) -> None:
    text = f"<think>\n{reasoning}\n</think>\n\n{content}"
    assert split(text) == (reasoning, content)
    assert with_reasoning(*split(text)) == text


def test_answer_without_reasoning_is_joined_unchanged() -> None:
    assert with_reasoning(None, "\n Hello") == "\n Hello"


def test_empty_reasoning_becomes_the_block_that_turns_thinking_off() -> None:
    assert with_reasoning("", "Hello") == "<think>\n\n</think>\n\nHello"

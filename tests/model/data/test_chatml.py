"""ChatML: how a conversation is rendered, and which pieces of it the model learns."""

from __future__ import annotations

from model.data import Message, render
from model.data.chatml import prompt, spans


def test_spans_mark_answers_with_their_end_token_as_learned() -> None:
    messages = [Message("user", "Hi"), Message("assistant", "Hello.")]
    text = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert prompt(messages[:1]) == text
    assert render(messages) == f"{text}Hello.<|im_end|>\n"
    assert [piece for piece, learned in spans(messages) if learned] == ["Hello.<|im_end|>"]

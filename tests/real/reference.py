"""The model in PyTorch, with the weights that the page computes with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.compile.checkpoint import Checkpoint
from model.compile.reference import Reference
from model.compile.source import Source
from model.compile.tokenizer import read_json

__all__ = ["Answer", "RealReference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the network answers at temperature 0."""

    text: str
    prompt_tokens: int
    finish_reason: str


class RealReference:
    """The network and tokenizer of a source, by `transformers`.

    `built` is the folder that was compiled from it.
    """

    def __init__(self, source: str, built: Path) -> None:
        from transformers import AutoTokenizer

        config = read_json(built / "mlc-chat-config.json")["model_config"]
        bits = {"bits": config["bits"], "embedding_bits": config["embedding_bits"]}
        checkpoint = Checkpoint.read(Source.find(source).path, **bits)
        self._network = Reference.quantized(checkpoint)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(checkpoint.folder)
        template = read_json(built / "mlc-chat-config.json")["conv_template"]
        self._ends: list[int] = template["stop_token_ids"]

    def answer(self, messages: Sequence[Mapping[str, str]], *, most: int) -> Answer:
        """Answer a conversation with at most `most` tokens."""
        text = self._tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=True
        )
        prompt: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        found = self._network.greedy(prompt, most, self._ends)
        is_ended = found[-1] in self._ends
        return Answer(
            text=self._tokenizer.decode(found[:-1] if is_ended else found),
            prompt_tokens=len(prompt),
            finish_reason="stop" if is_ended else "length",
        )

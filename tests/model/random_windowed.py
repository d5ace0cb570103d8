"""Small networks with sliding windows and random weights, in Hugging Face format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, Gemma3TextConfig, MistralConfig, Qwen2Config

from tests.model.random_llama import SMALL, byte_tokenizer, word_tokenizer, write_tokenizer

__all__ = ["GEMMA_CHAT", "WINDOWED", "write_windowed"]

WINDOW = 64
_SHAPE = {key: value for key, value in SMALL.items() if key != "rope_theta"}
# Rewritten after that of Gemma 3.
GEMMA_CHAT = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}"
    "{% set first = messages[0].content + '\n\n' %}{% set said = messages[1:] %}"
    "{% else %}{% set first = '' %}{% set said = messages %}{% endif %}{% for m in said %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ first if loop.first else '' }}{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
WINDOWED: dict[str, Any] = {
    "gemma3": Gemma3TextConfig(
        **_SHAPE | {"num_hidden_layers": 3, "head_dim": 256},  # the heads of every Gemma 3
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
        },
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        sliding_window=WINDOW,
        query_pre_attn_scalar=20,
        initializer_range=0.1,
        bos_token_id=1,
        eos_token_id=4,  # <end_of_turn>
    ),
    "mistral": MistralConfig(**SMALL, sliding_window=WINDOW, initializer_range=0.1),
    "qwen2 with a window": Qwen2Config(
        **{key: value for key, value in SMALL.items() if key != "head_dim"},
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_window_layers=1,
        initializer_range=0.1,
    ),
}


def write_windowed(folder: Path, kind: str) -> Path:
    """Write a network with a window of 64 tokens into `folder` and return it.

    `kind` is a key of WINDOWED. Gemma has a tokenizer like that of SentencePiece without a space in
    front of a text, and the template GEMMA_CHAT.
    """
    torch.manual_seed(7)
    network = AutoModelForCausalLM.from_config(WINDOWED[kind]).float()
    middle = 0.0 if kind == "gemma3" else 1.0  # Gemma has differences to 1
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "norm" in name:
                # In steps, so that 1 can be added and subtracted exactly.
                weight.copy_(torch.randint(-128, 128, weight.shape) / 256 + middle)
            elif name.endswith("bias"):
                weight.uniform_(-0.5, 0.5)
    network.save_pretrained(folder)
    if kind != "gemma3":
        special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
        return write_tokenizer(
            folder, byte_tokenizer(SMALL["vocab_size"], *special), eos_token="<|im_end|>"
        )
    tokenizer = word_tokenizer(
        SMALL["vocab_size"], "<start_of_turn>", "<end_of_turn>", prepends=False
    )
    named = {"bos_token": "<s>", "eos_token": "<end_of_turn>", "unk_token": "<unk>"}
    return write_tokenizer(folder, tokenizer, chat_template=GEMMA_CHAT, **named)

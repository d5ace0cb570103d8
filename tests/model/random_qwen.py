"""Small Qwen2 and Qwen3 networks with random weights, in Hugging Face format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, Qwen2Config, Qwen3Config

from tests.model.random_llama import CHATML, SMALL, byte_tokenizer, write_tokenizer

__all__ = ["QWENS", "write_qwen"]

QWENS: dict[str, Any] = {"qwen2": Qwen2Config, "qwen3": Qwen3Config}


def write_qwen(folder: Path, kind: str, **changes: Any) -> Path:
    """Write a Qwen of the shape of `random_llama.SMALL` into `folder` and return it.

    `kind` is a key of QWENS. Norms and biases are random as well: a missing one would show.
    """
    shape = SMALL | changes
    if kind == "qwen2":  # its head size follows from the others
        shape = {key: value for key, value in shape.items() if key != "head_dim"}
    torch.manual_seed(6)
    config = QWENS[kind](**shape, initializer_range=0.1)
    network = AutoModelForCausalLM.from_config(config).float()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "norm" in name:
                weight.uniform_(0.5, 1.5)
            elif name.endswith("bias"):
                weight.uniform_(-0.5, 0.5)
    network.save_pretrained(folder)
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    tokenizer = byte_tokenizer(shape["vocab_size"], *special)
    return write_tokenizer(folder, tokenizer, eos_token="<|im_end|>", chat_template=CHATML)

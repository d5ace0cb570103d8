"""A small Llama with random weights and a trained tokenizer, in Hugging Face form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

__all__ = ["SMALL", "write_llama"]

SMALL: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "intermediate_size": 96,
    "vocab_size": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
}


def write_llama(folder: Path, *, shard_size: str = "1GB", **changes: Any) -> Path:
    """Write a model of the shape SMALL with `changes` into `folder` and return it."""
    torch.manual_seed(4)
    shape = SMALL | changes
    network = LlamaForCausalLM(LlamaConfig(**shape, initializer_range=0.1)).float()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "norm" in name:  # or a norm left out would not show
                weight.uniform_(0.5, 1.5)
    network.save_pretrained(folder, max_shard_size=shard_size)
    _tokenizer(shape["vocab_size"]).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_end|>"}))
    return folder


def _tokenizer(size: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([Path(__file__).read_text()] * 2, trainer)
    return tokenizer

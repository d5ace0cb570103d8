"""Small Llamas with random weights and trained tokenizers, in Hugging Face format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

__all__ = [
    "CHATML",
    "SMALL",
    "ZEPHYR",
    "byte_tokenizer",
    "word_tokenizer",
    "write_llama",
    "write_other_llama",
    "write_tokenizer",
]

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

# A model as small as SMALL that differs in everything that may differ.
OTHER: dict[str, Any] = {
    "hidden_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "head_dim": 16,
    "intermediate_size": 160,
    "vocab_size": 603,  # not a multiple of 8
    "rms_norm_eps": 1e-6,
    "rope_parameters": {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 4.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 128,
    },
    "max_position_embeddings": 512,
    "tie_word_embeddings": False,
    "eos_token_id": [2, 7],
}

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ZEPHYR = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content + eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def write_llama(folder: Path, *, shard_size: str = "1GB", **changes: Any) -> Path:
    """Write a model of the shape SMALL with `changes` into `folder` and return it.

    Its tokenizer is byte-level, its chat template ChatML.
    """
    shape = SMALL | changes
    _write_network(folder, shape, torch.float32, shard_size)
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    tokenizer = byte_tokenizer(shape["vocab_size"], *special)
    write_tokenizer(folder, tokenizer, eos_token="<|im_end|>", chat_template=CHATML)
    return folder


def write_other_llama(folder: Path) -> Path:
    """Write a model of the shape OTHER into `folder` and return it.

    It is in bfloat16 and in shards; its tokenizer is like that of SentencePiece, its chat template
    that of Zephyr, and two tokens end its answers.
    """
    _write_network(folder, OTHER, torch.bfloat16, "100KB")
    tokenizer = word_tokenizer(OTHER["vocab_size"])
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    write_tokenizer(folder, tokenizer, chat_template=ZEPHYR, **special)
    return folder


def write_tokenizer(folder: Path, tokenizer: Tokenizer, **config: Any) -> Path:
    """Write a tokenizer and its configuration into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def byte_tokenizer(size: int, *special: str) -> Tokenizer:
    """Return a tokenizer like that of GPT-2, trained on this file."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([Path(__file__).read_text("utf-8")] * 2, trainer)
    return tokenizer


def word_tokenizer(size: int, *more: str, prepends: bool = True) -> Tokenizer:
    """Return a tokenizer like that of Llama 2: words with ▁ for a space, and byte fallback.

    `more` are further special tokens; with `prepends`, every text starts with a space.
    """
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    special = ["<unk>", "<s>", "</s>", *more]
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*special, *(f"<0x{byte:02X}>" for byte in range(256))],
        show_progress=False,
    )
    tokenizer.train_from_iterator([Path(__file__).read_text("utf-8")] * 2, trainer)
    # Trained on words; afterwards, it gets the pre-tokenizer of Llama 2.
    form = json.loads(tokenizer.to_str())
    form["added_tokens"] = [each for each in form["added_tokens"] if each["content"] in special]
    tokenizer = Tokenizer.from_str(json.dumps(form | {"pre_tokenizer": None}))
    spaces = normalizers.Replace(" ", "▁")
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if prepends:
        spaces = normalizers.Sequence([normalizers.Prepend("▁"), spaces])
        parts.append(decoders.Strip(" ", 1, 0))
    tokenizer.normalizer = spaces
    tokenizer.decoder = decoders.Sequence(parts)
    return tokenizer


def _write_network(
    folder: Path, shape: dict[str, Any], dtype: torch.dtype, shard_size: str
) -> None:
    torch.manual_seed(4)
    network = LlamaForCausalLM(LlamaConfig(**shape, initializer_range=0.1)).float()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "norm" in name:  # otherwise a missing norm would have no effect
                weight.uniform_(0.5, 1.5)
    network.to(dtype).save_pretrained(folder, max_shard_size=shard_size)

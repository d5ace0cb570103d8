"""Writing everything but the weights of a GGUF file into a folder, as `transformers` does."""

from __future__ import annotations

import json
from pathlib import Path

from model.compile.gguf.metadata import Metadata
from model.compile.gguf.network import config
from model.compile.gguf.tokenizer import tokenizer, tokenizer_config

__all__ = ["write_folder"]


def write_folder(file: Metadata, folder: Path) -> None:
    """Write `config.json`, `tokenizer.json` and `tokenizer_config.json`.

    Raises:
        CheckpointError: The network or the tokenizer is not supported, or a key is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {"config.json": config(file), "tokenizer_config.json": tokenizer_config(file)}
    for name, contents in files.items():
        (folder / name).write_text(json.dumps(contents, indent=2, ensure_ascii=False), "utf-8")
    tokenizer(file).save(str(folder / "tokenizer.json"))

"""The text as files: made once, then read by every training process, and again after a restart."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.train.corpus import training_rows

__all__ = ["Text", "text_of"]

log = logging.getLogger("pywebllm.model")

_ROOT = Path(__file__).parents[2]
# What the rows depend on, besides their numbers and the tokenizer.
_SOURCES = ("model/data", "model/train/corpus.py", "app/pywebllm/persona/prompt.py")


@dataclass(frozen=True, slots=True)
class Text:
    """Where the rows of a tokenizer lie."""

    train_file: Path
    valid_file: Path

    @property
    def train(self) -> NDArray[np.int16]:
        """Read the rows to learn from."""
        rows: NDArray[np.int16] = np.load(self.train_file)
        return rows

    @property
    def valid(self) -> NDArray[np.int16]:
        """Read the held-out rows."""
        rows: NDArray[np.int16] = np.load(self.valid_file)
        return rows


def text_of(
    tokenizer: Tokenizer,
    folder: Path,
    *,
    seed: int,
    conversations: int,
    held_out: int,
    length: int,
    processes: int,
) -> Text:
    """Return the rows of a tokenizer, made in `folder` unless they are there.

    Processes are forked: nothing may have touched the GPU before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for split, count in (("train", conversations), ("valid", held_out)):
        started = time.monotonic()
        file = folder / f"{split}-{_key(tokenizer, seed, count, length)}.npy"
        files.append(file)
        if file.is_file():
            continue
        rows = training_rows(
            tokenizer, seed=seed, count=count, length=length, processes=processes, split=split
        )
        partial = folder / f".{split}.npy"
        np.save(partial, rows)
        partial.replace(file)
        seconds = time.monotonic() - started
        log.info("text, %s: %.1f M tokens in %.0f s", split, rows.size / 1e6, seconds)
    return Text(*files)


def _key(tokenizer: Tokenizer, *numbers: int) -> str:
    digest = hashlib.sha256(repr(numbers).encode() + tokenizer.to_str().encode())
    for source in _SOURCES:
        found = sorted((_ROOT / source).rglob("*")) or [_ROOT / source]
        for file in found:
            if file.suffix in {".py", ".txt", ".json"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]

"""Tokenizer and training text as files, made once and read by every process and restart."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.train.corpus import sample_texts, training_rows
from model.train.tokenizer import train_tokenizer

__all__ = ["Text", "text_of", "tokenizer_of"]

log = logging.getLogger("pywebllm.model")

_ROOT = Path(__file__).parents[2]
# The sources that the text depends on, in addition to the arguments.
_SOURCES = ("model/data", "model/train/corpus.py", "app/pywebllm/persona/prompt.py")
_TOKENIZER_SOURCES = (*_SOURCES, "model/train/tokenizer.py")


@dataclass(frozen=True, slots=True)
class Text:
    """The files with the encoded rows."""

    train_file: Path
    valid_file: Path

    @property
    def train(self) -> NDArray[np.int16]:
        """The training rows."""
        rows: NDArray[np.int16] = np.load(self.train_file)
        return rows

    @property
    def valid(self) -> NDArray[np.int16]:
        """The held-out rows."""
        rows: NDArray[np.int16] = np.load(self.valid_file)
        return rows


def tokenizer_of(
    folder: Path, *, seed: int, texts: int, vocabulary: int, processes: int
) -> Tokenizer:
    """Return the tokenizer trained on `texts` conversations; `folder` caches it.

    Raises:
        RecipeError: The texts are too few for this vocabulary.
    """
    key = _key(_TOKENIZER_SOURCES, f"{seed, texts, vocabulary}")
    file = folder / f"tokenizer-{key}.json"
    if file.is_file():
        return Tokenizer.from_file(str(file))
    started = time.monotonic()
    samples = sample_texts(seed=seed, count=texts, processes=processes)
    tokenizer = train_tokenizer(samples, vocabulary=vocabulary)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / ".tokenizer.json"
    tokenizer.save(str(partial))
    partial.replace(file)
    log.info("tokenizer: %d tokens in %.0f s", vocabulary, time.monotonic() - started)
    return tokenizer


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
    """Return the rows encoded by a tokenizer; `folder` caches them.

    Processes are forked, so the GPU must not have been used before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for split, count in (("train", conversations), ("valid", held_out)):
        started = time.monotonic()
        key = _key(_SOURCES, f"{seed, count, length}{tokenizer.to_str()}")
        file = folder / f"{split}-{key}.npy"
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


def _key(sources: Iterable[str], settings: str) -> str:
    digest = hashlib.sha256(settings.encode())
    for source in sources:
        found = sorted((_ROOT / source).rglob("*")) or [_ROOT / source]
        for file in found:
            if file.suffix in {".py", ".txt", ".json"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]

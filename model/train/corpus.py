"""Encode conversations as rows of tokens, in parallel and in memory.

A row contains complete conversations, one after another. Each token is a 16-bit number: its id and
two flags, one for tokens that the model learns to generate, one for the start of a conversation.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.data import Conversation, conversations, render
from model.data.chatml import spans

__all__ = ["LEARNED", "START", "TOKEN", "Task", "rows_of", "sample_texts", "training_rows"]

TOKEN = 0x1FFF  # the bits of the id: at most 8192 tokens
LEARNED = 0x2000
START = 0x4000

_Rows = NDArray[np.int16]
_Result = TypeVar("_Result")


# The stream is always split into this many parts, so that the text is the same on all machines.
_PARTS = 32
_OPEN_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The work of one process: a number of conversations of one part of a split."""

    seed: int
    split: str
    part: int
    count: int
    length: int
    tokenizer: str  # as JSON


def training_rows(
    tokenizer: Tokenizer,
    *,
    seed: int,
    count: int,
    length: int,
    processes: int,
    split: str = "train",
) -> _Rows:
    """Return the rows [rows, length] of `count` conversations, rounded up."""
    text = tokenizer.to_str()
    tasks = [
        Task(seed=seed, split=split, part=part, count=each, length=length, tokenizer=text)
        for part, each in enumerate(_shares(count))
    ]
    return np.concatenate(_in_parallel(rows_of, tasks, processes))


def sample_texts(*, seed: int, count: int, processes: int) -> list[str]:
    """Return rendered training conversations to train the tokenizer on."""
    tasks = [
        Task(seed=seed, split="train", part=-1 - part, count=each, length=0, tokenizer="")
        for part, each in enumerate(_shares(count))
    ]
    return [text for texts in _in_parallel(_texts_of, tasks, processes) for text in texts]


def _shares(count: int) -> list[int]:
    parts = min(_PARTS, max(count // 50, 1))
    return [-(-count // parts)] * parts


def _in_parallel(
    work: Callable[[Task], _Result], tasks: list[Task], processes: int
) -> list[_Result]:
    if processes == 1:
        return [work(task) for task in tasks]
    # Forked, so that the lexicon is read once; the GPU has not been used yet.
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return pool.map(work, tasks, chunksize=1)


def _texts_of(task: Task) -> list[str]:
    stream = conversations(task.seed, task.split, part=task.part)
    return [render(conversation.messages) for conversation in islice(stream, task.count)]


def rows_of(task: Task) -> _Rows:
    """Return the rows of one task; conversations longer than a row are omitted."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizer = Tokenizer.from_str(task.tokenizer)
    stream = conversations(task.seed, task.split, part=task.part)
    packer = _Packer(task.length)
    for start in range(0, task.count, 1000):
        batch = list(islice(stream, min(task.count - start, 1000)))
        for tokens in _encoded(tokenizer, batch):
            if len(tokens) <= task.length:
                packer.add(tokens)
    return packer.rows()


class _Packer:
    """Packs each conversation into the first of a few open rows that has room."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._open: list[list[_Rows]] = []
        self._full: list[_Rows] = []

    def add(self, tokens: _Rows) -> None:
        for row in self._open:
            if sum(map(len, row)) + len(tokens) <= self._length:
                row.append(tokens)
                return
        if len(self._open) == _OPEN_ROWS:
            fill = [sum(map(len, row)) for row in self._open]
            fullest = self._open.pop(fill.index(max(fill)))
            self._full.append(self._closed(fullest))
        self._open.append([tokens])

    def rows(self) -> _Rows:
        self._full += map(self._closed, self._open)
        self._open = []
        return np.stack(self._full)

    def _closed(self, row: list[_Rows]) -> _Rows:
        # Padding is a separate document without learned tokens.
        padding = np.zeros(self._length - sum(map(len, row)), np.int16)
        padding[:1] = START
        return np.concatenate([*row, padding])


def _encoded(tokenizer: Tokenizer, batch: list[Conversation]) -> Iterator[_Rows]:
    # All pieces of all conversations in one call. Splitting the text between pieces does not change
    # its tokens, because there is a special token or a line break.
    pieces = [spans(conversation.messages) for conversation in batch]
    encoded = iter(tokenizer.encode_batch_fast([text for one in pieces for text, _ in one]))
    for one in pieces:
        parts = [
            np.asarray(next(encoded).ids, np.int16) | (LEARNED if learned else 0)
            for _, learned in one
        ]
        tokens = np.concatenate(parts)
        tokens[0] |= START
        yield tokens

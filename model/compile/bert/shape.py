"""The shape of a BERT for embeddings, read from the files of sentence-transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model.compile.config import integer, number
from model.compile.errors import CheckpointError
from model.compile.grid import GROUP
from model.compile.tokenizer import read_json

__all__ = ["BATCH", "BertShape", "is_bert"]

BATCH: Final = 4
"""The most texts that are computed at a time."""
_FRAME: Final = 2  # the tokens before and after a text


@dataclass(frozen=True, slots=True, kw_only=True)
class BertShape:
    """Sizes of the network; `context` is the number of tokens of the longest text."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    epsilon: float
    context: int
    start: int
    """The token before a text, `[CLS]`."""
    end: int
    """The token after a text, `[SEP]`."""
    bits: int = 8

    @property
    def head_size(self) -> int:
        """The size of a head."""
        return self.hidden // self.heads

    @classmethod
    def read(cls, folder: Path, *, bits: int) -> BertShape:
        """Read `config.json`, the tokenizer, and the settings of sentence-transformers.

        Raises:
            CheckpointError: A file is missing, or the network is not supported.
        """
        config = read_json(folder / "config.json")
        _refuse(folder, config)
        positions = integer(config, "max_position_embeddings")
        longest = _longest(folder, positions)
        ids = read_json(folder / "tokenizer.json")["model"]["vocab"]
        shape = cls(
            hidden=integer(config, "hidden_size"),
            layers=integer(config, "num_hidden_layers"),
            heads=integer(config, "num_attention_heads"),
            feed_forward=integer(config, "intermediate_size"),
            vocabulary=integer(config, "vocab_size"),
            positions=positions,
            epsilon=float(number(config, "layer_norm_eps")),
            context=longest - _FRAME,
            start=ids["[CLS]"],
            end=ids["[SEP]"],
            bits=bits,
        )
        for name in ("hidden", "feed_forward"):
            if getattr(shape, name) % GROUP:
                raise CheckpointError(
                    f"{name} must be a multiple of {GROUP}, got {getattr(shape, name)}. Use a "
                    "network of another shape."
                )
        return shape


def is_bert(folder: Path) -> bool:
    """Return whether the folder has a BERT."""
    path = folder / "config.json"
    return path.is_file() and "BertModel" in (read_json(path).get("architectures") or [])


def _longest(folder: Path, positions: int) -> int:
    path = folder / "sentence_bert_config.json"
    return (
        min(positions, integer(read_json(path), "max_seq_length")) if path.is_file() else positions
    )


def _refuse(folder: Path, config: Mapping[str, Any]) -> None:
    activation = config.get("hidden_act", "gelu")
    if activation != "gelu":
        raise CheckpointError(f"hidden_act must be gelu, got {activation}. Use another checkpoint.")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise CheckpointError("position_embedding_type must be absolute. Use another checkpoint.")
    pooling = folder / "1_Pooling" / "config.json"
    if not pooling.is_file() or not read_json(pooling).get("pooling_mode_mean_tokens"):
        raise CheckpointError(
            f"{pooling} must have pooling_mode_mean_tokens: only models whose vector is the mean "
            "of a text are supported. Use a model of sentence-transformers such as "
            "all-MiniLM-L6-v2."
        )
    tokenizer = (read_json(folder / "tokenizer.json").get("model") or {}).get("type")
    if tokenizer != "WordPiece":
        raise CheckpointError(
            f"The tokenizer of a BERT must be WordPiece, got {tokenizer}. Use another checkpoint."
        )

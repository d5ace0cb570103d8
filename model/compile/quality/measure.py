"""Perplexity and agreement of a model as given and with its quantized weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.compile.checkpoint import Checkpoint
from model.compile.errors import QualityError
from model.compile.parameters import bits_per_weight
from model.compile.reference import Reference, Scores

__all__ = ["MAX_LOSS", "TEXT", "Quality", "measure"]

MAX_LOSS: Final = 10.0
"""The highest accepted increase of the perplexity, in percent."""
TEXT: Final = Path(__file__).with_name("text.txt")
_WINDOW: Final = 512
_MOST_TOKENS: Final = 2048  # of a small vocabulary; others need fewer for the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The comparison of two forms of a model on one text."""

    given: float
    """The perplexity of the model as given."""
    compiled: float
    same: float
    """The share of positions at which both have the same most probable token, 0 to 1."""
    positions: int
    bits: float
    """The average number of bits per weight."""

    @property
    def loss(self) -> float:
        """The increase of the perplexity in percent; negative if it decreased."""
        return 100 * (self.compiled / self.given - 1)

    def __str__(self) -> str:
        """Return the figures in words."""
        return (
            f"perplexity {self.given:.2f} as given, {self.compiled:.2f} compiled "
            f"({self.loss:+.1f} %); the most probable token is the same at {100 * self.same:.1f} % "
            f"of {self.positions} positions; {self.bits:.2f} bits per weight"
        )

    def check(self, max_loss: float = MAX_LOSS) -> None:
        """Check that the perplexity increased by at most `max_loss` percent.

        Raises:
            QualityError: It increased by more.
        """
        if self.loss > max_loss:
            raise QualityError(
                f"The perplexity must increase by at most {max_loss:g} %, got {self.loss:.1f} %: "
                f"{self}. Build with --embedding-bits 8 or --bits 8, use a less quantized source, "
                "or accept the loss with --max-loss."
            )


def measure(checkpoint: Checkpoint) -> Quality:
    """Compute both forms of a model on the text; takes seconds per 100 million weights."""
    windows = list(_windows(checkpoint))
    given = _scores(Reference.unquantized(checkpoint), windows)
    compiled = _scores(Reference.quantized(checkpoint), windows)
    pairs = [pair for both in zip(given, compiled, strict=True) for pair in _same(*both)]
    return Quality(
        given=_perplexity(given),
        compiled=_perplexity(compiled),
        same=sum(pairs) / len(pairs),
        positions=len(pairs),
        bits=bits_per_weight(checkpoint.architecture),
    )


def _windows(checkpoint: Checkpoint) -> Iterator[list[int]]:
    """Yield parts of the text, each of which starts as the model was trained to start."""
    tokens = checkpoint.tokens
    starts = list(tokens.starts)
    size = min(_WINDOW, checkpoint.architecture.context) - len(starts)
    ids = tokens.encode(TEXT.read_text("utf-8"))[:_MOST_TOKENS]
    for start in range(0, len(ids), size):
        window = starts + ids[start : start + size]
        if len(window) > 1:
            yield window


def _scores(network: Reference, windows: list[list[int]]) -> list[Scores]:
    return [network.scores(window) for window in windows]


def _perplexity(scores: list[Scores]) -> float:
    logarithms = [number for each in scores for number in each.logarithms]
    return math.exp(-sum(logarithms) / len(logarithms))


def _same(one: Scores, other: Scores) -> list[bool]:
    return [a == b for a, b in zip(one.best, other.best, strict=True)]

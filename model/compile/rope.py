"""Rotary positions: the frequency of each pair of dimensions, by rope type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model.compile.config import integer, number, positive
from model.compile.errors import CheckpointError

__all__ = ["Rope"]

_KINDS: Final = ("default", "linear", "llama3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rope:
    """The rope type of `config.json` with its parameters.

    `linear` divides every frequency by `factor`. `llama3` divides those whose wavelength is longer
    than `original_context / low_frequency_factor` tokens, keeps those shorter than
    `original_context / high_frequency_factor`, and interpolates between the two.
    """

    theta: float
    kind: str = "default"
    factor: float = 1.0
    low_frequency_factor: float = 1.0
    high_frequency_factor: float = 4.0
    original_context: int = 8192

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Rope:
        """Read the keys of transformers 5 (`rope_parameters`) or of earlier versions.

        Raises:
            CheckpointError: The type is not supported, or a number is missing or invalid.
        """
        given = config.get("rope_parameters") or config.get("rope_scaling") or {}
        if not isinstance(given, Mapping):
            raise CheckpointError(
                f"The rope scaling in config.json must be an object, got {given!r}. Save the model "
                "again with save_pretrained()."
            )
        theta = positive(config if given.get("rope_theta") is None else given, "rope_theta")
        kind = given.get("rope_type", given.get("type", "default"))
        if kind not in _KINDS:
            raise CheckpointError(
                f"The rope type must be one of {', '.join(_KINDS)}, got {kind}. If the model also "
                "works in a shorter context without it, remove rope_scaling and shorten the "
                "context with --context."
            )
        partial = number(config, "partial_rotary_factor", default=1)
        if number(given, "partial_rotary_factor", default=partial) != 1:
            raise CheckpointError(
                "partial_rotary_factor must be 1: partial rotary positions are not supported. "
                "Use another checkpoint."
            )
        if kind == "default":
            return cls(theta=theta)
        if kind == "linear":
            return cls(theta=theta, kind=kind, factor=positive(given, "factor"))
        return cls._of_llama3(theta, given)

    @classmethod
    def _of_llama3(cls, theta: float, given: Mapping[str, Any]) -> Rope:
        low, high = positive(given, "low_freq_factor"), positive(given, "high_freq_factor")
        if low >= high:
            raise CheckpointError(
                f"low_freq_factor must be below high_freq_factor, {high}, got {low}. Correct "
                "config.json."
            )
        return cls(
            theta=theta,
            kind="llama3",
            factor=positive(given, "factor"),
            low_frequency_factor=low,
            high_frequency_factor=high,
            original_context=integer(given, "original_max_position_embeddings"),
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """The `rope_parameters` of `transformers`."""
        found: dict[str, Any] = {"rope_type": self.kind, "rope_theta": self.theta}
        if self.kind != "default":
            found["factor"] = self.factor
        if self.kind == "llama3":
            found |= {
                "low_freq_factor": self.low_frequency_factor,
                "high_freq_factor": self.high_frequency_factor,
                "original_max_position_embeddings": self.original_context,
            }
        return found

    def frequencies(self, head_size: int) -> list[float]:
        """Return the radians per position of each of the `head_size / 2` pairs."""
        half = head_size // 2
        return [self._scaled(self.theta ** (-pair / half)) for pair in range(half)]

    def _scaled(self, frequency: float) -> float:
        if self.kind != "llama3":
            return frequency / self.factor
        waves = self.original_context * frequency / (2 * math.pi)  # in the original context
        low, high = self.low_frequency_factor, self.high_frequency_factor
        smooth = min(max((waves - low) / (high - low), 0.0), 1.0)
        return frequency * ((1 - smooth) / self.factor + smooth)

"""Sliding windows: the layers that see only the last tokens, and how many these are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model.compile.config import integer
from model.compile.errors import CheckpointError
from model.compile.families import Family
from model.compile.rope import Rope

__all__ = ["Windows", "global_rope"]

_LOCAL, _GLOBAL = "sliding_attention", "full_attention"
_PATTERN: Final = 6
_LOCAL_THETA: Final = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The layers with a sliding window, from 0, and its size in tokens, including the last one.

    `rope` has the rotary positions of these layers if they differ from those of the others.
    """

    size: int
    layers: tuple[int, ...]
    rope: Rope | None = None

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], family: Family, *, layers: int
    ) -> Windows | None:
        """Read the keys of a `config.json`; None: no layer has a window.

        Raises:
            CheckpointError: A key is invalid, or `transformers` gives this network no window.
        """
        if config.get("sliding_window") is None or config.get("use_sliding_window") is False:
            return None
        size = integer(config, "sliding_window")
        if size < 1:
            raise CheckpointError(
                f"sliding_window must be at least 1, got {size}. Correct config.json."
            )
        kinds = _kinds(config, family, layers)
        local = tuple(layer for layer, kind in enumerate(kinds) if kind == _LOCAL)
        if not local:
            return None
        return cls(size=size, layers=local, rope=_local_rope(config) if family.is_gemma else None)

    def limit(self, context: int) -> int | None:
        """Return the size if it is shorter than the context."""
        return self.size if self.size < context else None


def global_rope(config: Mapping[str, Any]) -> Rope:
    """Return the rotary positions of the layers without a window."""
    given = config.get("rope_parameters")
    if isinstance(given, Mapping) and _GLOBAL in given:
        config = {**config, "rope_parameters": given[_GLOBAL]}
    return Rope.from_config(config)


def _local_rope(config: Mapping[str, Any]) -> Rope:
    given = config.get("rope_parameters")
    if isinstance(given, Mapping) and _LOCAL in given:
        return Rope.from_config({"rope_parameters": given[_LOCAL]})
    return Rope.from_config({"rope_theta": config.get("rope_local_base_freq", _LOCAL_THETA)})


def _kinds(config: Mapping[str, Any], family: Family, layers: int) -> list[str]:
    """Return the kind of each layer, as `transformers` understands the configuration."""
    if family.windows in {"later", "pattern"} and config.get("layer_types") is not None:
        return _listed(config["layer_types"], layers)
    return [_LOCAL if is_local else _GLOBAL for is_local in _by_rule(config, family, layers)]


def _listed(kinds: Any, layers: int) -> list[str]:
    found = list(kinds) if isinstance(kinds, list) else []
    if len(found) != layers or any(kind not in {_LOCAL, _GLOBAL} for kind in found):
        raise CheckpointError(
            f"layer_types must have {_LOCAL} or {_GLOBAL} for each of the {layers} layers, got "
            f"{kinds}. Use a checkpoint with such layers."
        )
    return found


def _by_rule(config: Mapping[str, Any], family: Family, layers: int) -> Iterator[bool]:
    if family.windows == "pattern":
        old = integer(config, "sliding_window_pattern", default=_PATTERN)
        pattern = integer(config, "_sliding_window_pattern", default=old)
        yield from ((layer + 1) % pattern != 0 for layer in range(layers))
    elif family.windows == "later":
        first = integer(config, "max_window_layers", default=layers)
        yield from (layer >= first for layer in range(layers))
    else:
        yield from [True] * layers

"""What names a model, and the parameters of sampling that every façade checks the same way.

Shapes are those of WebLLM's model records. Nothing here knows JSON; `wire` reads and writes
these values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .builtin import BUILTIN_MODEL
from .errors import InvalidRequestError

__all__ = ["Model", "ModelRecord", "check_sampling", "id_of"]

# JavaScript's numbers are exact for integers up to here.
_LARGEST_INTEGER = 2**53 - 1
_HOTTEST = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A model of one's own: WebLLM's `ModelRecord`, field by field.

    Attributes:
        model_id: The name under which it is loaded.
        model: Address of the folder with `mlc-chat-config.json` and the weights; relative
            addresses count from the page.
        model_lib: Address of the compiled library (`.wasm`); relative likewise.
        overrides: Changes to the model's configuration, for example `context_window_size`.
        required_features: WebGPU features it needs, for example `shader-f16`.
        model_type: WebLLM's number: 0 language, 1 embedding, 2 vision, and so on.
        integrity: WebLLM's integrity record for config, library and tokenizer.
        model_manifest: Address of WebLLM's manifest of the model's files.
        vram_required_mb: GPU memory it needs, in MB.
        low_resource_required: True when it is small enough for a phone.
        buffer_size_required_bytes: Largest GPU buffer it needs, in bytes.

    Raises:
        InvalidRequestError: One of the three texts is missing or empty, or `required_features`
            is no tuple of names.
    """

    model_id: str
    model: str
    model_lib: str
    overrides: Mapping[str, object] | None = None
    required_features: tuple[str, ...] | None = None
    model_type: int | None = None
    integrity: Mapping[str, object] | None = None
    model_manifest: str | None = None
    vram_required_mb: float | None = None
    low_resource_required: bool | None = None
    buffer_size_required_bytes: int | None = None

    def __post_init__(self) -> None:
        for name in ("model_id", "model", "model_lib"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise InvalidRequestError(
                    f"a model record needs {name}, a text that is not empty, got {value!r}"
                )
        if self.required_features is not None and not _is_names(self.required_features):
            raise InvalidRequestError(
                "required_features is a list of names, for example ['shader-f16'],"
                f" got {self.required_features!r}"
            )


# What names a model: nothing (the built-in one), an id of WebLLM's list, or a record, as a value
# or with WebLLM's own keys.
Model: TypeAlias = str | ModelRecord | Mapping[str, Any] | None


def id_of(model: str | ModelRecord | None) -> str:
    """Return the id by which requests name this model; None is the built-in one."""
    if isinstance(model, ModelRecord):
        return model.model_id
    return BUILTIN_MODEL if model is None else model


def check_sampling(*, temperature: object, max_tokens: object, seed: object = None) -> None:
    """Check that each parameter is None or in its range.

    Raises:
        InvalidRequestError: One is not; `param` names it.
    """
    if temperature is not None and not _is_temperature(temperature):
        raise InvalidRequestError(
            f"temperature is a number from 0 to {_HOTTEST:g}, got {temperature!r}",
            param="temperature",
        )
    if max_tokens is not None and not _is_integer(max_tokens, least=1):
        raise InvalidRequestError(
            f"max_tokens is an integer from 1, got {max_tokens!r}", param="max_tokens"
        )
    if seed is not None and not _is_integer(seed, least=-_LARGEST_INTEGER):
        raise InvalidRequestError(
            f"seed is an integer from {-_LARGEST_INTEGER} to {_LARGEST_INTEGER}, got {seed!r}",
            param="seed",
        )


def _is_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)


def _is_temperature(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and 0 <= value <= _HOTTEST


def _is_integer(value: object, *, least: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    return least <= value <= _LARGEST_INTEGER

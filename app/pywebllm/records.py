"""What names a model.

Shapes are those of WebLLM's model records. Nothing here knows JSON; `wire` reads and writes
these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .builtin import BUILTIN_MODEL
from .errors import InvalidRequestError

__all__ = ["Model", "ModelRecord", "id_of"]


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


def _is_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)

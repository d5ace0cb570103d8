"""How a caller names a model: None, an id, or a custom record.

The fields of a record are those of WebLLM. `wire` reads and writes records as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .builtin import BUILTIN_MODEL
from .echo import shown
from .errors import InvalidRequestError

__all__ = ["Model", "ModelRecord", "id_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A custom model: WebLLM's `ModelRecord`, field by field.

    Attributes:
        model_id: The id by which requests name it.
        model: URL of the folder with `mlc-chat-config.json` and the weights, absolute or relative
            to the page.
        model_lib: URL of the compiled library (`.wasm`), absolute or relative to the page.
        overrides: Changes to the model's configuration, for example `context_window_size`.
        required_features: WebGPU features that it needs, for example `shader-f16`.
        model_type: WebLLM's number: 0 language, 1 embedding, 2 vision, and so on.
        integrity: WebLLM's integrity record for configuration, library and tokenizer. Its key
            `files` is this library's: a mapping of file names, also of weights, to checksums such
            as `sha256-…` in base64. Files are checked before they are cached.
        model_manifest: URL of WebLLM's manifest of the model's files.
        vram_required_mb: GPU memory that it needs, in MB.
        low_resource_required: True if it is small enough for a phone.
        buffer_size_required_bytes: The largest GPU buffer that it needs, in bytes.

    Raises:
        InvalidRequestError: `model_id`, `model` or `model_lib` is not a non-empty string, or
            `required_features` is not a tuple of strings.
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
                    f"{name} of a model record must be a non-empty string, got {shown(value)}"
                )
        if self.required_features is not None and not _is_names(self.required_features):
            raise InvalidRequestError(
                "required_features must be a tuple of strings (in a mapping also a list), for"
                f" example ('shader-f16',), got {shown(self.required_features)}"
            )


# A model as callers name it: None (the built-in model or a default), an id of WebLLM's list, or a
# custom record, as a value or as a mapping with WebLLM's own keys.
Model: TypeAlias = str | ModelRecord | Mapping[str, Any] | None


def id_of(model: str | ModelRecord | None) -> str:
    """Return the id by which requests name a model; None is the built-in one."""
    if isinstance(model, ModelRecord):
        return model.model_id
    return BUILTIN_MODEL if model is None else model


def _is_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)

"""How a caller names a model: None, an id, or a custom record.

The fields of a record are those of WebLLM, and one more. `wire` reads and writes records as JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from .builtin import BUILTIN_MODEL
from .echo import shown
from .errors import InvalidRequestError

__all__ = ["EngineName", "Model", "ModelRecord", "WllamaRecord", "engine_of", "id_of"]

# As llama.cpp's `gguf-split` names the parts of a model.
_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf(?=$|[?#])")

EngineName: TypeAlias = Literal["webllm", "wllama"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A custom model: a GGUF file for llama.cpp, or WebLLM's `ModelRecord`, field by field.

    A record has either `gguf`, or `model` and `model_lib`.

    Attributes:
        model_id: The id by which requests name it.
        model: URL of the folder with `mlc-chat-config.json` and the weights, absolute or relative
            to the page.
        model_lib: URL of the compiled library (`.wasm`), absolute or relative to the page.
        gpu_model_lib: URL of a library that is loaded instead where WebGPU runs on a real GPU, for
            the same weights; `model_lib` is for any adapter, also one that a CPU emulates. A field
            of this library.
        gguf: URL of a GGUF file, absolute or relative to the page. For a model in several parts,
            the URL of any of them, with a name like `mine-00001-of-00003.gguf`, or a tuple of the
            URLs of all parts, in their order. The engine `wllama` runs it. Of the other fields
            `overrides` (`context_window_size`, `temperature`, `top_p`, `repetition_penalty`),
            `model_type` and `integrity["files"]` apply to it.
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
        InvalidRequestError: A field is not of its type, a URL is empty, a number is negative, or
            both forms are given.
    """

    model_id: str
    model: str = ""
    model_lib: str = ""
    gguf: str | tuple[str, ...] | None = None
    gpu_model_lib: str | None = None
    overrides: Mapping[str, object] | None = None
    required_features: tuple[str, ...] | None = None
    model_type: int | None = None
    integrity: Mapping[str, object] | None = None
    model_manifest: str | None = None
    vram_required_mb: float | None = None
    low_resource_required: bool | None = None
    buffer_size_required_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.gguf is not None:
            self._check_gguf()
        names = ("model_id", "model", "model_lib") if self.gguf is None else ("model_id",)
        for name in names:
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
        for name, (expected, fits) in _OPTIONAL.items():
            value = getattr(self, name)
            if value is not None and not fits(value):
                raise InvalidRequestError(
                    f"{name} of a model record must be {expected}, got {shown(value)}"
                )

    @property
    def parts(self) -> tuple[str, ...]:
        """The URLs of `gguf`, in their order; empty for a model of WebLLM."""
        return _all_parts(self.gguf) if isinstance(self.gguf, str) else self.gguf or ()

    def _check_gguf(self) -> None:
        if not self.parts or not _is_names(self.parts) or not all(map(str.strip, self.parts)):
            raise InvalidRequestError(
                "gguf of a model record must be a URL or a non-empty tuple of URLs (in a mapping"
                f" also a list), got {shown(self.gguf)}"
            )
        if self.model or self.model_lib:
            raise InvalidRequestError(
                "a model record must have either gguf, or model and model_lib, got both"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WllamaRecord(ModelRecord):
    """A model as the engine `wllama` loads it: a GGUF file, or the built-in model's own files.

    Attributes:
        wllama_url: URL of wllama's module.
        wasm_url: URL of llama.cpp as WebAssembly.
        reason: Why this engine was chosen, one sentence; it does not cross the border.
    """

    wllama_url: str
    wasm_url: str
    reason: str = ""

    @classmethod
    def of(cls, model: ModelRecord, *, wllama_url: str, wasm_url: str, reason: str) -> WllamaRecord:
        """Return the record of a model for this engine, whose files are at these URLs."""
        known = {field.name: getattr(model, field.name) for field in fields(ModelRecord)}
        return cls(**known, wllama_url=wllama_url, wasm_url=wasm_url, reason=reason)


# A model as callers name it: None (the built-in model or a default), an id of WebLLM's list, or a
# custom record, as a value or as a mapping with WebLLM's own keys.
Model: TypeAlias = str | ModelRecord | Mapping[str, Any] | None


def id_of(model: str | ModelRecord | None) -> str:
    """Return the id by which requests name a model; None is the built-in one."""
    if isinstance(model, ModelRecord):
        return model.model_id
    return BUILTIN_MODEL if model is None else model


def engine_of(model: str | ModelRecord) -> EngineName:
    """Return the engine that runs a model, whose record is as `Bridge.locate` returns it."""
    return "wllama" if isinstance(model, WllamaRecord) else "webllm"


def _all_parts(url: str) -> tuple[str, ...]:
    """Return the URLs of all parts of a model, of which the URL of one is given."""
    found = _PART.search(url)
    if found is None:
        return (url,)
    start, end, count = url[: found.start()], url[found.end() :], int(found[1])
    return tuple(f"{start}-{part:05}-of-{count:05}.gguf{end}" for part in range(1, count + 1))


def _is_url(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_size(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value < math.inf


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_size(value)


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


# The fields that may be left out, but for `gguf` and `required_features`: what they must be.
_OPTIONAL: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "gpu_model_lib": ("a URL", _is_url),
    "overrides": ("a mapping", _is_mapping),
    "model_type": ("an integer from 0", _is_count),
    "integrity": ("a mapping", _is_mapping),
    "model_manifest": ("a URL", _is_url),
    "vram_required_mb": ("a number from 0", _is_size),
    "low_resource_required": ("a boolean", _is_boolean),
    "buffer_size_required_bytes": ("an integer from 0", _is_count),
}


def _is_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)

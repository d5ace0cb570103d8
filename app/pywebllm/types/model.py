"""Models that can be named in a request, as in the OpenAI reference's "Models" section."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from .value import Value

__all__ = ["ModelInfo", "ModelList"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo(Value):
    """A model that a request can name. Only the first four fields are in the reference.

    Attributes:
        id: The ID by which a request names it.
        owned_by: `pywebllm` (built in), `mlc-ai` (WebLLM's list) or `user` (a custom record).
        created: A Unix timestamp in seconds; 0, as it is not known.
        object: Always `model`.
        loaded: True while it is loaded on the GPU.
        kind: `language`, `embedding` or `vision`.
        vram_required_mb: The GPU memory it needs, in MB; None if not known.
        context_window_size: The maximum number of tokens of prompt and answer together; None if
            not known.
        required_features: The WebGPU features it needs, for example `shader-f16`.
        runnable: Whether the GPU has what it needs, as far as a browser reports it: free memory
            is not. None if not known.
        lacking: What the GPU lacks: features, `maxStorageBufferBindingSize` if its buffers are too
            small, or `webgpu`.
    """

    id: str
    owned_by: Literal["pywebllm", "mlc-ai", "user"]
    created: int = 0
    object: Literal["model"] = "model"
    loaded: bool = False
    kind: Literal["language", "embedding", "vision"] = "language"
    vram_required_mb: float | None = None
    context_window_size: int | None = None
    required_features: tuple[str, ...] = ()
    runnable: bool | None = None
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList(Value, Sequence[ModelInfo]):
    """The models that a request can name: a sequence, which also supports `async for`."""

    data: tuple[ModelInfo, ...]
    object: Literal["list"] = "list"

    @overload
    def __getitem__(self, index: int) -> ModelInfo: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ModelInfo, ...]: ...

    def __getitem__(self, index: int | slice) -> ModelInfo | tuple[ModelInfo, ...]:
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)

    async def __aiter__(self) -> AsyncIterator[ModelInfo]:
        for model in self.data:
            yield model

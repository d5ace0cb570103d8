"""Models that can be named in a request, as in the OpenAI reference's "Models" section."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from .value import Value

__all__ = ["ModelInfo", "ModelList"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo(Value):
    """A model that a request can name. All but the first four are not OpenAI's.

    Attributes:
        id: What a request names it by.
        owned_by: `pywebllm` (built in), `mlc-ai` (WebLLM's list) or `user` (a record of one's own).
        created: When it was made, in seconds since 1970; 0, for nobody says.
        loaded: True while it is in the GPU and answers at once.
        kind: What it can do.
        vram_required_mb: GPU memory it needs, in MB.
        context_window_size: Tokens of prompt and answer together, where the list says so.
        required_features: WebGPU features it needs, for example `shader-f16`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList(Value, Sequence[ModelInfo]):
    """The models that a request can name: a sequence, which `async for` goes through, too."""

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

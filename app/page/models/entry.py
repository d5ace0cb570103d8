"""What is known of one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pywebllm import WebLLMError

if TYPE_CHECKING:
    from pywebllm.types import CachedModel, DownloadProgress, ModelInfo, Verification

__all__ = ["Entry", "Usage"]

Usage: TypeAlias = Literal["", "loading", "used"]


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is known of one model.

    Attributes:
        id: Its ID.
        info: Its entry in the list of models; None for files of an unknown model.
        stored: What the browser has of it; None if nothing.
        progress: The latest progress while something is done with it.
        is_busy: True while it is downloaded or checked.
        is_confirming: True while the visitor is asked whether to delete it.
        is_gguf: True if llama.cpp runs it, on the processor.
        usage: Whether the page uses it, or is loading it to use it.
        error: Why the last download or check failed.
        found: What the last check found.
    """

    id: str
    info: ModelInfo | None = None
    stored: CachedModel | None = None
    progress: DownloadProgress | None = None
    is_busy: bool = False
    is_confirming: bool = False
    is_gguf: bool = False
    usage: Usage = ""
    error: WebLLMError | None = None
    found: Verification | None = None

    @property
    def is_own(self) -> bool:
        """True if the visitor added it."""
        return self.info is not None and self.info.owned_by == "user"

    @property
    def is_builtin(self) -> bool:
        """True for the model that the page starts with."""
        return self.info is not None and self.info.owned_by == "pywebllm"

"""What a checked request to generate text has in common for chats and completions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pywebllm.records import Model

__all__ = ["GenerationCall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationCall:
    """A checked request to generate text.

    Attributes:
        bodies: WebLLM's request for each answer, without `model` and the streaming parameters;
            `bodies[i]` produces the choice with index i.
        model: The model that the request names; None for the default model.
        stream: True if the request asks for chunks.
        include_usage: True if a last chunk carries the usage.
    """

    bodies: tuple[Mapping[str, object], ...]
    model: Model
    stream: bool
    include_usage: bool

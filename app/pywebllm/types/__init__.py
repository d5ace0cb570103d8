"""Responses as frozen values, in the shapes of the OpenAI API reference.

Arrays are tuples. A field that is None is left out of the JSON where the reference allows that.
Each value has `to_dict` and `to_json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

from .chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    Choice,
    ChunkChoice,
    Delta,
    FinishReason,
    Function,
    FunctionDelta,
    ParsedChatCompletion,
    ParsedChatCompletionMessage,
    ParsedChoice,
    ToolCall,
    ToolCallDelta,
)
from .completion import Completion, CompletionChoice, CompletionLogprobs
from .embedding import CreateEmbeddingResponse, Embedding, EmbeddingUsage
from .logprobs import ChoiceLogprobs, TokenLogprob, TopLogprob
from .model import ModelInfo, ModelList
from .session import Session
from .usage import PromptTokensDetails, Usage

if TYPE_CHECKING:
    from .files import CachedModel, DownloadProgress, ModelDeleted, StorageInfo, Verification

__all__ = [
    "CachedModel",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionMessage",
    "Choice",
    "ChoiceLogprobs",
    "ChunkChoice",
    "Completion",
    "CompletionChoice",
    "CompletionLogprobs",
    "CreateEmbeddingResponse",
    "Delta",
    "DownloadProgress",
    "Embedding",
    "EmbeddingUsage",
    "FinishReason",
    "Function",
    "FunctionDelta",
    "ModelDeleted",
    "ModelInfo",
    "ModelList",
    "ParsedChatCompletion",
    "ParsedChatCompletionMessage",
    "ParsedChoice",
    "PromptTokensDetails",
    "Session",
    "StorageInfo",
    "TokenLogprob",
    "ToolCall",
    "ToolCallDelta",
    "TopLogprob",
    "Usage",
    "Verification",
]

# A first chat does not need them.
__getattr__ = lazy_attributes(
    __name__,
    {
        "CachedModel": ".files",
        "DownloadProgress": ".files",
        "ModelDeleted": ".files",
        "StorageInfo": ".files",
        "Verification": ".files",
    },
)

"""What comes back, as frozen values in the shapes of the OpenAI API reference.

A field that is None is absent in JSON, where the reference allows that; tuples are its arrays.
Nothing here knows JSON; `wire` reads and writes these values.
"""

from __future__ import annotations

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
    ToolCall,
    ToolCallDelta,
)
from .completion import Completion, CompletionChoice, CompletionLogprobs
from .embedding import CreateEmbeddingResponse, Embedding, EmbeddingUsage
from .logprobs import ChoiceLogprobs, TokenLogprob, TopLogprob
from .model import ModelInfo
from .session import Session
from .usage import PromptTokensDetails, Usage

__all__ = [
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
    "Embedding",
    "EmbeddingUsage",
    "FinishReason",
    "Function",
    "FunctionDelta",
    "ModelInfo",
    "ParsedChatCompletion",
    "PromptTokensDetails",
    "Session",
    "TokenLogprob",
    "ToolCall",
    "ToolCallDelta",
    "TopLogprob",
    "Usage",
]

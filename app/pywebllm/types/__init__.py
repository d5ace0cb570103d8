"""Responses as frozen values, in the shapes of the OpenAI API reference.

Arrays are tuples. A field that is None is left out of the JSON where the reference allows that.
Each value has `to_dict` and `to_json`.
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
    "ModelList",
    "ParsedChatCompletion",
    "ParsedChatCompletionMessage",
    "ParsedChoice",
    "PromptTokensDetails",
    "Session",
    "TokenLogprob",
    "ToolCall",
    "ToolCallDelta",
    "TopLogprob",
    "Usage",
]

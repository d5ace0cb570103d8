"""A language model on the visitor's own GPU, from Python in the page.

    from pywebllm import AsyncWebLLM

    async with AsyncWebLLM() as llm:
        reply = await llm.chat.completions.create(messages=[{"role": "user", "content": "Hello"}])
        print(reply.text)

`AsyncWebLLM` has the shape of `openai.AsyncOpenAI`, `WebLLM` does the same without `await`, and
`WebLLMService` writes personas for a page.

Loading and answering can be cancelled at any moment, by cancelling the task, by
`asyncio.timeout` or by leaving the loop, and everything stays usable.

Whatever can go wrong is a `WebLLMError`, and also the builtin that says the same: with `timeout=`
a `TimeoutError`. Only a mistake in the program itself is a plain `TypeError` or `RuntimeError`, for
example when two tasks read one stream. The log is `logging.getLogger("pywebllm")`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .browser import check_support, open_bridge
from .builtin import BUILTIN_MODEL, BUILTIN_REVISION
from .chat.stream import ChatStream
from .chat.text_stream import TextStream
from .client import AsyncWebLLM
from .engine.engine import Engine
from .errors import (
    AbortedError,
    AssetsError,
    ContextWindowError,
    DeviceLostError,
    DisposedError,
    DownloadError,
    EngineError,
    FeatureSupportError,
    IntegrityError,
    InvalidRequestError,
    ModelNotFoundError,
    ModelNotLoadedError,
    ModelUnloadedError,
    OutOfMemoryError,
    ParseError,
    RequestTimeoutError,
    SessionNotFoundError,
    StorageError,
    SupportError,
    ToolRoundsError,
    TruncatedError,
    WebLLMError,
    WorkerError,
)
from .events import Event
from .lazy import lazy_attributes
from .records import ModelRecord
from .types import Usage
from .values import Backend, EngineChoice, EngineSupport, LoadProgress, Support

if TYPE_CHECKING:
    from .backend import connect
    from .completions.stream import CompletionStream
    from .persona.persona import Persona
    from .persona.service import WebLLMService
    from .progress import ProgressBar
    from .relay import Lending, borrow_models, lend_models
    from .sync.client import WebLLM
    from .typed import Toolbox, ToolRun

__all__ = [
    "BUILTIN_MODEL",
    "BUILTIN_REVISION",
    "AbortedError",
    "AssetsError",
    "AsyncWebLLM",
    "Backend",
    "ChatStream",
    "CompletionStream",
    "ContextWindowError",
    "DeviceLostError",
    "DisposedError",
    "DownloadError",
    "Engine",
    "EngineChoice",
    "EngineError",
    "EngineSupport",
    "Event",
    "FeatureSupportError",
    "IntegrityError",
    "InvalidRequestError",
    "Lending",
    "LoadProgress",
    "ModelNotFoundError",
    "ModelNotLoadedError",
    "ModelRecord",
    "ModelUnloadedError",
    "OutOfMemoryError",
    "ParseError",
    "Persona",
    "ProgressBar",
    "RequestTimeoutError",
    "SessionNotFoundError",
    "StorageError",
    "Support",
    "SupportError",
    "TextStream",
    "ToolRoundsError",
    "ToolRun",
    "Toolbox",
    "TruncatedError",
    "Usage",
    "WebLLM",
    "WebLLMError",
    "WebLLMService",
    "WorkerError",
    "__version__",
    "borrow_models",
    "check_support",
    "connect",
    "lend_models",
    "open_bridge",
]

__version__ = "0.1.0"

# The names that a first chat does not need: their modules are imported when they are used.
__getattr__ = lazy_attributes(
    __name__,
    {
        "borrow_models": ".relay",
        "CompletionStream": ".completions.stream",
        "Lending": ".relay",
        "Persona": ".persona.persona",
        "ProgressBar": ".progress",
        "ToolRun": ".typed",
        "Toolbox": ".typed",
        "WebLLM": ".sync.client",
        "WebLLMService": ".persona.service",
        "connect": ".backend",
        "lend_models": ".relay",
    },
)


def __dir__() -> list[str]:
    return sorted(__all__)

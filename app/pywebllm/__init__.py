"""A language model on the visitor's own GPU, from Python in the page.

    from pywebllm import WebLLMService

    async with WebLLMService() as service:
        if not await service.initialize("session-1"):
            raise service.last_error
        print(await service.generate_persona({"name": "Ada", "age": "36"}))

Loading and answering can be cancelled at any moment, by cancelling the task, by
`asyncio.timeout` or by leaving the loop, and everything stays usable. All errors are
`WebLLMError`. The log is `logging.getLogger("pywebllm")`.
"""

from __future__ import annotations

from .browser import check_support, open_bridge
from .builtin import BUILTIN_MODEL, BUILTIN_REVISION
from .chat.text_stream import TextStream
from .engine import Engine
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
    OutOfMemoryError,
    ParseError,
    SessionNotFoundError,
    SupportError,
    ToolRoundsError,
    TruncatedError,
    WebLLMError,
    WorkerError,
)
from .events import Event
from .records import ModelRecord
from .service import WebLLMService
from .types import Usage
from .values import LoadProgress, Support

__all__ = [
    "BUILTIN_MODEL",
    "BUILTIN_REVISION",
    "AbortedError",
    "AssetsError",
    "ContextWindowError",
    "DeviceLostError",
    "DisposedError",
    "DownloadError",
    "Engine",
    "EngineError",
    "Event",
    "FeatureSupportError",
    "IntegrityError",
    "InvalidRequestError",
    "LoadProgress",
    "ModelNotFoundError",
    "ModelNotLoadedError",
    "ModelRecord",
    "OutOfMemoryError",
    "ParseError",
    "SessionNotFoundError",
    "Support",
    "SupportError",
    "TextStream",
    "ToolRoundsError",
    "TruncatedError",
    "Usage",
    "WebLLMError",
    "WebLLMService",
    "WorkerError",
    "__version__",
    "check_support",
    "open_bridge",
]

__version__ = "0.1.0"

"""JavaScript's errors as those of the library, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from .errors import (
    AbortedError,
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
    NotResumableError,
    OutOfMemoryError,
    RequestTimeoutError,
    SessionNotFoundError,
    StorageError,
    SupportError,
    WebLLMError,
    WorkerError,
)

__all__ = ["error_for", "name_for"]

# By the name of the JavaScript error with which the bridge rejects. Any other: `EngineError`.
_CLASSES: Mapping[str, type[WebLLMError]] = MappingProxyType(
    {
        "AbortError": AbortedError,
        "ContextWindowSizeExceededError": ContextWindowError,
        "BrowserModelError": SupportError,
        "DeviceLostError": DeviceLostError,
        "DisposedError": DisposedError,
        "DownloadError": DownloadError,
        "EngineError": EngineError,
        "FeatureSupportError": FeatureSupportError,
        "IntegrityError": IntegrityError,
        "InvalidRequestError": InvalidRequestError,
        "LoadTimeoutError": RequestTimeoutError,
        "ModelNotFoundError": ModelNotFoundError,
        "ModelNotLoadedError": ModelNotLoadedError,
        "ModelUnloadedError": ModelUnloadedError,
        "NoStorageError": SupportError,
        "NotResumableError": NotResumableError,
        "OutOfMemoryError": OutOfMemoryError,
        "SessionNotFoundError": SessionNotFoundError,
        "ShaderF16SupportError": FeatureSupportError,
        "StorageError": StorageError,
        "WebGPUNotAvailableError": SupportError,
        "WorkerError": WorkerError,
    }
)

# Advice for names whose class is for several problems.
_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "BrowserModelError": (
            "Begin its download in a click or key press of the visitor, or use the model in the"
            " page."
        ),
        "LoadTimeoutError": (
            "Check the connection and the server, then load again: completed downloads are cached."
            " Where it is only slow, increase `stall_timeout`."
        ),
        "NoStorageError": (
            "Choose a smaller model, or allow storage: in a frame with `sandbox`, add"
            " `allow-same-origin`; elsewhere allow cookies and site data for this page."
        ),
    }
)


def error_for(name: str, message: str) -> WebLLMError:
    """Return the error for a JavaScript `Error` with this name and message."""
    found = _CLASSES.get(name)
    if found is None:
        return EngineError(f"{name or 'Error'}: {message}")
    problem, advice = message or name, _ADVICE.get(name)
    if issubclass(found, DownloadError):
        return found(problem, advice=advice, url=_url_in(message), status=_status_in(message))
    if issubclass(found, IntegrityError):
        return found(problem, advice=advice, url=_url_in(message))
    return found(problem, advice=advice)


def name_for(error: WebLLMError) -> str:
    """Return the name for which `error_for` returns an error of the same class."""
    return next((name for name, found in _CLASSES.items() if found is type(error)), "EngineError")


# Errors of the engine's worker cross as text alone, so URL and status are read out of the bridge's
# own sentences: "NAME could not be fetched from URL: the server answered with HTTP status 404".
_URL = re.compile(r" from (?P<url>[a-z]+://[^\s]*?)(?=: | \(| is not the expected file)")
_STATUS = re.compile(r"the server answered with HTTP status (?P<status>\d{3})\b")


def _url_in(message: str) -> str | None:
    found = _URL.search(message)
    return None if found is None else found["url"]


def _status_in(message: str) -> int | None:
    found = _STATUS.search(message)
    return None if found is None else int(found["status"])

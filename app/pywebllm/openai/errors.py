"""Errors of this library in the form of the OpenAI reference's "Error codes" section.

The status determines which class the SDK raises, and `x-should-retry` whether it retries: by
default it retries each 408, 409, 429 and 5xx twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pywebllm.errors import (
    AbortedError,
    AssetsError,
    ContextWindowError,
    DeviceLostError,
    DisposedError,
    DownloadError,
    FeatureSupportError,
    IntegrityError,
    InvalidRequestError,
    ModelNotFoundError,
    ModelNotLoadedError,
    OutOfMemoryError,
    SessionNotFoundError,
    StorageError,
    SupportError,
    WebLLMError,
    WorkerError,
)

from .reply import Reply

__all__ = ["ResponseNotFoundError", "RouteError", "error_object", "error_reply"]

_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    status: int
    code: str | None = None
    param: str | None = None
    retry: bool = False


class ResponseNotFoundError(InvalidRequestError):
    """No response with this ID is stored."""

    advice = "Responses with `store` are kept until the page is closed, the latest 100 of them."


# A class without a row has that of its nearest base class.
_ROWS: Mapping[type[WebLLMError], _Row] = MappingProxyType(
    {
        InvalidRequestError: _Row(status=400),
        ResponseNotFoundError: _Row(status=404, code="response_not_found"),
        ContextWindowError: _Row(status=400, code="context_length_exceeded"),
        ModelNotFoundError: _Row(status=404, code="model_not_found", param="model"),
        SessionNotFoundError: _Row(status=404, code="session_not_found"),
        SupportError: _Row(status=501, code="webgpu_unavailable"),
        FeatureSupportError: _Row(status=501, code="webgpu_feature_missing", param="model"),
        AssetsError: _Row(status=500, code="assets_missing"),
        IntegrityError: _Row(status=500, code="integrity"),
        OutOfMemoryError: _Row(status=507, code="out_of_memory"),
        StorageError: _Row(status=507, code="storage_full"),
        AbortedError: _Row(status=500, code="aborted"),
        DisposedError: _Row(status=500, code="disposed"),
        # Downloaded files are kept, so a retry has less to fetch.
        DownloadError: _Row(status=502, code="download_failed", retry=True),
        # The next request starts a new engine.
        ModelNotLoadedError: _Row(status=503, code="model_not_loaded", retry=True),
        DeviceLostError: _Row(status=503, code="device_lost", retry=True),
        WorkerError: _Row(status=503, code="worker_failed", retry=True),
        WebLLMError: _Row(status=500, code="engine_error"),
    }
)


class RouteError(InvalidRequestError):
    """The server has no such path, or not with this method; `allowed` lists its methods."""

    advice = "Use chat/completions, completions, embeddings, models or responses."

    def __init__(self, problem: str, *, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.allowed = allowed


def error_object(error: WebLLMError) -> dict[str, Any]:
    """Return the JSON object `{"error": {"message", "type", "param", "code"}}`."""
    row = _row(error)
    given = error.param if isinstance(error, InvalidRequestError) else None
    server = row.status >= _SERVER_FAULT
    return {
        "error": {
            "message": str(error),
            "type": "server_error" if server else "invalid_request_error",
            "param": given or row.param,
            "code": row.code,
        }
    }


def error_reply(error: WebLLMError) -> Reply:
    """Return the error as a reply, with its status and whether to retry."""
    row = _row(error)
    headers = {"x-should-retry": str(row.retry).lower()}
    if isinstance(error, RouteError) and error.allowed:
        headers["allow"] = ", ".join(error.allowed)
    return Reply.of_json(error_object(error), status=row.status, headers=headers)


def _row(error: WebLLMError) -> _Row:
    if isinstance(error, RouteError):
        status, code = (405, "method_not_allowed") if error.allowed else (404, "unknown_url")
        return _Row(status=status, code=code)
    return next(_ROWS[base] for base in type(error).__mro__ if base in _ROWS)

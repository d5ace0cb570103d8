"""The exceptions of the library, as one tree.

    WebLLMError
    ├── SupportError            (RuntimeError)         the browser or the GPU cannot run a model
    │   └── FeatureSupportError                        the GPU lacks a feature of this model
    ├── AssetsError             (FileNotFoundError)    the files of the library are missing
    ├── DownloadError           (ConnectionError)      a file could not be fetched
    │   └── StorageError                               a fetched file could not be stored
    ├── IntegrityError          (ValueError)           a fetched file is not the expected one
    ├── ModelNotFoundError      (LookupError)          no known model has this id
    ├── SessionNotFoundError    (LookupError)          no stored answer has this id
    ├── OutOfMemoryError        (MemoryError)          the GPU has too little memory
    ├── ModelNotLoadedError     (RuntimeError)         no model is loaded
    │   └── ModelUnloadedError                         because another client or time unloaded it
    ├── InvalidRequestError     (ValueError)           the request is invalid or not supported
    │   ├── ContextWindowError                         the prompt is longer than the context window
    │   └── NotResumableError                          the stored answer cannot be resumed
    ├── ParseError              (ValueError)           the answer is not of the requested type
    │   └── TruncatedError                             because it was truncated
    ├── ToolRoundsError         (RuntimeError)         the model still called tools at the end
    ├── RequestTimeoutError     (TimeoutError)         it took longer than `timeout`
    ├── DeviceLostError         (RuntimeError)         the browser lost the GPU device
    ├── WorkerError             (RuntimeError)         the engine's worker did not start, or crashed
    ├── AbortedError            (RuntimeError)         the work was stopped by another task
    ├── DisposedError           (RuntimeError)         the engine was disposed during the work
    └── EngineError             (RuntimeError)         any other error of the engine

Each class can be caught as `WebLLMError`, by its own name, or as the builtin in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import ChatCompletion, ChatCompletionMessage

__all__ = [
    "AbortedError",
    "AssetsError",
    "ContextWindowError",
    "DeviceLostError",
    "DisposedError",
    "DownloadError",
    "EngineError",
    "FeatureSupportError",
    "IntegrityError",
    "InvalidRequestError",
    "ModelNotFoundError",
    "ModelNotLoadedError",
    "ModelUnloadedError",
    "NotResumableError",
    "OutOfMemoryError",
    "ParseError",
    "RequestTimeoutError",
    "SessionNotFoundError",
    "StorageError",
    "SupportError",
    "ToolRoundsError",
    "TruncatedError",
    "WebLLMError",
    "WorkerError",
]


class WebLLMError(Exception):
    """The base class of all errors of this library.

    Attributes:
        problem: What happened, one sentence.
        advice: What to do about it; `str(error)` is both.
    """

    advice = "See the browser's console for details."

    def __init__(self, problem: str, *, advice: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        if advice is not None:
            self.advice = advice

    def __str__(self) -> str:
        end = "" if self.problem.rstrip().endswith((".", "!", "?")) else "."
        return f"{self.problem.rstrip()}{end} {self.advice}"


class SupportError(WebLLMError, RuntimeError):
    """The browser or its GPU cannot run a model."""

    advice = (
        "Call `await pywebllm.check_support()`: its result says what is missing and what to do."
    )


class FeatureSupportError(SupportError):
    """The GPU lacks a feature that this model needs, for example `shader-f16`."""

    advice = (
        "Choose a model that does not need it, for example one whose id contains q4f32. Chrome on"
        " Linux hides shader-f16 from NVIDIA GPUs."
    )


class AssetsError(WebLLMError, FileNotFoundError):
    """The files of the bridge, WebLLM or the built-in model are missing."""

    advice = (
        "Install the wheel, which contains them, or pass `assets_url`: the folder that serves"
        " webllm_bridge.js, webllm.js and models/."
    )


class DownloadError(WebLLMError, ConnectionError):
    """A file could not be fetched: no network, or an HTTP error; `problem` names the file.

    Attributes:
        url: The URL of the file; None if it is not known.
        status: The HTTP status; None if there was no answer, or an incomplete one.
    """

    advice = "Check the connection and the URL, then load again: completed downloads are cached."

    def __init__(
        self,
        problem: str,
        *,
        advice: str | None = None,
        url: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(problem, advice=advice)
        self.url = url
        self.status = status

    @property
    def file(self) -> str | None:
        """The name of the file, the last part of its URL; None if it is not known."""
        return _name_in(self.url)


class StorageError(DownloadError):
    """A fetched file could not be stored: the disk is full, or the quota of the site is used up."""

    advice = (
        "Free disk space, clear the data of this site, or choose a smaller model, then load again:"
        " completed downloads are cached."
    )


class IntegrityError(WebLLMError, ValueError):
    """A fetched file is not the expected one: damaged, truncated, or for example an HTML page.

    Attributes:
        url: The URL of the file; None if it is not known.
    """

    advice = (
        "Load again: the file is fetched again. If the error persists, open the file's URL in a"
        " tab to see what the server sends, or correct the model's record."
    )

    def __init__(self, problem: str, *, advice: str | None = None, url: str | None = None) -> None:
        super().__init__(problem, advice=advice)
        self.url = url

    @property
    def file(self) -> str | None:
        """The name of the file, the last part of its URL; None if it is not known."""
        return _name_in(self.url)


class ModelNotFoundError(WebLLMError, LookupError):
    """No known model has this id."""

    advice = "Pass an id of WebLLM's list, a custom record, or None for the built-in model."


class SessionNotFoundError(WebLLMError, LookupError):
    """The browser has stored no resumable answer with this id for this site."""

    advice = "Call `await llm.sessions.list()` for the stored ones."


class OutOfMemoryError(WebLLMError, MemoryError):
    """The GPU does not have enough free memory for the model."""

    advice = "Close other tabs that use the GPU, or choose a smaller model, then load again."


class ModelNotLoadedError(WebLLMError, RuntimeError):
    """The request needs a loaded model, and none is loaded."""

    advice = "Load a model first, for example with `await service.initialize(session_id)`."


class ModelUnloadedError(ModelNotLoadedError):
    """A shared model was unloaded: by another client, after `keep_alive`, or to free memory."""

    advice = "Repeat the request: it loads the model again."


class InvalidRequestError(WebLLMError, ValueError):
    """The request is invalid, or needs something that the engine does not support.

    Attributes:
        param: The name of the invalid parameter in the OpenAI reference; None if unknown.
    """

    advice = "Correct the request; it was not sent to the model."

    def __init__(
        self, problem: str, *, advice: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(problem, advice=advice)
        self.param = param


class ContextWindowError(InvalidRequestError):
    """The prompt has more tokens than the context window of the model."""

    advice = "Shorten the prompt, or choose a model with a larger context window."


class NotResumableError(InvalidRequestError):
    """No model can resume this answer: it is complete, or not enough of it is stored.

    `sessions.resume` handles this error and returns the stored text instead.
    """

    advice = "Call `await llm.sessions.list()` for the reason."


class ParseError(WebLLMError, ValueError):
    """The answer is not of the requested type.

    Attributes:
        text: What the model generated.
    """

    advice = "Try again, for example with another seed, or describe the fields in the prompt."

    def __init__(self, problem: str, *, text: str = "", advice: str | None = None) -> None:
        super().__init__(problem, advice=advice)
        self.text = text


class TruncatedError(ParseError):
    """The answer was truncated at `max_tokens` or at the end of the context window."""

    advice = (
        "Increase `max_tokens`, shorten the prompt, or limit the lengths of strings and lists in"
        " the type."
    )


class ToolRoundsError(WebLLMError, RuntimeError):
    """The model still called tools in the last of `max_rounds`.

    Attributes:
        messages: The whole conversation. It ends with the message of `completion`, whose calls
            were not made: append their results to continue in a further request.
        completion: The last answer.
    """

    advice = "Increase `max_rounds`, or say in the prompt when the model should answer."

    def __init__(
        self,
        problem: str,
        *,
        messages: Iterable[Mapping[str, object] | ChatCompletionMessage] = (),
        completion: ChatCompletion | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(problem, advice=advice)
        self.messages = tuple(messages)
        self.completion = completion


class RequestTimeoutError(WebLLMError, TimeoutError):
    """A request, a chunk of its stream, or a load took longer than its `timeout`, and was stopped.

    It is also raised for a load that makes no progress at all.

    `asyncio.timeout` around a call raises the builtin `TimeoutError`, as usual.
    """

    advice = "Increase `timeout`, load the model first, or reduce `max_tokens`."


class DeviceLostError(WebLLMError, RuntimeError):
    """The browser lost the GPU device: driver reset, sleep, or too much memory in use."""

    advice = "Load the model again: the engine starts with a new device."


class WorkerError(WebLLMError, RuntimeError):
    """The worker that runs the engine did not start, crashed or was terminated."""

    advice = "Load the model again: the engine starts in a new worker."


class AbortedError(WebLLMError, RuntimeError):
    """The work was stopped by another task than the one that awaited it."""

    advice = "Repeat the call if its result is still needed."


class DisposedError(WebLLMError, RuntimeError):
    """The engine was disposed while the work was in progress."""

    advice = "Load the model again: that starts a new engine."


class EngineError(WebLLMError, RuntimeError):
    """The engine reported an error without a more specific class."""

    advice = "See the browser's console for details; loading the model again often helps."


def _name_in(url: str | None) -> str | None:
    return None if url is None else re.split("[?#]", url)[0].rpartition("/")[2]

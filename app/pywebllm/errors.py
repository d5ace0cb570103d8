"""What can go wrong, as one tree of exceptions, and the table from JavaScript's names to it.

    WebLLMError
    ├── SupportError            (RuntimeError)         the browser or the GPU cannot do this
    │   └── FeatureSupportError                        this model asks for more than the GPU has
    ├── AssetsError             (FileNotFoundError)    the files of the bridge are missing
    ├── DownloadError           (ConnectionError)      a file of the model could not be fetched
    ├── IntegrityError          (ValueError)           a fetched file is not the one expected
    ├── ModelNotFoundError      (LookupError)          nobody knows a model of this id
    ├── SessionNotFoundError    (LookupError)          no answer of this id is kept
    ├── OutOfMemoryError        (MemoryError)          the GPU has too little memory
    ├── ModelNotLoadedError     (RuntimeError)         nothing is loaded that could answer
    ├── InvalidRequestError     (ValueError)           the request cannot be honoured as it is
    │   ├── ContextWindowError                         the prompt is longer than the context window
    │   └── NotResumableError                          nobody can go on with this kept answer
    ├── ParseError              (ValueError)           the answer does not fit the type asked for
    │   └── TruncatedError                             because it was cut off
    ├── ToolRoundsError         (RuntimeError)         the model went on calling tools
    ├── RequestTimeoutError     (TimeoutError)         it took longer than `timeout` allows
    ├── DeviceLostError         (RuntimeError)         the browser took the GPU away
    ├── WorkerError             (RuntimeError)         the engine's worker did not start, or crashed
    ├── AbortedError            (RuntimeError)         someone else stopped this work
    ├── DisposedError           (RuntimeError)         the engine was disposed meanwhile
    └── EngineError             (RuntimeError)         anything else the engine reports

Each class can be caught as `WebLLMError`, by its own name, or as the builtin in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
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
    "NotResumableError",
    "OutOfMemoryError",
    "ParseError",
    "RequestTimeoutError",
    "SessionNotFoundError",
    "SupportError",
    "ToolRoundsError",
    "TruncatedError",
    "WebLLMError",
    "WorkerError",
    "error_for",
]


class WebLLMError(Exception):
    """Root of all errors of this library.

    `problem` says what happened and `advice` what to do next; the text of the error is both.
    """

    advice = "Look at the browser's console for details."

    def __init__(self, problem: str, *, advice: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        if advice is not None:
            self.advice = advice

    def __str__(self) -> str:
        end = "" if self.problem.rstrip().endswith((".", "!", "?")) else "."
        return f"{self.problem.rstrip()}{end} {self.advice}"


class SupportError(WebLLMError, RuntimeError):
    """The browser, or the GPU behind it, cannot run a model at all."""

    advice = "Call `await pywebllm.check_support()`: it says what is missing and what to do."


class FeatureSupportError(SupportError):
    """The GPU lacks something that this model needs, for example `shader-f16`."""

    advice = "Choose a model that does without, for example one whose id contains q4f32."


class AssetsError(WebLLMError, FileNotFoundError):
    """The bridge, WebLLM or the built-in model is not where it should be."""

    advice = (
        "Install the wheel, which carries them, or pass `assets_url`: the folder that serves"
        " webllm_bridge.js, webllm.js and models/."
    )


class DownloadError(WebLLMError, ConnectionError):
    """A file could not be fetched: no network, or an HTTP error."""

    advice = "Check the connection and the address, then load again: what has arrived is kept."


class IntegrityError(WebLLMError, ValueError):
    """A fetched file differs from the one its record promises."""

    advice = "Clear this site's data and load again; if it stays, the model's record is wrong."


class ModelNotFoundError(WebLLMError, LookupError):
    """No model of this id is known."""

    advice = "Use an id of WebLLM's list, a custom record, or no model at all for the built-in one."


class SessionNotFoundError(WebLLMError, LookupError):
    """This browser keeps no resumable answer of this id for this site."""

    advice = "See `await llm.sessions.list()` for those it keeps."


class OutOfMemoryError(WebLLMError, MemoryError):
    """The GPU has not enough free memory for the model."""

    advice = "Close other tabs that use the GPU, or choose a smaller model, then load again."


class ModelNotLoadedError(WebLLMError, RuntimeError):
    """The request needs a model, and none is loaded."""

    advice = "Load a model first, for example with `await service.initialize(session_id)`."


class InvalidRequestError(WebLLMError, ValueError):
    """The request is wrong, or asks for something that the engine cannot honour.

    `param` is the parameter at fault, by its name in the OpenAI reference, where it is known.
    """

    advice = "Change the request; it was not sent to the model."

    def __init__(
        self, problem: str, *, advice: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(problem, advice=advice)
        self.param = param


class ContextWindowError(InvalidRequestError):
    """The prompt has more tokens than the context window of the model."""

    advice = "Shorten the prompt, or choose a model with a larger context window."


class NotResumableError(InvalidRequestError):
    """No model can go on with this answer: it is finished, or too little of it is kept.

    `sessions.resume` gives its text then, so that this error stays within the library.
    """

    advice = "See `await llm.sessions.list()` for the reason."


class ParseError(WebLLMError, ValueError):
    """The answer is not of the type that was asked for; `text` is what the model wrote."""

    advice = "Ask again, perhaps with another seed, or describe the fields in the prompt."

    def __init__(self, problem: str, *, text: str = "", advice: str | None = None) -> None:
        super().__init__(problem, advice=advice)
        self.text = text


class TruncatedError(ParseError):
    """The answer was cut off at `max_tokens` or at the end of the context window."""

    advice = "Raise `max_tokens`, shorten the prompt, or bound the type's texts and lists."


class ToolRoundsError(WebLLMError, RuntimeError):
    """The model still called tools when the rounds that it was given were used up.

    `messages` is the whole conversation, `completion` the last answer. Its message ends the
    conversation; its calls were not made, and go with their results into a next request.
    """

    advice = "Raise `max_rounds`, or tell the model in the prompt when to answer."

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
    """A request, or a chunk of its stream, took longer than its `timeout`; the engine stopped.

    `asyncio.timeout` around a call raises the builtin `TimeoutError`, as it does everywhere.
    """

    advice = "Allow more time by `timeout`, load the model before, or lower `max_tokens`."


class DeviceLostError(WebLLMError, RuntimeError):
    """The browser took the GPU away: driver reset, sleep, or too much memory in use."""

    advice = "Load the model again: the engine starts on a fresh device."


class WorkerError(WebLLMError, RuntimeError):
    """The worker that runs the engine did not start, crashed or was terminated."""

    advice = "Load the model again: the engine starts in a fresh worker."


class AbortedError(WebLLMError, RuntimeError):
    """The work was stopped by someone else than the task that awaited it."""

    advice = "Call it again if its result is still wanted."


class DisposedError(WebLLMError, RuntimeError):
    """The engine was disposed while the work was under way."""

    advice = "Load the model again: that starts a new engine."


class EngineError(WebLLMError, RuntimeError):
    """The engine reported something that has no class of its own."""

    advice = "Look at the browser's console for details; loading the model again often helps."


# The names a rejection of the bridge can have. What is missing here becomes an `EngineError`.
_CLASSES: Mapping[str, type[WebLLMError]] = MappingProxyType(
    {
        "AbortError": AbortedError,
        "ContextWindowSizeExceededError": ContextWindowError,
        "DeviceLostError": DeviceLostError,
        "DisposedError": DisposedError,
        "DownloadError": DownloadError,
        "EngineError": EngineError,
        "FeatureSupportError": FeatureSupportError,
        "IntegrityError": IntegrityError,
        "InvalidRequestError": InvalidRequestError,
        "ModelNotFoundError": ModelNotFoundError,
        "ModelNotLoadedError": ModelNotLoadedError,
        "NotResumableError": NotResumableError,
        "OutOfMemoryError": OutOfMemoryError,
        "SessionNotFoundError": SessionNotFoundError,
        "ShaderF16SupportError": FeatureSupportError,
        "WebGPUNotAvailableError": SupportError,
        "WorkerError": WorkerError,
    }
)


def error_for(name: str, message: str) -> WebLLMError:
    """Build the error for a JavaScript `Error` of this name and message."""
    found = _CLASSES.get(name)
    if found is None:
        return EngineError(f"{name or 'Error'}: {message}")
    return found(message or name)

"""What a service reports: status texts, progress and errors, to its subscribers and to the log."""

from __future__ import annotations

import logging

from pywebllm.errors import WebLLMError
from pywebllm.events import Event
from pywebllm.values import LoadProgress

__all__ = ["Reports"]

_logger = logging.getLogger("pywebllm")

_STATUS = {
    "start": "Starting the engine…",
    "fetch": "Fetching the model…",
    "load": "Loading the model into the GPU…",
    "compile": "Compiling shaders…",
    "ready": "The model is ready.",
}


class Reports:
    """The events of a service, and the last of what they reported.

    Attributes:
        status_updated: Emits the state as one line of text.
        progress_updated: Emits the progress of a load; its ratio never decreases.
        session_id: Part of the lines in the log; None before the first load.
        last_error: The last error that was reported; a load clears it.
    """

    def __init__(self) -> None:
        self.status_updated: Event[str] = Event()
        self.progress_updated: Event[LoadProgress] = Event()
        self.session_id: str | None = None
        self.last_error: WebLLMError | None = None
        self._status = ""
        self._progress: LoadProgress | None = None

    def begin(self, model: str) -> None:
        """Report that a load of the model with this id begins."""
        self.last_error = None
        self._progress = None
        _logger.info("Session %r: loading %r", self.session_id, model)
        self.say(_STATUS["start"])

    def advance(self, progress: LoadProgress) -> None:
        """Report the progress of the load, once: each caller that shares a load has the same."""
        if self._progress == progress:
            return
        if self._progress is not None and progress.ratio < self._progress.ratio:
            return
        self._progress = progress
        _logger.debug("Progress: %.1f %% %s", progress.ratio * 100, progress.text)
        if _STATUS[progress.phase] != self._status:
            self.say(_STATUS[progress.phase])
        self.progress_updated.emit(progress)

    def ready(self) -> None:
        """Report that the model answers, unless that was reported last."""
        if self._status != _STATUS["ready"]:
            self.say(_STATUS["ready"])

    def fail(self, error: WebLLMError) -> None:
        """Report an error, once: a lost model fails the running answer, too."""
        if error is self.last_error:
            return
        self.last_error = error
        _logger.error("Session %r: %s", self.session_id, error, exc_info=error)
        self.say(str(error))

    def say(self, status: str) -> None:
        """Report the state as one line of text."""
        self._status = status
        _logger.info("Status: %s", status)
        self.status_updated.emit(status)

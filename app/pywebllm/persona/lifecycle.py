"""The model of a service, from `initialize` to `dispose`: loaded, lost, unloaded, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from weakref import WeakMethod

from pywebllm.client import AsyncWebLLM
from pywebllm.errors import ModelUnloadedError, RequestTimeoutError, WebLLMError
from pywebllm.records import ModelRecord, id_of
from pywebllm.values import LoadProgress, ModelLoss

from .attempt import Attempt
from .reports import Reports

__all__ = ["Lifecycle"]


class Lifecycle:
    """Loads one model of a client, and reports what becomes of it.

    Raises:
        InvalidRequestError: The client cannot take this model.
    """

    def __init__(
        self, client: AsyncWebLLM, model: str | ModelRecord | None, reports: Reports
    ) -> None:
        client.is_loaded(model)  # raises when the client cannot take it
        self._client = client
        self._model = model
        self._reports = reports
        self._unsubscribe = self._subscribe()
        self._is_closed = False
        self._was_unloaded = False  # by others who share it, or after `keep_alive`
        self._attempt = Attempt()

    @property
    def attempt(self) -> Attempt:
        """The last attempt to load; a new load after a failure begins another."""
        return self._attempt

    @property
    def is_initialized(self) -> bool:
        """True while the model is loaded, or the next request loads it again."""
        return not self._is_closed and (self._has_model or self._was_unloaded)

    @property
    def is_initializing(self) -> bool:
        """True while the model is being loaded."""
        return self._attempt.is_running and not self.is_initialized

    @property
    def was_unloaded(self) -> bool:
        """True while the next request has to load the model again."""
        return self._was_unloaded

    async def load(self, limit: float | None) -> bool:
        """Load the model; return True when it answers, False when it failed, which is reported.

        Called during a load, it waits for that load. After `limit` seconds it has failed.
        Cancelled, it stops, unless another caller waits for it too.
        """
        self._reopen()
        if self._has_model:
            self._reports.ready()
            return True
        self._was_unloaded = False
        is_new = not self.is_initializing
        if is_new:
            self._attempt = Attempt()
        attempt = self._attempt
        try:
            with attempt:
                if is_new:
                    self._reports.begin(self._model_id)
                report = partial(self._advance, attempt)
                load = self._client.load(self._model, on_progress=report, timeout=limit)
                await attempt.run(load)
        except WebLLMError as error:
            self._end_attempt(attempt, error)
            return False
        except asyncio.CancelledError:
            if attempt is self._attempt and not attempt.is_running:
                self._reports.say("Loading was cancelled.")
            raise
        self._reports.last_error = None
        return True

    def close(self, error: WebLLMError) -> None:
        """End a running load by `error`; `load` opens it again."""
        self._is_closed, self._was_unloaded = True, False
        self._unsubscribe()
        self._attempt.close(error)

    @property
    def _model_id(self) -> str:
        # A name without a build means another model once a load has chosen the build.
        return id_of(self._client._pool.resolve(self._model))

    @property
    def _has_model(self) -> bool:
        return self._client.is_loaded(self._model)

    def _reopen(self) -> None:
        if self._is_closed:
            self._is_closed = False
            self._unsubscribe = self._subscribe()

    def _end_attempt(self, attempt: Attempt, error: WebLLMError) -> None:
        if isinstance(error, RequestTimeoutError) and attempt.is_running:
            return  # others wait longer for the same load
        if attempt is self._attempt and not attempt.has_failed:
            attempt.fail()
            self._reports.fail(error)

    def _advance(self, attempt: Attempt, progress: LoadProgress) -> None:
        if attempt is self._attempt and not attempt.has_failed:
            self._reports.advance(progress)

    def _subscribe(self) -> Callable[[], None]:
        # Weakly: the client may outlive the service.
        on_loss = WeakMethod(self._on_loss)

        def report(loss: ModelLoss) -> None:
            if (method := on_loss()) is not None:
                method(loss)

        return self._client.api.lost.subscribe(report)

    def _on_loss(self, loss: ModelLoss) -> None:
        if loss.model != self._model_id:
            return
        self._was_unloaded = isinstance(loss.error, ModelUnloadedError)
        if self._was_unloaded:
            self._reports.say("The model is unloaded; the next persona loads it again.")
        else:
            self._reports.fail(loss.error)

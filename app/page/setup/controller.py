"""The behavior of the set-up card: check the browser, load the chosen model, try again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from pywebllm import Event, LoadProgress, Support, WebLLMError, WebLLMService

from . import view
from .view import Screen

__all__ = ["SetupController", "SetupPage"]

_logger = logging.getLogger("page")


class SetupPage(Protocol):
    """The card, as the controller sees it."""

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        ...

    def show_gpu(self, text: str) -> None:
        """Show the line about the GPU; an empty string hides it."""
        ...


class SetupController:
    """Brings one model into the page, for all views; they follow `changed`.

    `choose` and `retry` are the visitor's actions; each does nothing in a state that does not
    allow it, so a late click is harmless.

    Args:
        page: The elements.
        service_of: Returns what loads a model; None is the built-in one.
        check_support: Returns what this browser can run.
        keep_choice: Called with each model that the visitor chooses, for the next visit.

    Attributes:
        changed: Emits each new screen.
    """

    def __init__(
        self,
        *,
        page: SetupPage,
        service_of: Callable[[str | None], WebLLMService],
        check_support: Callable[[], Awaitable[Support]],
        keep_choice: Callable[[str | None], object],
    ) -> None:
        self.changed: Event[Screen] = Event()
        self._page = page
        self._service_of = service_of
        self._check_support = check_support
        self._keep_choice = keep_choice
        self._screen = view.checking()
        self._work: asyncio.Task[None] | None = None
        self._model: str | None = None
        self._service = self._follow(None)

    @property
    def model(self) -> str | None:
        """The ID of the model that the visitor chose; None for the built-in one."""
        return self._model

    @property
    def service(self) -> WebLLMService:
        """Writes personas with the chosen model."""
        return self._service

    @property
    def screen(self) -> Screen:
        """What is shown."""
        return self._screen

    @property
    def is_ready(self) -> bool:
        """True when the model answers."""
        return self._screen.state == "ready" and self._service.is_initialized

    async def start(self) -> None:
        """Check the browser and load the model; return when the visitor can act.

        Cancelled, the load stops.
        """
        await self._begin(view.checking())

    def prefer(self, model: str | None) -> None:
        """Take this model when `start` loads one; without effect after that."""
        if self._work is None and model != self._model:
            self._model = model
            self._service = self._follow(model)

    def retry(self) -> None:
        """Check the browser and load the model again."""
        if self._screen.can_retry:
            self._begin(view.checking())

    def choose(self, model: str | None) -> None:
        """Load another model for all views; a load that runs stops."""
        if model == self._model and self._screen.state in ("ready", "loading"):
            return
        if self._work is not None:
            self._work.cancel()
        self._model = model
        self._keep_choice(model)
        self._service = self._follow(model)
        self._begin(view.checking())

    def _follow(self, model: str | None) -> WebLLMService:
        service = self._service_of(model)
        service.progress_updated.subscribe(lambda progress: self._on_progress(service, progress))
        service.status_updated.subscribe(lambda _status: self._on_status(service))
        return service

    def _begin(self, screen: Screen) -> asyncio.Task[None]:
        # Shown now, not when the task runs: a second click must find the new state.
        self._show(screen)
        self._work = asyncio.ensure_future(self._guard())
        return self._work

    async def _guard(self) -> None:
        try:
            await self._prepare()
        except Exception as error:
            # The page's top handler: the visitor sees every error.
            _logger.exception("Unexpected error in the page")
            self._show(view.crashed(error))

    async def _prepare(self) -> None:
        try:
            support = await self._check_support()
        except WebLLMError as error:
            self._show(view.failed(error))
            return
        self._page.show_gpu(view.describe_gpu(support))
        if support.ok:
            await self._load()
        else:
            self._show(view.unsupported(support))

    async def _load(self) -> None:
        self._show(view.loading(None))
        service = self._service
        loaded = await service.initialize("page")
        self._show(view.ready(self._model or "") if loaded else view.failed(service.last_error))

    def _on_progress(self, service: WebLLMService, progress: LoadProgress) -> None:
        if service is self._service and self._screen.state == "loading":
            self._show(view.loading(progress))

    def _on_status(self, service: WebLLMService) -> None:
        if service is not self._service or service.is_initialized:
            return
        if self._screen.state == "ready":
            # The model was lost: while a view used it, or while none did.
            self._show(view.failed(service.last_error))

    def _show(self, screen: Screen) -> None:
        self._screen = screen
        self._page.show(screen)
        self.changed.emit(screen)

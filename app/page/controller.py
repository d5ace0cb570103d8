"""The page's behavior: check the browser, load, write, stop, try again."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from pywebllm import InvalidRequestError, LoadProgress, Support, WebLLMError, WebLLMService

from . import view
from .view import Screen

__all__ = ["Controller", "PageView"]

_logger = logging.getLogger("page")


class PageView(Protocol):
    """The page, as the controller sees it."""

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        ...

    def show_gpu(self, text: str) -> None:
        """Show the line about the GPU; an empty string hides it."""
        ...

    def fields(self) -> dict[str, str]:
        """Return the values of the form by field name."""
        ...

    def clear_text(self) -> None:
        """Remove the written text."""
        ...

    def write(self, piece: str) -> None:
        """Append to the written text."""
        ...


class Controller:
    """Moves the page from state to state; one operation at a time.

    `generate`, `stop` and `retry` are the visitor's actions; each does nothing in a state that
    does not allow it, so a late click or key press is harmless.
    """

    def __init__(
        self,
        *,
        page: PageView,
        service: WebLLMService,
        check_support: Callable[[], Awaitable[Support]],
    ) -> None:
        self._page = page
        self._service = service
        self._check_support = check_support
        self._screen = view.checking()
        self._ratio = 0.0
        self._work: asyncio.Task[None] | None = None
        service.progress_updated.subscribe(self._on_progress)
        service.status_updated.subscribe(self._on_status)

    async def start(self) -> None:
        """Check the browser and load the model; return when the visitor can act.

        Cancelled, the load stops.
        """
        await self._begin(view.checking(), self._prepare)

    def generate(self) -> None:
        """Write a persona from the values of the form."""
        if self._screen.can_generate:
            self._begin(view.writing(), functools.partial(self._write, self._page.fields()))

    def stop(self) -> None:
        """Stop writing; the text written so far stays."""
        if self._screen.can_stop and self._work is not None:
            self._work.cancel()
            is_loaded = self._service.is_initialized
            self._show(view.stopped() if is_loaded else view.failed(self._service.last_error))

    def retry(self) -> None:
        """Check the browser and load the model again."""
        if self._screen.can_retry:
            self._begin(view.checking(), self._prepare)

    def _begin(self, screen: Screen, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        # Shown now, not when the task runs: a second click must find the new state.
        self._show(screen)
        self._work = asyncio.ensure_future(self._guard(work))
        return self._work

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
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
        self._ratio = 0.0
        self._show(view.loading("Loading the model…", self._ratio))
        loaded = await self._service.initialize("demo")
        self._show(view.ready() if loaded else view.failed(self._service.last_error))

    async def _write(self, fields: dict[str, str]) -> None:
        try:
            stream = self._service.stream_persona(fields)
        except InvalidRequestError as error:
            self._show(view.refused(error))
            return
        except WebLLMError as error:
            self._show_failure(error)
            return
        self._page.clear_text()
        try:
            async with stream:
                async for piece in stream:
                    self._page.write(piece)
        except WebLLMError as error:
            self._show_failure(error)
        else:
            self._show(view.finished(stream.usage))

    def _show_failure(self, error: WebLLMError) -> None:
        if self._service.is_initialized:
            self._show(view.interrupted(error))
        else:
            # The error that lost the model says more than `ModelNotLoadedError`.
            self._show(view.failed(self._service.last_error or error))

    def _on_progress(self, progress: LoadProgress) -> None:
        self._ratio = progress.ratio
        if self._screen.state == "loading":
            self._show(view.loading(self._screen.status, self._ratio))

    def _on_status(self, status: str) -> None:
        if self._screen.state == "loading":
            self._show(view.loading(status, self._ratio))
        elif self._screen.state == "ready" and not self._service.is_initialized:
            # The model was lost while nothing was being written.
            self._show(view.failed(self._service.last_error))

    def _show(self, screen: Screen) -> None:
        self._screen = screen
        self._page.show(screen)

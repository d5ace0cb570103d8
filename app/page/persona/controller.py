"""The behavior of the persona view: write, stop."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from pywebllm import EngineError, InvalidRequestError, WebLLMError

from page.setup.controller import SetupController

from . import view
from .view import Screen

__all__ = ["PersonaController", "PersonaPage"]

_logger = logging.getLogger("page")


class PersonaPage(Protocol):
    """The elements of the view, as the controller sees them."""

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
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


class PersonaController:
    """Writes one persona at a time.

    `generate` and `stop` are the visitor's actions; each does nothing in a state that does not
    allow it, so a late click or key press is harmless.
    """

    def __init__(self, *, page: PersonaPage, setup: SetupController) -> None:
        self._page = page
        self._setup = setup
        self._screen = view.waiting()
        self._work: asyncio.Task[None] | None = None
        setup.changed.subscribe(lambda _screen: self._on_model())

    def generate(self) -> None:
        """Write a persona from the values of the form."""
        if self._screen.can_generate:
            self._show(view.writing())
            self._work = asyncio.ensure_future(self._guard(self._page.fields()))

    def stop(self) -> None:
        """Stop writing; the text written so far stays."""
        if self._screen.is_writing and self._work is not None:
            self._work.cancel()
            self._show(view.stopped(is_ready=self._setup.is_ready))

    async def _guard(self, fields: dict[str, str]) -> None:
        try:
            await self._write(fields)
        except InvalidRequestError as error:
            self._show(view.refused(error))
        except WebLLMError as error:
            self._show(view.interrupted(error, is_ready=self._setup.is_ready))
        except Exception as error:
            # The view's top handler: the visitor sees every error.
            _logger.exception("Unexpected error in the persona view")
            shown = EngineError(f"{type(error).__name__}: {error}")
            self._show(view.interrupted(shown, is_ready=self._setup.is_ready))

    async def _write(self, fields: dict[str, str]) -> None:
        stream = self._setup.service.stream_persona(fields)
        self._page.clear_text()
        async with stream:
            async for piece in stream:
                self._page.write(piece)
        self._show(view.finished(stream.usage))

    def _on_model(self) -> None:
        if self._screen.is_ready != self._setup.is_ready:
            self._show(self._screen.with_model(is_ready=self._setup.is_ready))

    def _show(self, screen: Screen) -> None:
        self._screen = screen
        self._page.show(screen)

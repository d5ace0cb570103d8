"""Adding models of the visitor's own: by address, by record, from a folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from pywebllm import WebLLMError

from page.texts import text

from .own import Folder, OwnModels
from .sources import SourceProblem, record_of_address, record_of_json

__all__ = ["AddingController", "AddingPage"]

_logger = logging.getLogger("page")


class AddingPage(Protocol):
    """The forms, as the controller sees them."""

    def show_adding(self, status: str, problem: str) -> None:
        """Show what is being done or was done, and what went wrong; either may be empty."""
        ...

    def clear_adding(self) -> None:
        """Empty the forms: the model is in the list."""
        ...

    def folder(self) -> Folder:
        """Return the folder that the visitor chose."""
        ...


class AddingController:
    """Adds one model at a time.

    Args:
        page: The forms.
        own: The models of the visitor's own.
        on_added: Called with the ID of each new model.
    """

    def __init__(
        self, *, page: AddingPage, own: OwnModels, on_added: Callable[[str], object]
    ) -> None:
        self._page = page
        self._own = own
        self._on_added = on_added
        self._work: asyncio.Task[None] | None = None

    def add_address(self, name: str, address: str, library: str) -> None:
        """Add a model at an address."""

        async def work() -> str:
            return await self._own.add(record_of_address(name, address, library))

        self._begin(work)

    def add_record(self, words: str) -> None:
        """Add the model that a record names."""

        async def work() -> str:
            return await self._own.add(record_of_json(words))

        self._begin(work)

    def add_folder(self, name: str) -> None:
        """Add the model in the folder that the visitor chose."""
        self._begin(lambda: self._own.add_folder(name, self._page.folder(), self._report))

    async def settled(self) -> None:
        """Wait until the model is added, or could not be."""
        if self._work is not None:
            await asyncio.wait([self._work])

    def _begin(self, work: Callable[[], Awaitable[str]]) -> None:
        if self._work is None or self._work.done():
            self._page.show_adding("", "")
            self._work = asyncio.ensure_future(self._guard(work))

    async def _guard(self, work: Callable[[], Awaitable[str]]) -> None:
        try:
            model = await work()
        except (SourceProblem, WebLLMError) as error:
            self._page.show_adding("", str(error))
        except Exception as error:
            # The form's top handler: the visitor sees every error.
            _logger.exception("Unexpected error while a model was added")
            self._page.show_adding("", f"{type(error).__name__}: {error}")
        else:
            self._page.clear_adding()
            self._page.show_adding(text("models.own.added", model=model), "")
            self._on_added(model)

    def _report(self, ratio: float) -> None:
        self._page.show_adding(text("models.own.copying", percent=f"{ratio:.0%}"), "")

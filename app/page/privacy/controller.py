"""The behavior of the privacy view: list what is stored, ask, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from . import view
from .view import Screen

__all__ = ["PrivacyController", "PrivacyPage", "Vault"]


class PrivacyPage(Protocol):
    """The elements of the view, as the controller sees it."""

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        ...


class Vault(Protocol):
    """All that this browser stores for the site."""

    async def survey(self) -> Mapping[str, Any]:
        """Return what is stored."""
        ...

    async def delete_all(self) -> None:
        """Delete all of it."""
        ...


class PrivacyController:
    """Lists and deletes; each action does nothing in a state that does not allow it.

    Args:
        page: The elements.
        vault: What is stored.
        close: Ends what would store something again: the engine.
    """

    def __init__(
        self, *, page: PrivacyPage, vault: Vault, close: Callable[[], Awaitable[None]]
    ) -> None:
        self._page = page
        self._vault = vault
        self._close = close
        self._screen = Screen(state="reading")
        self._work: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Handle a visit: list what is stored now."""
        if self._screen.state in ("reading", "shown", "failed"):
            self._begin(self._read())

    def ask(self) -> None:
        """Handle the button that deletes: ask first."""
        if self._screen.state in ("shown", "failed"):
            self._show(view.asking(self._screen))

    def cancel(self) -> None:
        """Handle the answer no."""
        if self._screen.state == "asking":
            self._show(Screen(state="shown", stored=self._screen.stored))

    def confirm(self) -> None:
        """Handle the answer yes: delete all."""
        if self._screen.state == "asking":
            self._show(view.deleting(self._screen))
            self._begin(self._delete())

    async def settled(self) -> None:
        """Wait until what was begun is over."""
        if self._work is not None:
            await asyncio.wait([self._work])

    def _begin(self, work: Any) -> None:
        self._work = asyncio.ensure_future(self._guard(work))

    async def _guard(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the visitor sees every error
            self._show(view.failed(str(error)))

    async def _read(self) -> None:
        survey = await self._vault.survey()
        # The visitor may have gone on meanwhile.
        if self._screen.state in ("reading", "shown", "failed"):
            self._show(view.shown(survey))

    async def _delete(self) -> None:
        await self._close()
        await self._vault.delete_all()
        self._show(view.deleted())

    def _show(self, screen: Screen) -> None:
        self._screen = screen
        self._page.show(screen)

"""The elements of the privacy view, and the browser's storage."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import js

from page.elements import Listeners, find_element, on_visit, set_text
from page.libraries import import_library, import_module

from .view import Screen

__all__ = ["Actions", "BrowserVault", "PrivacyElements"]


class Actions(Protocol):
    """The visitor's actions."""

    def open(self) -> None:
        """Handle a visit of the view."""
        ...

    def ask(self) -> None:
        """Handle the button that deletes all."""
        ...

    def confirm(self) -> None:
        """Handle the answer yes."""
        ...

    def cancel(self) -> None:
        """Handle the answer no."""
        ...


def _doing(action: Callable[[], object]) -> Callable[[Any], None]:
    def handle(_event: Any) -> None:
        action()

    return handle


class PrivacyElements:
    """The elements of the view in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._main = find_element("privacy")
        self._status = find_element("privacy-status")
        self._delete = find_element("privacy-delete")
        self._confirm = find_element("privacy-confirm")
        self._cancel = find_element("privacy-cancel")
        self._again = find_element("privacy-again")
        self._listeners = Listeners()

    def connect(self, actions: Actions) -> None:
        """Call `actions` for each action of the visitor from now on."""
        for button, action in (
            (self._delete, actions.ask),
            (self._confirm, actions.confirm),
            (self._cancel, actions.cancel),
            (self._again, js.location.reload),
        ):
            self._listeners.add(button, "click", _doing(action))
        on_visit(self._listeners, self._main, actions.open)

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        set_text(self._status, screen.status)
        for stored in screen.stored:
            set_text(find_element(f"privacy-{stored.kind}"), stored.amount)
        self._main.dataset.state = screen.state
        had_focus = self._main.contains(js.document.activeElement)
        self._delete.hidden = screen.state not in ("shown", "failed")
        self._confirm.hidden = self._cancel.hidden = screen.state != "asking"
        self._again.hidden = screen.state != "deleted"
        if had_focus:
            self._focus(screen)

    def _focus(self, screen: Screen) -> None:
        # The button that had the focus may be gone.
        for state, button in (
            ("shown", self._delete),
            ("asking", self._cancel),
            ("deleted", self._again),
        ):
            if screen.state == state:
                button.focus()


class BrowserVault:
    """What this browser stores for the site, by `static/libraries/privacy.js`."""

    async def survey(self) -> Mapping[str, Any]:
        """Return what is stored."""
        library = await import_library("privacy")
        found: dict[str, Any] = json.loads(await library.survey())
        return found

    async def delete_all(self) -> None:
        """Delete all of it."""
        # What the page prepares for the next visit would be stored afterwards.
        later = await import_module("start/later.js")
        await later.stop()
        library = await import_library("privacy")
        await library.deleteAll()

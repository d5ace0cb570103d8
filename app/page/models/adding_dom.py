"""The forms for models of the visitor's own: reads them, forwards their buttons."""

from __future__ import annotations

import json
from typing import Any, Protocol

import js

from page.elements import Listeners, find_element, set_text
from page.libraries import import_library
from page.storage import StorageProblem

__all__ = ["AddingActions", "AddingElements"]

_FOLDER = "own-folder"


class AddingActions(Protocol):
    """The visitor's actions."""

    def add_address(self, name: str, address: str, library: str) -> None:
        """Handle the form for an address."""
        ...

    def add_record(self, words: str) -> None:
        """Handle the form for a record."""
        ...

    def add_folder(self, name: str) -> None:
        """Handle the form for a folder."""
        ...


class AddingElements:
    """The forms in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._address = find_element("own-by-address")
        self._record = find_element("own-by-record")
        self._folder = find_element("own-by-folder")
        self._status = find_element("own-status")
        self._problem = find_element("own-problem")
        self._listeners = Listeners()

    def connect(self, actions: AddingActions) -> None:
        """Call `actions` for each action of the visitor from now on."""

        def address(event: Any) -> None:
            values = _submitted(event)
            actions.add_address(values["name"], values["address"], values["library"])

        def record(event: Any) -> None:
            actions.add_record(_submitted(event)["record"])

        def folder(event: Any) -> None:
            actions.add_folder(_submitted(event)["name"])

        for form, handler in (
            (self._address, address),
            (self._record, record),
            (self._folder, folder),
        ):
            self._listeners.add(form, "submit", handler)

    def show_adding(self, status: str, problem: str) -> None:
        """Show what is being done or was done, and what went wrong; either may be empty."""
        set_text(self._status, status)
        set_text(self._problem, problem)
        self._problem.hidden = not problem

    def clear_adding(self) -> None:
        """Empty the forms: the model is in the list."""
        for form in (self._address, self._record, self._folder):
            form.reset()

    def folder(self) -> _ChosenFolder:
        """Return the folder that the visitor chose."""
        return _ChosenFolder()


class _ChosenFolder:
    """The folder in the form; its files never pass through Python."""

    async def paths(self) -> list[str]:
        library = await import_library("folder")
        found: list[str] = json.loads(library.paths(_FOLDER))
        return found

    async def base(self) -> str:
        return str((await import_library("folder")).base())

    async def keep(self, path: str, address: str) -> None:
        library = await import_library("folder")
        try:
            await library.keep(_FOLDER, path, address)
        except Exception as error:
            # A JsException of the browser: a full disk, a private window, a file that is gone.
            raise StorageProblem(str(error)) from error


def _submitted(event: Any) -> dict[str, Any]:
    event.preventDefault()
    values: dict[str, Any] = js.Object.fromEntries(js.FormData.new(event.target)).to_py()
    return values

"""The behavior of the Python view: what each action does, over its programs and its runs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from page.tasks import Tasks
from page.texts import text

from . import link
from .programs import Programs, ProgramsPage
from .protocols import RunPage
from .runs import Runs

__all__ = ["PythonController", "PythonPage"]

_logger = logging.getLogger("page")


class PythonPage(RunPage, ProgramsPage, Protocol):
    """The elements of the view, as the controller sees them."""

    async def open_editor(self) -> None:
        """Create the editor, at the first visit."""
        ...

    def share(self, address: str) -> None:
        """Put a link into the address bar, and on the clipboard where the browser allows it."""
        ...

    def download(self, name: str, content: str) -> None:
        """Give the visitor a file."""
        ...


class PythonController:
    """Handles the visitor's actions.

    Args:
        page: The elements.
        programs: The programs.
        runs: The runs.
        build_page: Returns a page of its own with a program: its title and its code.
    """

    def __init__(
        self,
        *,
        page: PythonPage,
        programs: Programs,
        runs: Runs,
        build_page: Callable[[str, str], Awaitable[str]],
    ) -> None:
        self._page = page
        self._programs = programs
        self._runs = runs
        self._build_page = build_page
        self._tasks = Tasks()
        # The title and the code of what is being written into a page.
        self._saving: set[tuple[str, str]] = set()
        runs.tools_found.subscribe(programs.keep_tools)

    def visit(self, address: str) -> None:
        """Handle a visit of the view; `address` is the page's, from its `#` on."""
        self._do(self._visit(address))

    def press(self, button: str) -> None:
        """Handle a button, by the last part of its ID."""
        if button != "delete":
            self._programs.forget_question()
        actions: dict[str, Callable[[], object]] = {
            "run": self._run,
            "stop": self._runs.stop,
            "yes": lambda: self._runs.answer(is_yes=True),
            "no": lambda: self._runs.answer(is_yes=False),
            "new": self._new,
            "delete": self._programs.delete,
            "share": self._share,
            "save": lambda: self._do(self._save()),
        }
        actions[button]()

    def choose(self, program: str) -> None:
        """Handle the menu."""
        # What the program before it needs is not this one's matter.
        self._runs.answer(is_yes=False)
        self._programs.choose(program)

    def edit(self) -> None:
        """Handle a change of the program."""
        self._programs.forget_question()
        self._programs.edit()

    def rename(self, name: str) -> None:
        """Handle a change of the program's name."""
        self._programs.rename(name)

    def leave(self) -> None:
        """Handle that the page is hidden, or closed."""
        self._programs.keep()

    def refresh(self) -> None:
        """Handle that the visitor comes back to the page: another tab may have been used."""
        self._programs.refresh()

    async def settled(self) -> None:
        """Wait until everything that was begun is over.

        Cancelled, that goes on.
        """
        await self._tasks.settled()
        await self._programs.settled()

    async def _visit(self, address: str) -> None:
        await self._page.open_editor()
        await self._programs.visit(address)
        self._page.show(self._runs.screen)

    def _run(self) -> None:
        if not self._runs.screen.can_run:
            return
        if self._programs.choosing is None:
            self._start_run()
            return
        # The editor has the program before it still.
        self._runs.prepare()
        self._do(self._run_chosen(self._programs.choosing))

    async def _run_chosen(self, program: str) -> None:
        await self._programs.settled()
        if self._runs.screen.state != "fetching":
            return  # stopped
        # Where it could not be fetched, what the editor has is not meant.
        if self._programs.chosen != program:
            self._runs.stop()
            return
        self._start_run()

    def _start_run(self) -> None:
        self._programs.begin_run()
        self._runs.run()

    def _new(self) -> None:
        self._runs.answer(is_yes=False)
        self._programs.new()

    def _share(self) -> None:
        address = link.address_of(self._page.code())
        self._programs.shared(address)
        self._page.share(address)
        self._page.show_notice(text("python.share.done"))

    async def _save(self) -> None:
        program = (self._programs.title, self._page.code())
        if program in self._saving:
            return  # a double click
        self._saving.add(program)
        try:
            self._page.show_notice(text("python.save.begin"))
            self._page.download("index.html", await self._build_page(*program))
            self._page.show_notice(text("python.save.done"))
        finally:
            self._saving.remove(program)

    def _do(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:
                # The view's top handler: the visitor sees every error.
                _logger.exception("Unexpected error in the Python view")
                self._page.show_notice(f"{type(error).__name__}: {error}")

        self._tasks.begin(guarded())

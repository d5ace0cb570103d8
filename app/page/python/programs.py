"""The visitor's programs: kept between visits, chosen from a menu beside the examples."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Protocol

from page.storage import StorageProblem, Store
from page.tasks import Tasks
from page.texts import text

from . import link
from .jobs import ToolsFound, tool_name
from .kept import Entry, KeptPrograms
from .view import EXAMPLES

__all__ = ["Programs", "ProgramsPage"]

# Seconds after the last key until a program is kept.
_PAUSE = 0.4


class ProgramsPage(Protocol):
    """The elements of the view that have to do with the choice of a program."""

    def code(self) -> str:
        """Return the program in the editor."""
        ...

    def show_code(self, code: str) -> None:
        """Show another program in the editor."""
        ...

    def show_menu(self, entries: list[Entry], chosen: str) -> None:
        """Show the menu: the visitor's programs and the examples."""
        ...

    def show_name(self, name: str | None) -> None:
        """Show the name of a program of the visitor; None: an example, which has no such field."""
        ...

    def show_notice(self, words: str) -> None:
        """Show a line above the editor; an empty string hides it."""
        ...


class Programs:
    """Keeps what the visitor writes. An example becomes a program of the visitor when it is edited.

    Args:
        page: The elements.
        store: Where programs are kept.
        read_example: Returns the text of an example.

    Attributes:
        choosing: The program that was chosen and is not in the editor yet; None: there is none.
    """

    def __init__(
        self, *, page: ProgramsPage, store: Store, read_example: Callable[[str], Awaitable[str]]
    ) -> None:
        self._page = page
        self._kept = KeptPrograms(store)
        self._read_example = read_example
        self.choosing: str | None = None
        self._chosen = ""
        self._ran = self._ran_name = ""
        self._shared: str | None = None
        self._is_open = False
        self._is_confirming = False
        self._saving: asyncio.TimerHandle | None = None
        self._tasks = Tasks()

    @property
    def _entries(self) -> dict[str, Entry]:
        return self._kept.entries

    @property
    def chosen(self) -> str:
        """What is in the editor: an example, or the ID of a program; empty: a shared program."""
        return self._chosen

    @property
    def title(self) -> str:
        """The name of what is in the editor."""
        entry = self._entries.get(self._chosen)
        if entry is not None:
            return entry.name
        if self._chosen in EXAMPLES:
            return text(f"python.example.{self._chosen}")
        return text("python.shared")

    async def visit(self, address: str) -> None:
        """Show the program of the address, or at the first visit the one that was open last.

        Cancelled, what is in the editor stays.
        """
        if not self._is_open:
            await self._read()
            self._is_open = True
            await self._begin_choice(await self._last())
        if address.startswith(link.PREFIX) and address != self._shared:
            self._shared = address
            self._show_shared(address)

    def refresh(self) -> None:
        """Show what another tab has made of the programs."""
        if self._is_open:
            self._do(self._refresh())

    def choose(self, program: str) -> None:
        """Show an example, by its name, or a program of the visitor, by its ID."""
        self._do(self._begin_choice(program))

    def edit(self) -> None:
        """Keep what the visitor has changed, after a pause."""
        if self._chosen not in self._entries:
            self._add(self._own_name(), self._page.code())
        self._entries[self._chosen].code = self._page.code()
        if self._saving is not None:
            self._saving.cancel()
        self._saving = asyncio.get_running_loop().call_later(_PAUSE, self.keep)

    def keep(self) -> None:
        """Keep the program now, if it was changed."""
        if self._saving is None:
            return
        self._saving.cancel()
        self._saving = None
        self._keep(self._entries[self._chosen])

    def rename(self, name: str) -> None:
        """Rename the program of the visitor."""
        entry = self._entries.get(self._chosen)
        if entry is not None and name.strip():
            entry.name = name.strip()
            self._keep(entry)
            self._show_menu()

    def new(self) -> None:
        """Begin a new program."""
        self.keep()
        self._add(text("python.new.name"), "")
        self._keep(self._entries[self._chosen])
        self._page.show_code("")

    def delete(self) -> None:
        """Delete the program of the visitor; the first press only asks."""
        entry = self._entries.get(self._chosen)
        if entry is None:
            return
        self._is_confirming = not self._is_confirming
        if self._is_confirming:
            self._page.show_notice(text("python.delete.again", name=entry.name))
            return
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        del self._entries[entry.id]
        self._do(self._delete(entry))

    def forget_question(self) -> None:
        """Take back the question of `delete`, which is about the next press only."""
        if self._is_confirming:
            self._is_confirming = False
            self._page.show_notice("")

    def begin_run(self) -> None:
        """Remember which program is run: another one may be chosen meanwhile."""
        self._ran, self._ran_name = self._chosen, self._own_name()

    def keep_tools(self, found: ToolsFound) -> None:
        """Keep what the program that was run offers to the chat.

        An example, or a program of a link, becomes one of the visitor when it offers something.
        """
        entry = self._entries.get(self._ran)
        if not found.descriptions and (entry is None or not entry.tools):
            return
        if entry is None:
            if self._ran and self._ran not in EXAMPLES:
                return  # deleted meanwhile
            copies = (it for it in self._entries.values() if it.tools_code == found.code)
            is_shown = self._ran == self._chosen
            entry = next(copies, None) or self._add(self._ran_name, found.code, is_shown=is_shown)
        entry.tools, entry.tools_code = found.descriptions, found.code
        self._keep(entry)
        names = ", ".join(tool_name(description) for description in found.descriptions)
        if entry.id == self._chosen:
            self._page.show_notice(text("python.tools", names=names) if names else "")

    def shared(self, address: str) -> None:
        """Remember the address of a link that was made here: it is no program of somebody else."""
        self._shared = address

    async def settled(self) -> None:
        """Wait until everything that was begun is kept.

        Cancelled, that goes on.
        """
        await self._tasks.settled()

    def _show_shared(self, address: str) -> None:
        try:
            code = link.code_in(address)
        except ValueError as error:
            self._page.show_notice(text("python.shared.damaged", reason=str(error)))
            return
        if code is None:
            return
        self.keep()
        self.choosing = None
        self._chosen = ""
        self._page.show_code(code)
        self._page.show_name(None)
        self._show_menu()
        self._page.show_notice(text("python.shared.read"))

    def _own_name(self) -> str:
        is_example = self._chosen in EXAMPLES
        return text("python.copy", title=self.title) if is_example else self.title

    def _add(self, name: str, code: str, *, is_shown: bool = True) -> Entry:
        entry = Entry(id=uuid.uuid4().hex, name=name, code=code)
        self._entries[entry.id] = entry
        if is_shown:
            self.choosing = None
            self._chosen = entry.id
            self._is_confirming = False
            self._page.show_name(name)
            self._page.show_notice("")
            self._do(self._kept.remember(self._chosen))
        self._show_menu()
        return entry

    def _begin_choice(self, program: str) -> Awaitable[None]:
        # Before anything is awaited: what happens from now on may replace the choice.
        self.choosing = program
        return self._choose(program)

    async def _choose(self, program: str) -> None:
        self._is_confirming = False
        entry = self._entries.get(program)
        try:
            code = entry.code if entry is not None else await self._read_example(program)
        finally:
            is_latest = self.choosing == program
            if is_latest:
                self.choosing = None
        if not is_latest:
            return
        # What was edited until now is another program.
        self.keep()
        self._chosen = program
        self._page.show_code(code)
        self._page.show_name(None if entry is None else entry.name)
        self._page.show_notice("")
        self._show_menu()
        await self._kept.remember(self._chosen)

    async def _delete(self, entry: Entry) -> None:
        await self._kept.remove(entry)
        await self._begin_choice(EXAMPLES[0])

    async def _read(self) -> None:
        try:
            await self._kept.read()
        except StorageProblem as problem:
            self._page.show_notice(text("python.storage", reason=str(problem)))

    async def _refresh(self) -> None:
        changes = await self._kept.changes()
        if self._saving is not None:
            return  # what is being typed is newer
        if self._chosen in changes and changes[self._chosen] is None:
            # Deleted in another tab, it is still open here.
            del changes[self._chosen]
        self._kept.take(changes)
        if changes:
            self._show_menu()
        entry = changes.get(self._chosen)
        if entry is None or self.choosing is not None:
            return
        self._page.show_name(entry.name)
        if entry.code != self._page.code():
            self._page.show_code(entry.code)

    async def _last(self) -> str:
        try:
            program = await self._kept.last()
        except StorageProblem:
            program = ""
        return program if program in self._entries or program in EXAMPLES else EXAMPLES[0]

    def _keep(self, entry: Entry) -> None:
        entry.changed = time.time()
        self._do(self._kept.keep(entry))

    def _show_menu(self) -> None:
        self._page.show_menu(list(self._entries.values()), self._chosen)

    def _do(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except StorageProblem as problem:
                # What was typed is still in the editor.
                self._page.show_notice(text("python.storage", reason=str(problem)))
            except OSError as problem:
                self._page.show_notice(text("python.example.missing", reason=str(problem)))
                # The menu shows what the editor does.
                self._show_menu()

        self._tasks.begin(guarded())

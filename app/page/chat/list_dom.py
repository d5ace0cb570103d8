"""The elements of the list of conversations, and of the buttons for the one that is shown."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import js

from page.elements import Listeners, find_element, on_visit, set_text, show_problem
from page.exporting import save_file
from page.tasks import Tasks

from .list_controller import Entry, ListScreen

__all__ = ["ListActions", "ListElements"]

# Pixels: below this width the list would fill the screen, so it is folded.
_NARROW = 900


class ListActions(Protocol):
    """The visitor's actions."""

    def open(self) -> None:
        """Handle a visit."""
        ...

    def search(self, words: str) -> None:
        """Handle the search field."""
        ...

    def delete(self) -> None:
        """Handle Delete."""
        ...

    def undo(self) -> None:
        """Handle Undo."""
        ...

    def export(self, kind: Literal["json", "markdown", "all"]) -> None:
        """Handle the buttons for exports."""
        ...

    def read_file(self, name: str, content: str) -> None:
        """Handle a file to import."""
        ...


class RenameAction(Protocol):
    """What the chat itself does."""

    def rename(self, title: str) -> None:
        """Handle a new title."""
        ...


class ListElements:
    """The elements of the list in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._main = find_element("chat")
        self._fold = find_element("chat-list-fold")
        self._search = find_element("chat-search")
        self._status = find_element("chat-list-status")
        self._list = find_element("chat-list")
        self._undo = find_element("chat-undo")
        self._undo_text = find_element("chat-undo-text")
        self._undo_button = find_element("chat-undo-button")
        self._problem = find_element("chat-list-problem")
        self._import = find_element("chat-import")
        self._export_all = find_element("chat-export-all")
        self._name = find_element("chat-name")
        self._rename = find_element("chat-rename")
        self._rename_form = find_element("chat-rename-form")
        self._rename_text = find_element("chat-rename-text")
        self._export_markdown = find_element("chat-export-markdown")
        self._export_json = find_element("chat-export-json")
        self._delete = find_element("chat-delete")
        self._links: dict[str, Any] = {}
        self._listeners = Listeners()
        self._tasks = Tasks()
        self._wide = js.matchMedia(f"(min-width: {_NARROW}px)")
        self._fold.open = self._wide.matches
        # The address of the conversation whose title is edited.
        self._renamed = ""

    def connect(self, actions: ListActions, chat: RenameAction) -> None:
        """Call `actions` for each action of the visitor from now on."""
        listen = self._listeners.add
        listen(self._search, "input", lambda _event: actions.search(self._search.value))
        listen(self._delete, "click", lambda _event: actions.delete())
        listen(self._undo_button, "click", lambda _event: actions.undo())
        listen(self._export_all, "click", lambda _event: actions.export("all"))
        listen(self._export_json, "click", lambda _event: actions.export("json"))
        listen(self._export_markdown, "click", lambda _event: actions.export("markdown"))
        listen(self._import, "change", lambda _event: self._read(actions))
        listen(self._rename, "click", lambda _event: self._begin_rename())
        listen(self._rename_form, "submit", lambda event: self._end_rename(event, chat))
        listen(self._rename_form, "keydown", self._key)
        listen(self._list, "click", lambda _event: self._on_link())
        # A tablet that is turned: a wide list cannot be folded.
        listen(self._wide, "change", lambda event: self._on_width(is_wide=event.matches))
        # Another tab may have changed the list.
        listen(js.window, "focus", lambda _event: actions.open())
        on_visit(self._listeners, self._main, actions.open)
        # A file that was chosen before Python was there.
        self._read(actions)

    def show_title(self, title: str, *, is_kept: bool) -> None:
        """Show the title of the conversation, and what can be done with it."""
        set_text(self._name, title)
        if not self._rename_form.hidden and self._renamed != js.location.hash:
            self._show_rename(is_shown=False)
        for button in (self._rename, self._export_json, self._export_markdown, self._delete):
            button.hidden = not is_kept

    def show_list(self, screen: ListScreen) -> None:
        """Replace the list."""
        links = [self._link(entry) for entry in screen.entries]
        if links:
            self._list.replaceChildren(*links)
        else:
            self._list.replaceChildren()
        set_text(self._status, screen.status)
        set_text(self._undo_text, screen.undo)
        is_new = bool(screen.undo) and self._undo.hidden
        show_problem(self._undo, is_shown=bool(screen.undo))
        set_text(self._problem, screen.problem)
        show_problem(self._problem, is_shown=bool(screen.problem))
        if screen.undo or screen.problem:
            self._fold.open = True
        if is_new:
            # The button that deleted is gone, and with it the focus.
            self._undo_button.focus()

    def offer_file(self, name: str, content: str) -> None:
        """Let the visitor save a file."""
        save_file(name, "text/plain", content)

    def leave(self) -> None:
        """Go to the address of a new conversation."""
        js.history.replaceState(None, "", "#/chat")

    def _link(self, entry: Entry) -> Any:
        item = self._links.get(entry.id)
        if item is None:
            item = js.document.createElement("li")
            link = js.document.createElement("a")
            link.href = f"#/chat/{entry.id}"
            item.append(link)
            self._links[entry.id] = item
        link = item.firstElementChild
        set_text(link, entry.title)
        if entry.is_shown:
            link.setAttribute("aria-current", "page")
        else:
            link.removeAttribute("aria-current")
        return item

    def _read(self, actions: ListActions) -> None:
        for file in list(self._import.files):
            self._tasks.begin(self._read_file(file, actions))
        self._import.value = ""

    async def _read_file(self, file: Any, actions: ListActions) -> None:
        actions.read_file(file.name, await file.text())

    def _begin_rename(self) -> None:
        self._renamed = js.location.hash
        self._rename_text.value = self._name.textContent
        self._show_rename(is_shown=True)
        self._rename_text.select()

    def _end_rename(self, event: Any, chat: RenameAction) -> None:
        event.preventDefault()
        chat.rename(self._rename_text.value)
        self._show_rename(is_shown=False)
        self._rename.focus()

    def _key(self, event: Any) -> None:
        if event.key == "Escape":
            event.stopPropagation()
            self._show_rename(is_shown=False)
            self._rename.focus()

    def _show_rename(self, *, is_shown: bool) -> None:
        self._rename_form.hidden = not is_shown
        self._name.hidden = is_shown

    def _on_width(self, *, is_wide: bool) -> None:
        if is_wide:
            self._fold.open = True

    def _on_link(self) -> None:
        if not self._wide.matches:
            # On a phone the conversation is below the list.
            self._fold.open = False

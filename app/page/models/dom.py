"""The elements of the models view: shows rows, reads the filters, forwards clicks.

All text goes in as text nodes, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import js

from page.elements import Listeners, find_element, on_visit, set_text, show_detail
from page.texts import text

from .space import StorageBar
from .view import Action, Filters, Row

__all__ = ["Actions", "ModelsElements"]


class Actions(Protocol):
    """The visitor's actions."""

    def open(self) -> None:
        """Handle a visit of the view."""
        ...

    def search(self) -> None:
        """Handle a change of the filters."""
        ...

    def act(self, action: Action, model: str) -> None:
        """Handle a button of a model."""
        ...

    def show_all(self) -> None:
        """Handle the button below a list that is not shown whole."""
        ...

    def persist(self) -> None:
        """Handle the button that asks the browser to keep the files."""
        ...

    def delete_all(self) -> None:
        """Handle the button that deletes all models."""
        ...


class ModelsElements:
    """The elements of the view in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._main = find_element("models")
        self._list = find_element("models-list")
        self._template = find_element("model-row")
        self._status = find_element("models-status")
        self._problem = find_element("models-problem")
        self._filters = find_element("models-filters")
        self._storage_text = find_element("storage-text")
        self._storage_note = find_element("storage-note")
        self._storage_bar = find_element("storage-bar")
        self._persist = find_element("persist")
        self._delete_all = find_element("delete-all")
        self._more = find_element("models-more")
        self._rows: dict[str, _RowElement] = {}
        self._listeners = Listeners()

    def connect(self, actions: Actions) -> None:
        """Call `actions` for each action of the visitor from now on."""

        def click(event: Any) -> None:
            button = event.target.closest("button[data-action]")
            if button:
                actions.act(cast(Action, button.dataset.action), button.dataset.model)

        self._listeners.add(self._list, "click", click)
        self._listeners.add(self._filters, "input", lambda _event: actions.search())
        self._listeners.add(self._filters, "submit", lambda event: event.preventDefault())
        self._listeners.add(self._persist, "click", lambda _event: actions.persist())
        self._listeners.add(self._more, "click", lambda _event: actions.show_all())
        self._listeners.add(self._delete_all, "click", lambda _event: actions.delete_all())
        on_visit(self._listeners, self._main, actions.open)

        def come_back(_event: Any) -> None:
            # Another tab may have loaded or deleted a model meanwhile.
            if not self._main.hidden and not js.document.hidden:
                actions.open()

        self._listeners.add(js.document, "visibilitychange", come_back)

    def show_status(self, text: str) -> None:
        """Show the line above the list."""
        set_text(self._status, text)

    def show_problem(self, text: str) -> None:
        """Show what went wrong with the list as a whole; an empty string hides it."""
        set_text(self._problem, text)
        self._problem.hidden = not text

    def show_storage(self, storage: StorageBar) -> None:
        """Show how much space there is."""
        set_text(self._storage_text, storage.text)
        set_text(self._storage_note, storage.note)
        _show_ratio(self._storage_bar, storage.ratio)
        self._persist.hidden = not storage.can_persist
        set_text(self._delete_all, storage.delete_label)
        self._delete_all.hidden = not storage.delete_label

    def show_row(self, row: Row) -> None:
        """Show a model, in place of what was shown of it before."""
        found = self._rows.get(row.id)
        if found is None:
            found = self._rows[row.id] = _RowElement(self._template)
            self._list.append(found.element)
        found.show(row)

    def remove_row(self, model: str) -> None:
        """Remove a model that is in no list and has no files."""
        found = self._rows.pop(model, None)
        if found is not None:
            found.element.remove()

    def show_only(self, ids: list[str], more: str) -> None:
        """Show these rows, in this order, and hide all others.

        `more` is on the button that shows further rows; empty hides it.
        """
        had_focus = self._more.isSameNode(js.document.activeElement)
        set_text(self._more, more)
        self._more.hidden = not more
        if had_focus and not more:
            # The button is gone: keyboard users continue where the further rows begin.
            self._list.tabIndex = -1
            self._list.focus()
        wanted = [self._rows[name].element for name in ids]
        shown = set(ids)
        for name, row in self._rows.items():
            row.element.hidden = name not in shown
        if ids != self._order():
            _keep_focus(lambda: self._list.prepend(*wanted))

    def filters(self) -> Filters:
        """Return what the visitor looks for."""
        entries = js.Object.fromEntries(js.FormData.new(self._filters)).to_py()
        return Filters(
            text=entries["text"],
            kind=entries["kind"],
            runs_here="runs_here" in entries,
            stored="stored" in entries,
        )

    def _order(self) -> list[str]:
        found = self._list.querySelectorAll(".model:not([hidden])")
        return [element.dataset.model for element in found]


class _RowElement:
    """The element of one model; only what differs is changed."""

    def __init__(self, template: Any) -> None:
        self.element = template.content.firstElementChild.cloneNode(True)  # noqa: FBT003
        self._title = self._find("h3")
        self._badge = self._find(".badge")
        self._facts = self._find("summary")
        self._warning = self._find(".warning")
        self._features = self._find(".chips")
        self._note = self._find("details .note")
        self._bar = self._find(".bar")
        self._status = self._find(".model-status")
        self._problem = self._find(".problem")
        self._detail = self._find(".detail")
        self._buttons = self._find(".buttons")
        self._shown: Row | None = None

    def show(self, row: Row) -> None:
        """Show this row."""
        before, self._shown = self._shown, row
        if row == before:
            return
        if before is None:
            self.element.dataset.model = self._title.textContent = row.id
            self._bar.ariaLabel = text("models.bar", model=row.id)
        set_text(self._badge, row.badge)
        self._badge.hidden = not row.badge
        set_text(self._facts, row.facts)
        self._facts.ariaLabel = text("models.details.of", facts=row.facts, model=row.id)
        # What does not run here is said in the row, what does among the details.
        set_text(self._warning, "" if row.can_run else row.note)
        self._warning.hidden = row.can_run
        set_text(self._note, row.note if row.can_run else "")
        if before is None or before.features != row.features:
            self._features.replaceChildren(*[_item(feature) for feature in row.features])
        set_text(self._status, row.status)
        set_text(self._problem, row.problem)
        self._problem.hidden = not row.problem
        show_detail(self._detail, row.detail)
        self._bar.hidden = row.ratio is None
        _show_ratio(self._bar, row.ratio or 0.0)
        if before is None or before.actions != row.actions:
            self._show_buttons(row)

    def _show_buttons(self, row: Row) -> None:
        had_focus = self._buttons.contains(js.document.activeElement)
        self._buttons.replaceChildren(*[_button(action, row.id) for action in row.actions])
        if had_focus:
            # The button that was pressed is gone: keyboard users stay at this model.
            self._buttons.firstElementChild.focus()

    def _find(self, selector: str) -> Any:
        return self.element.querySelector(selector)


def _item(words: str) -> Any:
    item = js.document.createElement("li")
    item.textContent = words
    return item


def _button(action: Action, model: str) -> Any:
    button = js.document.createElement("button")
    button.type = "button"
    words = text(f"models.do.{action}")
    button.textContent = words
    button.ariaLabel = f"{words}: {model}"
    button.dataset.action, button.dataset.model = action, model
    if action in ("use", "continue"):
        button.className = "primary"
    return button


def _keep_focus(change: Callable[[], object]) -> None:
    # An element that is moved loses the focus.
    focused = js.document.activeElement
    change()
    if focused and focused != js.document.activeElement:
        focused.focus()


def _show_ratio(bar: Any, ratio: float) -> None:
    bar.ariaValueNow = str(int(ratio * 100))
    bar.firstElementChild.style.setProperty("--ratio", str(ratio))

"""Parts of messages: buttons, calls of tools, tables. All text goes in as text nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import js

from page.elements import find_element
from page.texts import text

from .tables import Table
from .view import CallView, MessageView

__all__ = ["action_elements", "call_element", "copy_template", "table_element"]


def copy_template(template: str) -> Any:
    """Return a new element from a template of index.html."""
    return js.document.importNode(find_element(template).content, deep=True).firstElementChild


def action_elements(view: MessageView) -> list[Any]:
    """Return the buttons of a message."""
    elements = []
    if view.versions > 1:
        elements += _version_elements(view)
    if view.table is not None:
        elements.append(_button("json", text("chat.show.json")))
    for action in view.actions:
        if action not in ("previous", "next"):
            elements.append(_button(action, text(f"chat.action.{action}")))
    return elements


def _version_elements(view: MessageView) -> list[Any]:
    previous = _button("previous", "‹")  # noqa: RUF001 - the sign that is meant
    previous.ariaLabel = text("chat.action.previous")
    previous.disabled = view.version == 1 or view.is_writing
    place = js.document.createElement("span")
    place.textContent = text("chat.version", version=view.version, versions=view.versions)
    following = _button("next", "›")  # noqa: RUF001 - the sign that is meant
    following.ariaLabel = text("chat.action.next")
    following.disabled = view.version == view.versions or view.is_writing
    return [previous, place, following]


def _button(action: str, words: str) -> Any:
    button = js.document.createElement("button")
    button.type = "button"
    button.className = "quiet"
    button.dataset.action = action
    button.textContent = words
    return button


def call_element(call: CallView) -> Any:
    """Return a call of a tool, with the buttons that decide about it."""
    element = copy_template("chat-call-template")
    element.dataset.id = call.id
    element.querySelector("h4").textContent = call.what
    arguments = element.querySelector("pre")
    arguments.textContent = call.arguments
    arguments.hidden = not call.arguments
    element.querySelector(".note").textContent = call.note
    element.querySelector(".buttons").hidden = not call.is_asked
    fold = element.querySelector("details")
    fold.hidden = not call.result
    fold.lastElementChild.textContent = call.result
    return element


def table_element(table: Table) -> Any:
    """Return a table that scrolls if it is wider than the page."""
    region = js.document.createElement("div")
    region.className = "table"
    region.tabIndex = 0
    region.setAttribute("role", "region")
    region.ariaLabel = text("chat.table")
    element = js.document.createElement("table")
    if table.columns:
        element.createTHead().append(_row("th", table.columns))
    body = element.createTBody()
    for row in table.rows:
        body.append(_row("td", row) if table.columns else _named_row(row))
    region.append(element)
    return region


def _row(tag: str, cells: Sequence[str]) -> Any:
    row = js.document.createElement("tr")
    for words in cells:
        cell = js.document.createElement(tag)
        cell.textContent = words
        row.append(cell)
    return row


def _named_row(cells: Sequence[str]) -> Any:
    row = _row("td", cells[1:])
    name = js.document.createElement("th")
    name.scope = "row"
    name.textContent = cells[0]
    row.prepend(name)
    return row

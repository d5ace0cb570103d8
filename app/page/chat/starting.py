"""Putting the chat view together."""

from __future__ import annotations

import time
import uuid

from pywebllm import AsyncWebLLM

from page.setup.controller import SetupController
from page.storage import browser_store
from page.texts import text

from .controller import ChatController
from .dom import ChatElements
from .list_controller import ListController
from .list_dom import ListElements
from .runs import Runs
from .saver import Saver
from .settings_controller import SettingsController
from .settings_dom import SettingsElements
from .tools.address import read_address
from .tools.own import CallTool
from .tools.shelf import builtin_shelf
from .view import Screen

__all__ = ["start_chat"]


class _Elements(ChatElements):
    """The view with the list's part of each screen."""

    listing: ListElements

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        super().show(screen)
        self.listing.show_title(screen.title, is_kept=screen.is_kept)


async def start_chat(llm: AsyncWebLLM, setup: SetupController, call: CallTool) -> None:
    """Create the view, and show the conversation that the address names.

    Args:
        llm: The client.
        setup: Loads the chosen model.
        call: Calls a tool that the visitor wrote in the Python view.
    """
    elements = await _Elements.create()
    elements.listing = ListElements()
    store = browser_store()
    shelf = builtin_shelf(read_address)

    def report(words: str) -> None:
        chat.report(text("chat.unsaved", reason=words) if words else "")

    saver = Saver(store=store, on_problem=report)
    runs = Runs(
        llm=llm, shelf=shelf, saver=saver, model=lambda: setup.model, new_id=_new_id, now=_now
    )
    chat = ChatController(
        page=elements,
        setup=setup,
        llm=llm,
        store=store,
        saver=saver,
        runs=runs,
        label=shelf.label,
        new_id=_new_id,
        now=_now,
    )

    listing = ListController(
        page=elements.listing,
        chat=chat,
        store=store,
        saver=saver,
        runs=runs,
        new_id=_new_id,
        now=_now,
    )
    form = SettingsElements()
    settings = SettingsController(
        page=form, chat=chat, setup=setup, llm=llm, store=store, shelf=shelf, call=call
    )
    elements.listing.connect(listing, chat)
    form.connect(settings)
    elements.connect(chat)


def _new_id() -> str:
    return uuid.uuid4().hex


def _now() -> int:
    return time.time_ns() // 1_000_000

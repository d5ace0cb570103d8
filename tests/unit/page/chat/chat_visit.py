"""A visit to the chat view over the real library and a scripted engine, for the tests of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from page.chat.answering import Kind
from page.chat.controller import ChatController
from page.chat.conversation import Conversation
from page.chat.list_controller import ListController, ListScreen
from page.chat.records import from_record
from page.chat.runs import Runs
from page.chat.saver import Saver
from page.chat.settings import Settings
from page.chat.settings_controller import Choice, SettingsController
from page.chat.tools.shelf import Tool, builtin_shelf
from page.chat.view import MessageView, Screen
from page.setup.controller import SetupController
from pywebllm import AsyncWebLLM, Support, WebLLMService
from pywebllm.testing import Answerable, ScriptedEngine

from tests.unit.page.store import FakeStore
from tests.unit.page.visit import FakeCard

__all__ = ["ChatVisit", "FakeStore"]


class FakeElements:
    """The elements of all parts of the view."""

    def __init__(self) -> None:
        self.screen = Screen()
        self.messages: list[MessageView] = []
        self.pieces: list[tuple[Kind, str]] = []
        self.address = ""
        self.edited: tuple[str, str] | None = None
        self.copied = ""
        self.may_copy = True
        self.list = ListScreen(entries=())
        self.files: dict[str, str] = {}
        self.settings = Settings()
        self.typed: dict[str, Any] = {"thinking": True}
        self.problems: Mapping[str, str] = {}
        self.note = ""
        self.presets: list[str] = []
        self.models: list[Choice] = []
        self.tools: list[str] = []
        self._changed = asyncio.Event()

    def show(self, screen: Screen) -> None:
        self.screen = screen
        self._changed.set()

    def show_messages(self, messages: Sequence[MessageView]) -> None:
        self.messages = list(messages)
        self._changed.set()

    def append(self, message_id: str, kind: Kind, piece: str) -> None:
        assert message_id in {message.id for message in self.messages}
        self.pieces.append((kind, piece))
        self._changed.set()

    def to_end(self) -> None:
        pass

    def edit(self, message_id: str, words: str) -> None:
        self.edited = (message_id, words)

    async def copy(self, words: str) -> bool:
        self.copied = words
        return self.may_copy

    def name(self, conversation_id: str) -> None:
        self.address = conversation_id

    def show_list(self, screen: ListScreen) -> None:
        self.list = screen

    def offer_file(self, name: str, content: str) -> None:
        self.files[name] = content

    def leave(self) -> None:
        self.address = ""

    def show_settings(self, settings: Settings) -> None:
        self.settings = settings

    def form(self) -> Mapping[str, Any]:
        return self.typed

    def show_problems(self, problems: Mapping[str, str]) -> None:
        self.problems = problems

    def show_note(self, words: str) -> None:
        self.note = words

    def show_presets(self, own: Sequence[str]) -> None:
        self.presets = list(own)

    def show_tools(self, tools: Sequence[Tool], chosen: Sequence[str]) -> None:
        self.tools = [tool.label for tool in tools]

    def show_models(self, models: Sequence[Choice], chosen: str) -> None:
        self.models = list(models)

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def texts(self) -> list[str]:
        return [message.text for message in self.messages]


class ChatVisit:
    """The chat view of one page; `store` may be that of an earlier visit."""

    def __init__(self, script: Sequence[Answerable], store: FakeStore | None = None) -> None:
        self.engine = ScriptedEngine(list(script))
        self.llm = AsyncWebLLM(bridge=self.engine.open)
        self.store = store or FakeStore()
        self.page = FakeElements()
        self.fetched: list[str] = []
        self.choices: list[str | None] = []
        self._ids = itertools.count(sum(map(len, self.store.records.values())) * 1000)
        self._time = itertools.count(sum(map(len, self.store.records.values())) * 1000)
        self.setup = SetupController(
            page=FakeCard(),
            service_of=lambda model: WebLLMService(model, client=self.llm),
            check_support=self._check_support,
            keep_choice=self.choices.append,
        )
        shelf = builtin_shelf(self._fetch)
        self.called: list[tuple[str, str, str]] = []
        self.is_calling = asyncio.Event()
        saver = Saver(store=self.store, on_problem=self._report)
        self.runs = Runs(
            llm=self.llm,
            shelf=shelf,
            saver=saver,
            model=lambda: self.setup.model,
            new_id=self._new_id,
            now=self._now,
        )
        self.chat = ChatController(
            page=self.page,
            setup=self.setup,
            llm=self.llm,
            store=self.store,
            saver=saver,
            runs=self.runs,
            label=shelf.label,
            new_id=self._new_id,
            now=self._now,
        )
        self.list = ListController(
            page=self.page,
            chat=self.chat,
            store=self.store,
            saver=saver,
            runs=self.runs,
            new_id=self._new_id,
            now=self._now,
        )
        self.settings = SettingsController(
            page=self.page,
            chat=self.chat,
            setup=self.setup,
            llm=self.llm,
            store=self.store,
            shelf=shelf,
            call=self._call,
        )

    async def open(self, address: str = "") -> None:
        """Load the model and show the address."""
        await self.setup.start()
        self.list.open()
        self.settings.open()
        self.chat.visit(address)
        await self.settled()

    async def ask(self, words: str) -> None:
        """Send a message and wait for the answer."""
        assert self.chat.send(words)
        await self.settled()

    async def settled(self) -> None:
        await self.list.settled()
        await self.settings.settled()
        await self.chat.settled()

    def kept(self) -> list[Conversation]:
        """Return what the store has."""
        return [from_record(it) for it in self.store.records.get("conversations", {}).values()]

    def kept_texts(self) -> list[str]:
        """Return the texts of the one conversation that the store has."""
        (kept,) = self.kept()
        return [message.text for message in kept.messages.values()]

    def entries(self) -> list[str]:
        return [entry.title for entry in self.page.list.entries]

    async def _check_support(self) -> Support:
        return Support(ok=True)

    async def _call(self, code: str, name: str, arguments: str) -> str:
        self.called.append((code, name, arguments))
        self.is_calling.set()
        if code == "hangs":
            await asyncio.Event().wait()
        return "called"

    async def _fetch(self, address: str) -> str:
        self.fetched.append(address)
        return "fetched"

    def _report(self, words: str) -> None:
        self.chat.report(words)

    def _new_id(self) -> str:
        return f"id{next(self._ids)}"

    def _now(self) -> int:
        return next(self._time)

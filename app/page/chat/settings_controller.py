"""The behavior of the settings: read and check the form, presets, the choice of a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

from pywebllm import BUILTIN_MODEL, AsyncWebLLM, InvalidRequestError, WebLLMError

from page.setup.controller import SetupController
from page.storage import StorageProblem, Store
from page.tasks import Tasks
from page.texts import text

from .controller import ChatController
from .requests import response_format
from .settings import BUILTIN_PRESETS, Settings, SettingsProblem, read_form
from .tools.own import CallTool, read_own_tools
from .tools.shelf import Shelf, Tool

__all__ = ["Choice", "SettingsController", "SettingsPage"]

# By their names.
Presets: TypeAlias = dict[str, Settings]

_RECORD = "chat-presets"

# The value and the text of an option.
Choice = tuple[str, str]


class SettingsPage(Protocol):
    """The elements of the settings, as the controller sees them."""

    def show_settings(self, settings: Settings) -> None:
        """Fill the form."""
        ...

    def form(self) -> Mapping[str, Any]:
        """Return what the visitor typed, see `read_form`."""
        ...

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong, by the field's name; hide what was shown before."""
        ...

    def show_note(self, words: str) -> None:
        """Show one line about the schema."""
        ...

    def show_presets(self, own: Sequence[str]) -> None:
        """Show the names of the visitor's own presets beside the built-in ones."""
        ...

    def show_tools(self, tools: Sequence[Tool], chosen: Sequence[str]) -> None:
        """Show the tools on the shelf, and which the model may call."""
        ...

    def show_models(self, models: Sequence[Choice], chosen: str) -> None:
        """Show the models that are on this device."""
        ...


class SettingsController:
    """Takes each change of the form for the next answer, unless something in it is wrong.

    Args:
        page: The elements.
        chat: The conversation that is shown.
        setup: Loads the chosen model.
        llm: The client.
        store: Where presets, and the programs with the visitor's own tools, are kept.
        shelf: The tools.
        call: Calls one of the visitor's own.
    """

    def __init__(
        self,
        *,
        page: SettingsPage,
        chat: ChatController,
        setup: SetupController,
        llm: AsyncWebLLM,
        store: Store,
        shelf: Shelf,
        call: CallTool,
    ) -> None:
        self._page = page
        self._chat = chat
        self._setup = setup
        self._llm = llm
        self._store = store
        self._shelf = shelf
        self._call = call
        self._own: Presets = {}
        # All presets are one record: those that are being read come first.
        self._presets = asyncio.Lock()
        self._tasks = Tasks()
        chat.opened.subscribe(lambda conversation: self._show(conversation.settings))

    def open(self) -> None:
        """Read what can be chosen."""
        self._tasks.begin(self._read_tools())
        self._tasks.begin(self._read_presets())
        self._tasks.begin(self._read_models())

    def change(self) -> None:
        """Take what the visitor typed."""
        settings = self._checked()
        if settings is not None:
            self._chat.configure(settings)

    def use_preset(self, name: str) -> None:
        """Take the system prompt and sampling of a preset."""
        preset = BUILTIN_PRESETS.get(name) or self._own.get(name)
        if preset is not None:
            settings = self._chat.conversation.settings.with_preset(preset)
            self._chat.configure(settings)
            self._show(settings)

    def save_preset(self, name: str) -> None:
        """Keep the settings under a name."""
        name = " ".join(name.split())[:40]
        settings = self._checked()
        if settings is None or not name or name in BUILTIN_PRESETS:
            return
        self._tasks.begin(self._write_presets(lambda own: {**own, name: settings}))

    def delete_preset(self, name: str) -> None:
        """Delete one of the visitor's own presets."""
        if name in self._own:
            self._tasks.begin(
                self._write_presets(lambda own: {k: v for k, v in own.items() if k != name})
            )

    def check_schema(self) -> None:
        """Report whether answers can follow the schema, without asking the model."""
        settings = self._checked()
        if settings is None:
            return
        try:
            form = response_format(settings.schema)
            # Checked as a request, which is not made.
            message = {"role": "user", "content": ""}
            stream = self._llm.api.chat_stream({"messages": [message], "response_format": form})
        except SettingsProblem as problem:
            self._page.show_problems({"schema": problem.problem})
        except InvalidRequestError as error:
            self._page.show_problems({"schema": text("chat.schema.refused", reason=str(error))})
        else:
            stream.close()
            self._page.show_note(text("chat.schema.good"))

    def choose_model(self, model: str) -> None:
        """Answer with another model from now on."""
        self._setup.choose(None if model == BUILTIN_MODEL else model)

    async def settled(self) -> None:
        """Wait until all that has been begun is over."""
        await self._tasks.settled()

    def _checked(self) -> Settings | None:
        try:
            settings = read_form(self._page.form())
            if settings.is_typed:
                response_format(settings.schema)
        except SettingsProblem as problem:
            self._page.show_problems({problem.name: problem.problem})
            return None
        self._page.show_problems({})
        return settings

    def _show(self, settings: Settings) -> None:
        self._page.show_settings(settings)
        self._page.show_problems({})
        self._page.show_note("")

    async def _read_tools(self) -> None:
        # What the browser refuses is reported by the list beside the settings.
        with suppress(StorageProblem):
            self._shelf.put_own(await read_own_tools(self._store, self._call))
        self._page.show_tools(self._shelf.tools(), self._chat.conversation.settings.tools)

    async def _read_presets(self) -> None:
        async with self._presets:
            try:
                record = await self._store.read("settings", _RECORD)
            except StorageProblem:
                # The list beside the settings reports it.
                return
            presets = record.get("presets") if record else None
            if isinstance(presets, dict):
                self._own = {str(k): Settings.from_record(v) for k, v in presets.items()}
            self._page.show_presets(list(self._own))

    async def _write_presets(self, change: Callable[[Presets], Presets]) -> None:
        async with self._presets:
            self._own = change(self._own)
            self._page.show_presets(list(self._own))
            presets = {name: settings.to_record() for name, settings in self._own.items()}
            try:
                await self._store.write("settings", {"id": _RECORD, "presets": presets})
            except StorageProblem as problem:
                self._page.show_problems({"preset": text("chat.unsaved", reason=str(problem))})

    async def _read_models(self) -> None:
        try:
            kinds = {model.id: model.kind for model in await self._llm.models.list()}
            stored = [model.id for model in await self._llm.models.cached() if model.complete]
        except WebLLMError:
            # The set-up card reports what the browser cannot do.
            return
        chosen = self._setup.model or BUILTIN_MODEL
        usable = [
            m for m in stored if kinds.get(m) in ("language", "vision") and m != BUILTIN_MODEL
        ]
        if chosen != BUILTIN_MODEL and chosen not in usable:
            usable.append(chosen)
        builtin = (BUILTIN_MODEL, text("setup.builtin"))
        self._page.show_models([builtin, *((model, model) for model in usable)], chosen)

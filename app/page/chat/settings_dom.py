"""The elements of the settings: fills the form, reads it, forwards changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import js

from page.elements import Listeners, find_element, on_visit, set_text
from page.texts import number

from .settings import BUILTIN_PRESETS, NUMBERS, Settings
from .settings_controller import Choice
from .tools.shelf import Tool

__all__ = ["SettingsActions", "SettingsElements"]

_TEXTS = ("system", "schema")
_FLAGS = ("thinking", "must_call", "is_typed")


class SettingsActions(Protocol):
    """The visitor's actions."""

    def open(self) -> None:
        """Handle a visit."""
        ...

    def change(self) -> None:
        """Handle a change of the form."""
        ...

    def use_preset(self, name: str) -> None:
        """Handle the choice of a preset."""
        ...

    def save_preset(self, name: str) -> None:
        """Handle the button that keeps a preset."""
        ...

    def delete_preset(self, name: str) -> None:
        """Handle the button that deletes a preset."""
        ...

    def check_schema(self) -> None:
        """Handle the button that checks the schema."""
        ...

    def choose_model(self, model: str) -> None:
        """Handle the choice of a model."""
        ...


class SettingsElements:
    """The elements of the settings in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._main = find_element("chat")
        self._form = find_element("chat-settings-form")
        self._model = find_element("chat-model")
        self._preset = find_element("chat-preset")
        self._preset_name = find_element("chat-preset-name")
        self._preset_save = find_element("chat-preset-save")
        self._preset_delete = find_element("chat-preset-delete")
        self._shelf = find_element("chat-shelf")
        self._schema_check = find_element("chat-schema-check")
        self._schema_note = find_element("chat-schema-note")
        self._listeners = Listeners()

    def connect(self, actions: SettingsActions) -> None:
        """Call `actions` for each action of the visitor from now on."""
        listen = self._listeners.add
        listen(self._form, "submit", lambda event: event.preventDefault())
        listen(self._form, "input", lambda event: self._on_input(event, actions))
        listen(self._preset, "change", lambda _event: self._on_preset(actions))
        listen(self._model, "change", lambda _event: actions.choose_model(self._model.value))
        listen(
            self._preset_save,
            "click",
            lambda _event: actions.save_preset(self._preset_name.value),
        )
        listen(
            self._preset_delete, "click", lambda _event: actions.delete_preset(self._preset.value)
        )
        listen(self._schema_check, "click", lambda _event: actions.check_schema())
        on_visit(self._listeners, self._main, actions.open)

    def show_settings(self, settings: Settings) -> None:
        """Fill the form."""
        for name in NUMBERS:
            self._field(name).value = _typed(getattr(settings, name))
        for name in _TEXTS:
            self._field(name).value = getattr(settings, name)
        self._field("stop").value = "\n".join(settings.stop)
        for name in _FLAGS:
            self._field(name).checked = getattr(settings, name)
        for box in self._tool_boxes():
            box.checked = box.value in settings.tools

    def form(self) -> Mapping[str, Any]:
        """Return what the visitor typed."""
        found: dict[str, Any] = {name: self._field(name).value for name in (*NUMBERS, *_TEXTS)}
        found["stop"] = self._field("stop").value
        found |= {name: self._field(name).checked for name in _FLAGS}
        found["tools"] = [box.value for box in self._tool_boxes() if box.checked]
        return found

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong, by the field's name; hide what was shown before."""
        places = {
            "preset": problems.get("preset", ""),
            "schema": problems.get("schema", ""),
            "numbers": next((words for name, words in problems.items() if name in NUMBERS), ""),
        }
        for name, words in places.items():
            place = self._form.querySelector(f'[data-problem="{name}"]')
            set_text(place, words)
            place.hidden = not words
        for name in (*NUMBERS, "schema"):
            self._field(name).ariaInvalid = "true" if name in problems else "false"
        if problems:
            self.show_note("")

    def show_note(self, words: str) -> None:
        """Show one line about the schema."""
        set_text(self._schema_note, words)

    def show_presets(self, own: Sequence[str]) -> None:
        """Show the names of the visitor's own presets beside the built-in ones."""
        for option in list(self._preset.options):
            if option.value and option.value not in BUILTIN_PRESETS:
                option.remove()
        for name in own:
            self._preset.append(_option(name, name))
        self._preset.value = ""
        self._preset_name.value = ""
        self._preset_delete.hidden = True

    def show_tools(self, tools: Sequence[Tool], chosen: Sequence[str]) -> None:
        """Show the tools on the shelf, and which the model may call."""
        shown = [(box.value, box.parentElement.textContent) for box in self._tool_boxes()]
        # Mostly they are as before, and one of them may have the focus.
        if shown != [(tool.name, tool.label) for tool in tools]:
            self._shelf.replaceChildren(*(_tool_element(tool) for tool in tools))
        for box in self._tool_boxes():
            box.checked = box.value in chosen

    def show_models(self, models: Sequence[Choice], chosen: str) -> None:
        """Show the models that are on this device."""
        self._model.replaceChildren(*(_option(value, words) for value, words in models))
        self._model.value = chosen

    def _field(self, name: str) -> Any:
        return self._form.elements.namedItem(name)

    def _tool_boxes(self) -> list[Any]:
        return list(self._shelf.querySelectorAll("input"))

    def _on_input(self, event: Any, actions: SettingsActions) -> None:
        if event.target.name or event.target.closest("#chat-shelf"):
            self.show_note("")
            actions.change()

    def _on_preset(self, actions: SettingsActions) -> None:
        name = self._preset.value
        self._preset_delete.hidden = not name or name in BUILTIN_PRESETS
        actions.use_preset(name)


def _typed(value: float | None) -> str:
    if value is None:
        return ""
    return number(value, "g") if isinstance(value, float) else str(value)


def _tool_element(tool: Tool) -> Any:
    label = js.document.createElement("label")
    box = js.document.createElement("input")
    box.type = "checkbox"
    box.value = tool.name
    label.append(box, tool.label)
    return label


def _option(value: str, words: str) -> Any:
    option = js.document.createElement("option")
    option.value = value
    option.textContent = words
    return option

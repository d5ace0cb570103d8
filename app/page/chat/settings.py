"""What a conversation asks of the model beside its messages: values, checks, presets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from page.texts import number, text

__all__ = ["BUILTIN_PRESETS", "NUMBERS", "Number", "Settings", "SettingsProblem", "read_form"]

_MAX_TEXT = 100_000


class SettingsProblem(Exception):  # noqa: N818 - shown to visitors
    """A value of the form cannot be used.

    Attributes:
        name: The field of the form.
        problem: What is wrong with it, one sentence.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a conversation; None is the model's own default.

    Attributes:
        system: The system prompt.
        stop: Strings at which the answer ends.
        thinking: False turns reasoning off, for models that reason.
        tools: The names of the tools that the model may call.
        must_call: True if the first answer to a message has to call a tool.
        is_typed: True if answers are JSON that `schema` describes.
        schema: A JSON Schema as the visitor typed it.
    """

    system: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repetition_penalty: float | None = None
    stop: tuple[str, ...] = ()
    thinking: bool = True
    tools: tuple[str, ...] = ()
    must_call: bool = False
    is_typed: bool = False
    schema: str = ""

    def sampling(self) -> dict[str, object]:
        """Return the sampling parameters of a request."""
        given: dict[str, object] = {
            name: getattr(self, name)
            for name in NUMBERS
            if name != "repetition_penalty" and getattr(self, name) is not None
        }
        if self.stop and not self.is_typed:
            given["stop"] = list(self.stop)
        return given

    def extra(self) -> dict[str, object]:
        """Return the parameters of a request that are not in the OpenAI reference."""
        given: dict[str, object] = {}
        if self.repetition_penalty is not None:
            given["repetition_penalty"] = self.repetition_penalty
        if not self.thinking:
            given["enable_thinking"] = False
        return given

    def with_preset(self, preset: Settings) -> Settings:
        """Return these settings with the system prompt and sampling of a preset."""
        names = ["system", "stop", "thinking", *NUMBERS]
        return replace(self, **{name: getattr(preset, name) for name in names})

    def to_record(self) -> dict[str, Any]:
        """Return the JSON object of these settings, without what is a default."""
        names = [item.name for item in fields(self)]
        default = Settings()
        record = {name: getattr(self, name) for name in names}
        changed = {k: v for k, v in record.items() if v != getattr(default, k)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in changed.items()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Settings:
        """Return settings from a JSON object; what is unknown or unusable is left out."""
        found: dict[str, Any] = {}
        for name, read in _READERS.items():
            value = read(record.get(name))
            if value is not None:
                found[name] = value
        return cls(**found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The range of a number in the form."""

    low: float
    high: float
    is_integer: bool = False

    def holds(self, value: float) -> bool:
        """Return True if the value is in the range."""
        return math.isfinite(value) and self.low <= value <= self.high


NUMBERS: Mapping[str, Number] = {
    "temperature": Number(low=0, high=2),
    "top_p": Number(low=0.01, high=1),
    "max_tokens": Number(low=1, high=1_000_000, is_integer=True),
    "seed": Number(low=-(2**53) + 1, high=2**53 - 1, is_integer=True),
    "presence_penalty": Number(low=-2, high=2),
    "frequency_penalty": Number(low=-2, high=2),
    "repetition_penalty": Number(low=0.01, high=10),
}


def read_form(form: Mapping[str, Any]) -> Settings:
    """Return the settings that the visitor typed; `form` has strings, booleans and lists.

    Raises:
        SettingsProblem: A number is not one, or out of range.
    """
    found: dict[str, Any] = {name: _typed_number(name, str(form.get(name, ""))) for name in NUMBERS}
    lines = str(form.get("stop", "")).splitlines()
    found |= {
        "system": str(form.get("system", ""))[:_MAX_TEXT],
        "schema": str(form.get("schema", ""))[:_MAX_TEXT],
        "stop": tuple(line for line in lines if line),
        "tools": tuple(form.get("tools", ())),
    }
    found |= {name: bool(form.get(name)) for name in ("thinking", "must_call", "is_typed")}
    return Settings(**found)


def _typed_number(name: str, typed: str) -> float | int | None:
    # As it is written in many languages, "0,7".
    typed = typed.strip().replace(",", ".")
    if not typed:
        return None
    limits = NUMBERS[name]
    try:
        value = int(typed) if limits.is_integer else float(typed)
    except ValueError:
        value = math.nan
    if not limits.holds(value):
        key = "chat.settings.integer" if limits.is_integer else "chat.settings.number"
        low, high = number(limits.low, "g"), number(limits.high, "g")
        raise SettingsProblem(name, text(key, low=low, high=high))
    return value


def _number(name: str) -> Callable[[Any], float | int | None]:
    limits = NUMBERS[name]

    def read(value: Any) -> float | int | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if not limits.holds(value) or (limits.is_integer and value != int(value)):
            return None
        return int(value) if limits.is_integer else float(value)

    return read


def _string(value: Any) -> str | None:
    return value[:_MAX_TEXT] if isinstance(value, str) else None


def _strings(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(item for item in value if isinstance(item, str) and item)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "system": _string,
    "schema": _string,
    "stop": _strings,
    "tools": _strings,
    "thinking": _flag,
    "must_call": _flag,
    "is_typed": _flag,
    **{name: _number(name) for name in NUMBERS},
}

# By the names of their texts.
BUILTIN_PRESETS: Mapping[str, Settings] = {
    "default": Settings(),
    "precise": Settings(temperature=0.2, top_p=0.9),
    "inventive": Settings(temperature=1.1, top_p=0.98, presence_penalty=0.3),
    "repeatable": Settings(temperature=0.0, seed=1),
}

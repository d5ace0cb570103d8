"""The settings of a conversation: reading the form, presets."""

from __future__ import annotations

import pytest
from page.chat.settings import NUMBERS, Settings, SettingsProblem, read_form


def test_form_becomes_settings() -> None:
    form = {
        "system": "Be brief.",
        "temperature": " 0.7 ",
        "seed": "42",
        "stop": "one\n\ntwo",
        "tools": ["clock"],
        "thinking": True,
    }
    settings = read_form(form)
    assert settings == Settings(
        system="Be brief.", temperature=0.7, seed=42, stop=("one", "two"), tools=("clock",)
    )
    assert settings.sampling() == {"temperature": 0.7, "seed": 42, "stop": ["one", "two"]}
    assert settings.extra() == {}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("temperature", "warm"),
        ("temperature", "2.1"),
        ("temperature", "nan"),
        ("top_p", "0"),
        ("seed", "1.5"),
        ("max_tokens", "0"),
        ("repetition_penalty", "inf"),
    ],
)
def test_number_that_cannot_be_used_is_named(name: str, typed: str) -> None:
    with pytest.raises(SettingsProblem, match=r"from .* to") as caught:
        read_form({name: typed})
    assert caught.value.name == name


def test_preset_changes_sampling_and_keeps_tools_and_schema() -> None:
    settings = Settings(tools=("clock",), schema="{}", is_typed=True, temperature=1.0)
    changed = settings.with_preset(Settings(system="Brief.", seed=1))
    assert changed == Settings(
        tools=("clock",), schema="{}", is_typed=True, system="Brief.", seed=1
    )


def test_each_number_is_a_setting() -> None:
    assert all(getattr(Settings(), name) is None for name in NUMBERS)

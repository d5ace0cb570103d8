"""Settings of resumable answers."""

from __future__ import annotations

import pytest
from pywebllm.chat.resumable import read_resumable

from tests.unit.chat.refusing import refused

WEBLLM = {
    "enabled": True,
    "background": True,
    "sessionId": "a",
    "checkpointIntervalTokens": 64,
    "checkpointPrompt": False,
    "durabilityMode": "relaxed",
    "strictPersistence": True,
    "storeCheckpointLogits": False,
}
PYTHON = {
    "background": True,
    "session_id": "a",
    "checkpoint_interval_tokens": 64,
    "checkpoint_prompt": False,
    "durability_mode": "relaxed",
    "strict_persistence": True,
    "store_checkpoint_logits": False,
}


@pytest.mark.parametrize(
    ("value", "settings"),
    [
        (False, None),
        ({"enabled": False, "session_id": "a"}, None),
        (True, {"enabled": True}),
        ({}, {"enabled": True}),
        ({"session_id": "a", "durability_mode": None}, {"enabled": True, "sessionId": "a"}),
        (WEBLLM, WEBLLM),
        (PYTHON, WEBLLM),
    ],
)
def test_resumable_settings_get_webllms_names(value: object, settings: object) -> None:
    assert read_resumable("resumable", value) == settings


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        (1, "", "must be a boolean or a mapping, got 1"),
        ("a", "", "mapping"),
        ({"enabled": 1}, ".enabled", "a boolean"),
        ({"background": 1}, ".background", "a boolean"),
        ({"session_id": ""}, ".session_id", "a non-empty string"),
        ({"sessionId": 3}, ".sessionId", "string"),
        ({"checkpoint_interval_tokens": 0}, ".checkpoint_interval_tokens", "from 1"),
        ({"checkpoint_prompt": 1}, ".checkpoint_prompt", "a boolean"),
        ({"durability_mode": "fast"}, ".durability_mode", "'relaxed'"),
        ({"strict_persistence": 1}, ".strict_persistence", "a boolean"),
        ({"store_checkpoint_logits": 1}, ".store_checkpoint_logits", "a boolean"),
        ({"session_ids": "a"}, ".session_ids", "'session_id'"),
        (
            {"session_id": "a", "sessionId": "a"},
            ".sessionId",
            "given twice, as session_id and as sessionId",
        ),
    ],
)
def test_wrong_resumable_setting_is_named_by_its_path(value: object, path: str, words: str) -> None:
    with refused(f"resumable{path}", words):
        read_resumable("resumable", value)

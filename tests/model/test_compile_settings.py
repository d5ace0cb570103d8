"""mlc-chat-config.json: special tokens and sampling parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.compile.checkpoint import Checkpoint
from model.compile.conversation import describe_conversation
from model.compile.errors import CheckpointError
from model.compile.settings import chat_settings
from tests.model.random_llama import write_llama

pytestmark = pytest.mark.recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_llama(tmp_path / "hf")


def test_settings_contain_the_special_tokens(folder: Path) -> None:
    checkpoint = Checkpoint.read(folder)
    conversation = describe_conversation(checkpoint.tokens, name="mine")
    settings = chat_settings(checkpoint, conversation.template)
    assert (settings["temperature"], settings["top_p"]) == (0.7, 0.95)
    assert (settings["context_window_size"], settings["prefill_chunk_size"]) == (1024, 256)
    assert settings["conv_template"]["name"] == "mine"
    assert settings["eos_token_id"] == 2
    assert "pad_token_id" not in settings


def test_settings_contain_the_sampling_parameters_of_the_checkpoint(folder: Path) -> None:
    given = {"temperature": 0.2, "top_p": 0.5, "eos_token_id": [2, 9]}
    (folder / "generation_config.json").write_text(json.dumps(given))
    checkpoint = Checkpoint.read(folder)
    conversation = describe_conversation(checkpoint.tokens, name="mine")
    settings = chat_settings(checkpoint, conversation.template)
    assert (settings["temperature"], settings["top_p"]) == (0.2, 0.5)
    assert settings["conv_template"]["stop_token_ids"][:2] == [2, 9]


def sampling(folder: Path, **given: Any) -> dict[str, Any]:
    """Return the settings of a checkpoint with this generation_config.json."""
    (folder / "generation_config.json").write_text(json.dumps(given))
    checkpoint = Checkpoint.read(folder)
    form = describe_conversation(checkpoint.tokens, name="mine").template
    return chat_settings(checkpoint, form)


def test_temperature_is_zero_if_the_checkpoint_does_not_sample(folder: Path) -> None:
    assert sampling(folder, temperature=0.0)["temperature"] == 0
    assert sampling(folder, do_sample=False, temperature=0.6)["temperature"] == 0
    assert sampling(folder, do_sample=True, temperature=0.6)["temperature"] == 0.6
    assert sampling(folder, do_sample=True, temperature=None)["temperature"] == 0.7


def test_settings_contain_the_repetition_penalty_of_the_checkpoint(folder: Path) -> None:
    assert sampling(folder, repetition_penalty=1.3)["repetition_penalty"] == 1.3
    assert sampling(folder)["repetition_penalty"] == 1.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"temperature": -1}, "temperature in .* must be at least 0, got -1"),
        ({"top_p": 0}, "top_p in .* must be above 0 and at most 1, got 0"),
        ({"repetition_penalty": 0}, "repetition_penalty in .* must be above 0, got 0"),
        ({"top_p": "much"}, r"top_p in generation_config\.json must be a number, got 'much'"),
        ({"eos_token_id": "</s>"}, "eos_token_id in .* must be an integer or a list of integers"),
    ],
)
def test_settings_that_webllm_rejects_are_rejected(
    folder: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message):
        sampling(folder, **given)

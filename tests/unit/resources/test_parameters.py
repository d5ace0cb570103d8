"""The names of the parameters are those of the official SDK."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import get_type_hints

import pytest
from openai.resources.chat.completions import AsyncCompletions as SdkChat
from openai.resources.completions import AsyncCompletions as SdkCompletions
from openai.resources.embeddings import AsyncEmbeddings as SdkEmbeddings
from pywebllm.resources import ChatCompletions, Completions, Embeddings
from pywebllm.resources import parameters as known
from pywebllm.resources.sync import SyncChatCompletions, SyncCompletions, SyncEmbeddings


def shown(function: Callable[..., object]) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ChatCompletions.create, SdkChat.create),
        (ChatCompletions.parse, SdkChat.parse),
        (Completions.create, SdkCompletions.create),
        (Embeddings.create, SdkEmbeddings.create),
    ],
)
def test_every_parameter_is_one_of_the_sdks(
    ours: Callable[..., object], theirs: Callable[..., object]
) -> None:
    assert shown(ours) <= shown(theirs)


def test_tools_run_with_the_parameters_of_the_sdk_and_a_limit() -> None:
    assert shown(ChatCompletions.run_tools) - shown(SdkChat.create) == {"max_rounds"}


@pytest.mark.parametrize(
    ("plain", "waiting"),
    [
        (ChatCompletions.create, SyncChatCompletions.create),
        (ChatCompletions.parse, SyncChatCompletions.parse),
        (ChatCompletions.run_tools, SyncChatCompletions.run_tools),
        (Completions.create, SyncCompletions.create),
        (Embeddings.create, SyncEmbeddings.create),
    ],
)
def test_both_clients_take_the_same(
    plain: Callable[..., object], waiting: Callable[..., object]
) -> None:
    ours, theirs = inspect.signature(plain), inspect.signature(waiting)
    assert ours.parameters == theirs.parameters


@pytest.mark.parametrize(
    "name", [name for name in known.__all__ if name.endswith(("s", "Options"))]
)
def test_every_parameter_is_described(name: str) -> None:
    group = getattr(known, name)
    described = "".join(base.__doc__ or "" for base in (group, *_groups()))
    missing = [it for it in get_type_hints(group) if f"    {it}: " not in described]
    assert missing == []


def _groups() -> list[type]:
    return [value for value in vars(known).values() if isinstance(value, type)]

"""Synchronous methods carry the documentation of their asynchronous twins."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from pywebllm.answers.stream import AnswerStream
from pywebllm.client import AsyncWebLLM
from pywebllm.resources.chat_completions import ChatCompletions
from pywebllm.resources.completions import Completions
from pywebllm.resources.embeddings import Embeddings
from pywebllm.resources.models import Models
from pywebllm.resources.sessions import Sessions
from pywebllm.sync import resources
from pywebllm.sync.client import WebLLM
from pywebllm.sync.documentation import documented_as, without_await
from pywebllm.sync.streams import SyncStream

PAIRS: list[tuple[type, type]] = [
    (WebLLM, AsyncWebLLM),
    (resources.SyncChatCompletions, ChatCompletions),
    (resources.SyncCompletions, Completions),
    (resources.SyncEmbeddings, Embeddings),
    (resources.SyncModels, Models),
    (resources.SyncSessions, Sessions),
]


def public(owner: type) -> dict[str, Callable[..., Any]]:
    return {
        name: value
        for name, value in vars(owner).items()
        if inspect.isfunction(value) and not name.startswith("_")
    }


METHODS = [
    pytest.param(method, public(twin)[name], id=f"{owner.__name__}.{name}")
    for owner, twin in PAIRS
    for name, method in public(owner).items()
] + [pytest.param(SyncStream.read, AnswerStream.read, id="SyncStream.read")]


@pytest.mark.parametrize(("owner", "twin"), PAIRS)
def test_synchronous_class_has_every_method_of_its_twin(owner: type, twin: type) -> None:
    assert public(owner).keys() == public(twin).keys()


@pytest.mark.parametrize(("method", "twin"), METHODS)
def test_synchronous_method_has_the_whole_docstring_of_its_twin(
    method: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    text, original = inspect.getdoc(method) or "", inspect.getdoc(twin) or ""
    summary, _, body = text.partition("\n\n")
    assert summary.endswith(".")
    assert "Do what" not in summary
    assert body == without_await(original.partition("\n\n")[2])
    assert ("Raises:" in text) == ("Raises:" in original)


@pytest.mark.parametrize(("method", "twin"), METHODS)
def test_synchronous_docstring_has_no_wording_of_asynchronous_code(
    method: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    del twin
    text = inspect.getdoc(method) or ""
    wording = r"\bawait\b|\basync (with|for|iterator|context)\b|\bAsyncWebLLM\b|ancelled,"
    assert re.findall(wording, text) == []


@pytest.mark.parametrize(("method", "twin"), METHODS)
def test_synchronous_method_has_the_parameters_of_its_twin(
    method: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    shown, original = inspect.signature(method), inspect.signature(twin)
    assert shown.parameters == original.parameters


def test_synchronous_client_has_the_parameters_of_its_twin_and_wait() -> None:
    shown = inspect.signature(WebLLM).parameters
    original = inspect.signature(AsyncWebLLM).parameters
    assert {name: it for name, it in shown.items() if name != "wait"} == original


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It loads.\n\nCancelled, it stops. It is freed.\n\nRaises:\n    A: B.", None),
        ("It loads. Cancelled, it\nstops.\n\nRaises:\n    A: B.", None),
        ("It loads.\n\nIf cancelled, it stops.\n\nRaises:\n    A: B.", None),
        ("It loads. When cancelled, it stops.\n\nRaises:\n    A: B.", None),
        ("Use `async with await llm.x()`.", "Use `with llm.x()`."),
        ("Read `(await llm.models.list()).data`.", "Read `llm.models.list().data`."),
        ("An async iterator, an async context manager.", "An iterator, a context manager."),
        ("As `AsyncWebLLM` and `AsyncOpenAI` do.", "As `WebLLM` and `OpenAI` do."),
    ],
)
def test_docstring_loses_what_holds_only_for_asynchronous_code(
    text: str, expected: str | None
) -> None:
    assert without_await(text) == (expected or "It loads.\n\nRaises:\n    A: B.")


def test_method_without_a_docstring_stays_without_one() -> None:
    def twin() -> None:
        """Load.

        Raises:
            A: B.
        """

    @documented_as(twin)
    def bare() -> None: ...

    @documented_as(bare)
    def own() -> None:
        """Load now."""

    assert (bare.__doc__, own.__doc__) == (None, "Load now.")

"""The names of the parameters are those of the official SDK."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import get_type_hints

import pytest
from openai.resources.chat.completions import AsyncCompletions as SdkChat
from openai.resources.completions import AsyncCompletions as SdkCompletions
from openai.resources.embeddings import AsyncEmbeddings as SdkEmbeddings
from pywebllm.chat.other_servers import OTHER_SERVERS
from pywebllm.chat.parameters import PARAMETERS as chat_table  # noqa: N811
from pywebllm.completions.call import PARAMETERS as completion_table  # noqa: N811
from pywebllm.embeddings import PARAMETERS as embedding_table  # noqa: N811
from pywebllm.request.table import Table
from pywebllm.resources import ChatCompletions, Completions, Embeddings
from pywebllm.resources import parameters as known
from pywebllm.sync.resources import SyncChatCompletions, SyncCompletions, SyncEmbeddings


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
def test_every_keyword_argument_is_one_of_the_sdks(
    ours: Callable[..., object], theirs: Callable[..., object]
) -> None:
    assert shown(ours) <= shown(theirs)


def test_run_tools_takes_the_parameters_of_create_and_max_rounds() -> None:
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
def test_both_clients_have_the_same_signatures(
    plain: Callable[..., object], waiting: Callable[..., object]
) -> None:
    ours, theirs = inspect.signature(plain), inspect.signature(waiting)
    assert ours.parameters == theirs.parameters


# Parameters that the methods declare or use themselves, and that are not in the reference.
OWN = {"stream", "encoding_format", "timeout", "extra_body"}
DEPRECATED = {"functions", "function_call"}
WEBLLM = {
    "enable_latency_breakdown",
    "enable_thinking",
    "ignore_eos",
    "repetition_penalty",
    "resumable",
}


@pytest.mark.parametrize(
    ("group", "table"),
    [
        (known.ChatParameters, chat_table),
        (known.CompletionParameters, completion_table),
        (known.EmbeddingParameters, embedding_table),
    ],
)
def test_keyword_arguments_are_the_parameters_that_the_endpoint_accepts(
    group: type, table: Table
) -> None:
    taken = {name for name, parameter in table.items() if parameter.how != "refused"}
    assert set(get_type_hints(group)) - OWN == taken - OWN - WEBLLM - DEPRECATED - set(
        OTHER_SERVERS
    )


def test_webllms_parameters_are_documented_with_extra_body() -> None:
    assert set(chat_table) >= WEBLLM
    described = known.RequestOptions.__doc__ or ""
    assert all(f"`{name}`" in described for name in WEBLLM)


def test_every_parameter_is_documented_where_it_is_declared() -> None:
    classes = [
        it for it in ast.parse(inspect.getsource(known)).body if isinstance(it, ast.ClassDef)
    ]
    missing = [
        f"{group.name}.{line.target.id}"
        for group in classes
        for line in group.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        if f"\n    {line.target.id}: " not in (ast.get_docstring(group) or "")
    ]
    assert classes
    assert missing == []

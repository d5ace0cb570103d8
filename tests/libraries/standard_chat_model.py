"""LangChain's standard tests of a chat model, over `ChatOpenAI` and the page's client.

Not collected with the others: `test_libraries.py` runs it in the environment of the libraries. The
engine draws each value from the grammar of its request, as a model's sampling would.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from pywebllm.testing import Answerable, ScriptedRequest, tool_call

from tests.libraries.site import ADDRESS, MODEL, Site
from tests.unit.schema.interpreter import Grammar

_TEXT = "A small model wrote this."


def _draw(grammar: str) -> Any:
    return json.loads(Grammar.read(grammar).derive(random.Random(1)))


def _answer(request: ScriptedRequest) -> Answerable:
    form = request.body.get("response_format") or {}
    if form.get("type") == "grammar":
        value: Answerable = _draw(form["grammar"])
        return value
    if "structural_tag" not in form or "<tool_response>" in request.prompt:
        return _TEXT
    tag = next(_calls(json.loads(form["structural_tag"])))
    found = re.search(r'([\w-]+)", "arguments": $', tag["begin"])
    assert found is not None
    arguments = _draw(tag["content"]["grammar"])
    return tool_call(found[1], **{**arguments, **_understood(found[1], request.prompt)})


def _understood(tool: str, prompt: str) -> dict[str, object]:
    # Some tests look at what a model understood, not only at the form of its answer.
    if tool == "unicode_customer":
        named = re.search(r"named '([^']+)'", prompt)
        return {"customer_name": named[1]} if named else {}
    return _UNDERSTOOD.get(tool, {})


def _calls(form: Any) -> Iterator[dict[str, Any]]:
    """Yield the tags of a structural tag that hold the arguments of a call, however deep."""
    if isinstance(form, list):
        for item in form:
            yield from _calls(item)
    elif isinstance(form, dict):
        content = form.get("content")
        if isinstance(content, dict) and content.get("type") == "grammar":
            yield form
        else:
            yield from _calls(list(form.values()))


_UNDERSTOOD: dict[str, dict[str, object]] = {
    "magic_function": {"input": 3},
    "greeting_generator": {"answer_style": "pirate"},
}
_SITE = Site(_answer)


class TestStandardChatModel(ChatModelIntegrationTests):  # type: ignore[misc]
    """Each test asks through `ainvoke`, `astream`, or their twins without `await`."""

    @property
    def chat_model_class(self) -> Any:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        clients = {
            "http_async_client": _SITE.http_client(),
            "http_client": _SITE.http_client(waits=True),
        }
        return {"model": MODEL, "stream_usage": True, **ADDRESS, **clients}

    @property
    def model_override_value(self) -> str:
        return MODEL

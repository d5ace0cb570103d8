"""What translates schemas and matches texts: pywebllm and the engines that it is compared with.

Each takes a schema and texts, and says which of the texts its grammar accepts.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pywebllm.errors import InvalidRequestError
from pywebllm.schema.grammars import counted_grammar_of

__all__ = ["ENGINES", "Match", "NodeMatcher", "RefusedError"]

_MATCHER = Path(__file__).with_name("matcher.js")

Match = Callable[[Any, list[str]], list[bool]]


class RefusedError(Exception):
    """An engine does not translate a schema."""


class NodeMatcher:
    """web-xgrammar in a Node process; used as a context manager.

    Args:
        folder: Where llama3-tokenizer-js is installed, for tasks that measure.
    """

    def __init__(self, folder: str = "") -> None:
        self._command = ["node", str(_MATCHER), folder]

    def __enter__(self) -> NodeMatcher:
        """Start the process."""
        pipe = subprocess.PIPE
        self._node = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        self._node.kill()
        self._node.communicate()

    def ask(self, **task: Any) -> dict[str, Any]:
        """Give one task to the process and return its result.

        Raises:
            RefusedError: The engine does not read the grammar or the schema.
        """
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps(task) + "\n")
        self._node.stdin.flush()
        line = self._node.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {"error": "the engine crashed"}
        if "error" in found:
            raise RefusedError(found["error"])
        return found


def _pywebllm() -> Match:
    node = NodeMatcher().__enter__()

    def match(schema: Any, texts: list[str]) -> list[bool]:
        try:
            found = counted_grammar_of(schema)
        except InvalidRequestError as error:
            raise RefusedError(error.problem) from error
        task = {"ebnf": found.grammar, "lengths": found.lengths, "texts": texts}
        accepts: list[bool] = node.ask(**task)["accepts"]
        return accepts

    return match


def _web_xgrammar() -> Match:
    node = NodeMatcher().__enter__()

    def match(schema: Any, texts: list[str]) -> list[bool]:
        found: list[bool] = node.ask(schema=schema, texts=texts)["accepts"]
        return found

    return match


def _xgrammar() -> Match:
    xgrammar = import_module("xgrammar")

    def match(schema: Any, texts: list[str]) -> list[bool]:
        try:
            grammar = xgrammar.Grammar.from_json_schema(json.dumps(schema), any_whitespace=False)
        except RuntimeError as error:
            raise RefusedError(str(error)) from error
        accepts = xgrammar.testing._is_grammar_accept_string
        return [accepts(grammar, text) for text in texts]

    return match


def _llguidance() -> Match:
    llguidance = import_module("llguidance")

    tokenizer = llguidance.LLTokenizer("byte")
    settings = {"item_separator": ", ", "key_separator": ": ", "whitespace_flexible": False}

    def match(schema: Any, texts: list[str]) -> list[bool]:
        try:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(
                json.dumps(schema), defaults=settings
            )
        except ValueError as error:
            raise RefusedError(str(error)) from error
        problem = llguidance.LLMatcher.validate_grammar(grammar)
        if problem:
            raise RefusedError(problem)
        return [_consumes(llguidance, tokenizer, grammar, text) for text in texts]

    return match


def _consumes(llguidance: Any, tokenizer: Any, grammar: str, text: str) -> bool:
    matcher = llguidance.LLMatcher(tokenizer, grammar, log_level=0)
    consumed: bool = matcher.consume_tokens(list(text.encode())) and matcher.is_accepting()
    return consumed


ENGINES: Mapping[str, Callable[[], Match]] = MappingProxyType(
    {
        "pywebllm": _pywebllm,
        "web-xgrammar": _web_xgrammar,
        "xgrammar": _xgrammar,
        "llguidance": _llguidance,
    }
)

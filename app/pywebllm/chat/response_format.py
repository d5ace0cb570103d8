"""The form of an answer: `response_format`, in OpenAI's forms and in WebLLM's.

Schemas become grammars of this library: WebLLM's own reading of a schema lets a model write
white space without end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pywebllm import schema
from pywebllm.errors import InvalidRequestError
from pywebllm.request.checks import check_keys, flag, mapping, one_of, plain, refuse, text

__all__ = ["AnswerFormat", "read_response_format"]

_PATH = "response_format"
_KEYS: Mapping[str, tuple[str, ...]] = {
    "text": ("type",),
    "json_object": ("type", "schema"),
    "json_schema": ("type", "json_schema"),
    "grammar": ("type", "grammar"),
    "structural_tag": ("type", "structural_tag"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFormat:
    """What binds the answer: a grammar in EBNF, or a structural tag as JSON text; one of them."""

    grammar: str | None = None
    structural_tag: str | None = None

    @property
    def request(self) -> dict[str, object]:
        """WebLLM's `response_format`."""
        if self.grammar is not None:
            return {"type": "grammar", "grammar": self.grammar}
        return {"type": "structural_tag", "structural_tag": self.structural_tag}


def read_response_format(value: object) -> AnswerFormat | None:
    """Return what binds the answer; None for free text.

    - `{"type": "text"}`
    - `{"type": "json_object"}`: any JSON object; with WebLLM's `schema`, as text or mapping.
    - `{"type": "json_schema", "json_schema": {"name": …, "schema": …}}`: always as with `strict`.
    - `{"type": "grammar", "grammar": …}`: EBNF as xgrammar reads it, with the rule `root`.
    - `{"type": "structural_tag", "structural_tag": …}`: xgrammar's, as text or mapping.

    Raises:
        InvalidRequestError: It is none of these, or its schema cannot be held.
    """
    if value is None:
        return None
    if isinstance(value, type):
        refuse(
            _PATH,
            f"is a mapping, got the class {value.__name__}",
            advice="Use chat.completions.parse, which takes classes and returns their objects.",
        )
    given = mapping(_PATH, value)
    kind = one_of(*_KEYS)(f"{_PATH}.type", given.get("type"))
    check_keys(_PATH, given, _KEYS[kind])
    return _READERS[kind](given)


def _read_text(given: Mapping[str, object]) -> None:
    del given


def _read_json_object(given: Mapping[str, object]) -> AnswerFormat:
    path = f"{_PATH}.schema"
    if "schema" not in given:
        return AnswerFormat(grammar=schema.json_object_grammar())
    return AnswerFormat(grammar=_grammar(path, _json(path, given["schema"])))


def _read_json_schema(given: Mapping[str, object]) -> AnswerFormat:
    path = f"{_PATH}.json_schema"
    form = mapping(path, given.get("json_schema"))
    check_keys(path, form, ("name", "schema", "strict", "description"))
    text(f"{path}.name", form.get("name"))
    text(f"{path}.description", form.get("description", ""))
    flag(f"{path}.strict", form.get("strict", False))
    if "schema" not in form:
        return AnswerFormat(grammar=schema.json_object_grammar())
    return AnswerFormat(grammar=_grammar(f"{path}.schema", form["schema"]))


def _read_grammar(given: Mapping[str, object]) -> AnswerFormat:
    path = f"{_PATH}.grammar"
    grammar = text(path, given.get("grammar"))
    if not grammar.strip():
        refuse(path, "is a grammar with the rule root, got an empty text")
    return AnswerFormat(grammar=grammar)


def _read_structural_tag(given: Mapping[str, object]) -> AnswerFormat:
    path = f"{_PATH}.structural_tag"
    tag = mapping(path, _json(path, given.get("structural_tag")))
    if "structures" in tag:
        refuse(
            f"{path}.structures",
            "is the old form of a structural tag; use the one with 'format'",
        )
    return AnswerFormat(structural_tag=json.dumps(tag))


_READERS = {
    "text": _read_text,
    "json_object": _read_json_object,
    "json_schema": _read_json_schema,
    "grammar": _read_grammar,
    "structural_tag": _read_structural_tag,
}


def _json(path: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"{path} is no JSON: {error}", param=path) from error


def _grammar(path: str, value: object) -> str:
    found = plain(value, path)
    if not isinstance(found, dict):
        refuse(path, f"is a mapping, got {value!r}")
    try:
        return schema.grammar_of(found)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{path}: {error.problem}", param=path) from error

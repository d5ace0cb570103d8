"""The format of an answer: `response_format`, in OpenAI's forms and in WebLLM's.

Schemas are converted to grammars by this library: the converter of WebLLM 0.2.86 allows unbounded
white space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pywebllm import schema
from pywebllm.echo import shortened
from pywebllm.errors import InvalidRequestError
from pywebllm.json_text import read_json
from pywebllm.request.checks import (
    boolean,
    check_keys,
    json_object,
    json_text,
    mapping,
    one_of,
    refuse,
    refuse_value,
    string,
)

__all__ = ["AnswerFormat", "read_response_format"]

_PATH = "response_format"
_MAPPING_OR_JSON = "a mapping or a string with a JSON object"
_KEYS: Mapping[str, tuple[str, ...]] = {
    "text": ("type",),
    "json_object": ("type", "schema"),
    "json_schema": ("type", "json_schema"),
    "grammar": ("type", "grammar"),
    "structural_tag": ("type", "structural_tag"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFormat:
    """What constrains the answer: either a grammar in EBNF or a structural tag as a JSON string.

    Attributes:
        grammar: The grammar.
        lengths: What the bridge counts of its strings, see `schema.lengths`; None: nothing.
        structural_tag: The structural tag.
        schema: The JSON Schema that the grammar was written from, which the browser's own model
            takes; None: there is none.
    """

    grammar: str | None = None
    lengths: Mapping[str, object] | None = None
    structural_tag: str | None = None
    schema: Mapping[str, object] | None = field(default=None, compare=False)

    @property
    def request(self) -> dict[str, object]:
        """WebLLM's `response_format`, with the table of lengths for the bridge."""
        if self.grammar is not None:
            lengths = {} if self.lengths is None else {"lengths": self.lengths}
            return {"type": "grammar", "grammar": self.grammar, **lengths}
        return {"type": "structural_tag", "structural_tag": self.structural_tag}

    @property
    def whole_grammar(self) -> str | None:
        """The grammar with all lengths."""
        if self.lengths is None or self.schema is None:
            return self.grammar
        return schema.grammar_of(self.schema)


def read_response_format(value: object) -> AnswerFormat | None:
    """Return what constrains the answer; None for free text.

    - `{"type": "text"}`
    - `{"type": "json_object"}`: any JSON object; or one that conforms to WebLLM's `schema`, a
      mapping or a JSON string.
    - `{"type": "json_schema", "json_schema": {"name": …, "schema": …}}`: always as with `strict`.
    - `{"type": "grammar", "grammar": …}`: xgrammar's EBNF, with the rule `root`.
    - `{"type": "structural_tag", "structural_tag": …}`: xgrammar's, a mapping or a JSON string.

    Raises:
        InvalidRequestError: It has another form, or its schema is not supported.
    """
    if value is None:
        return None
    if isinstance(value, type):
        refuse(
            _PATH,
            f"must be a mapping, got the class {shortened(value.__name__)}",
            advice="Use chat.completions.parse, which accepts classes and returns instances.",
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
        return _any_object()
    return _of_schema(path, _json(path, given["schema"]), _MAPPING_OR_JSON)


def _read_json_schema(given: Mapping[str, object]) -> AnswerFormat:
    path = f"{_PATH}.json_schema"
    form = mapping(path, given.get("json_schema"))
    check_keys(path, form, ("name", "schema", "strict", "description"))
    string(f"{path}.name", form.get("name"))
    string(f"{path}.description", form.get("description", ""))
    boolean(f"{path}.strict", form.get("strict", False))
    if "schema" not in form:
        return _any_object()
    return _of_schema(f"{path}.schema", form["schema"], "a mapping")


def _read_grammar(given: Mapping[str, object]) -> AnswerFormat:
    path = f"{_PATH}.grammar"
    grammar = string(path, given.get("grammar"))
    if not grammar.strip():
        refuse_value(path, "a grammar with the rule root", grammar)
    schema.check_grammar(grammar, param=path)
    return AnswerFormat(grammar=grammar)


def _read_structural_tag(given: Mapping[str, object]) -> AnswerFormat:
    path = f"{_PATH}.structural_tag"
    tag = mapping(path, _json(path, given.get("structural_tag")), _MAPPING_OR_JSON)
    if "structures" in tag:
        refuse(
            f"{path}.structures",
            "is not supported: it is the deprecated form of a structural tag; use 'format'",
        )
    text = json_text(path, tag)
    for grammar in _grammars_in(tag):
        schema.check_grammar(grammar, param=path)
    return AnswerFormat(structural_tag=text)


def _grammars_in(value: object) -> Iterator[str]:
    """Yield each grammar in a structural tag, at any depth."""
    if isinstance(value, Mapping):
        grammar = value.get("grammar")
        if isinstance(grammar, str):
            yield grammar
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _grammars_in(inner)


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
        return read_json(value)
    except ValueError as error:
        raise InvalidRequestError(f"{path} is not valid JSON: {error}", param=path) from error


def _any_object() -> AnswerFormat:
    return AnswerFormat(grammar=schema.json_object_grammar(), schema={"type": "object"})


def _of_schema(path: str, value: object, expected: str) -> AnswerFormat:
    found = json_object(path, value, expected)
    try:
        written = schema.counted_grammar_of(found)
        return AnswerFormat(grammar=written.grammar, lengths=written.lengths, schema=found)
    except InvalidRequestError as error:
        problem = f"{path}: {error.problem}"
        raise InvalidRequestError(problem, advice=error.advice, param=path) from error

"""What the tests of schemas ask of a grammar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of

from tests.unit.schema.interpreter import Grammar

__all__ = ["fits", "grammar", "refusal"]


def grammar(schema: Any) -> Grammar:
    """Parse the grammar of a schema."""
    return Grammar.read(grammar_of(schema))


def fits(schema: Any, value: object) -> bool:
    """Tell whether the grammar of a schema accepts a value, written canonically."""
    return grammar(schema).accepts(json.dumps(value, ensure_ascii=False))


def refusal(schema: Any) -> InvalidRequestError:
    """Return the error for a schema that is refused."""
    with pytest.raises(InvalidRequestError) as caught:
        grammar_of(schema)
    assert caught.value.param == "response_format"
    return caught.value

"""The table of keywords in the documentation is the one that the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of
from pywebllm.schema.document.keywords import KEYWORDS
from pywebllm.schema.typed.formats import KNOWN_FORMATS, REFUSED_FORMATS

PAGE = (Path(__file__).parents[4] / "docs/guides/json-schema.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `(\S+)` \| (.+) \|$", PAGE, re.MULTILINE))
# Rewritten before the keywords are read.
OLDER = {"$dynamicRef", "$recursiveRef", "additionalItems"}


def test_every_keyword_has_a_row() -> None:
    assert sorted(ROWS) == sorted({*KEYWORDS, *OLDER})


def test_every_format_is_listed() -> None:
    listed = re.search(r"These formats are checked: (.*?)\. ", PAGE, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`(\S+)`", listed[1])) == KNOWN_FORMATS - REFUSED_FORMATS


@pytest.mark.parametrize(
    ("keyword", "schema"),
    [
        ("$ref", {"$ref": "other.json"}),
        ("$dynamicRef", {"$dynamicRef": "#a"}),
        ("contains", {"contains": {}, "prefixItems": [{}]}),
        ("contains", {"allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}]}),
        ("enum", {"enum": ["é"], "pattern": "^\\w$"}),
        ("format", {"type": "string", "format": "regex"}),
        ("minProperties", {"type": "object", "minProperties": 2}),
        ("multipleOf", {"type": "number", "multipleOf": 0.3}),
        ("not", {"not": {"uniqueItems": True}}),
        ("oneOf", {"oneOf": [{"type": "array"}, {"uniqueItems": True, "type": "array"}]}),
        ("pattern", {"type": "string", "pattern": "(?<=a)b"}),
        ("uniqueItems", {"uniqueItems": True, "items": {"type": "string"}}),
        ("unevaluatedItems", {"unevaluatedItems": False, "contains": {}}),
    ],
)
def test_what_the_table_says_is_refused(keyword: str, schema: dict[str, object]) -> None:
    assert "refused" in ROWS[keyword] or "except" in ROWS[keyword] or "share" in ROWS[keyword]
    with pytest.raises(InvalidRequestError):
        grammar_of(schema)

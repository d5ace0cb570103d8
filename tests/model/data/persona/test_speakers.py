"""Speakers fill the slots of templates."""

from __future__ import annotations

from random import Random

from model.data.language.template import literal
from model.data.persona.speakers import fill


def test_literal_string_keeps_its_brackets() -> None:
    text = "a (very) odd {thing} [sic] <3"
    assert fill("{what}", {"what": literal(text)}, random=Random(1)) == text

"""Templates: their syntax, their alternatives and their slots."""

from __future__ import annotations

from random import Random

import pytest

from model.data.language.template import TemplateError, expand, parse


class Echo:
    """Returns slots and verbs in capitals; has words for the slot "known" only."""

    def slot(self, name: str) -> str:
        return name.upper()

    def verb(self, verb: str) -> str:
        return verb.upper()

    def has(self, name: str) -> bool:
        return name == "known"


def expanded(text: str, seed: int = 0) -> str:
    return expand(parse(text), speaker=Echo(), random=Random(seed))


def test_slots_verbs_and_optional_parts_are_expanded() -> None:
    assert expanded("one {two} [three]< {known}>< {unknown}>.") == "one TWO THREE KNOWN."


def test_alternatives_may_be_nested_and_empty() -> None:
    wordings = {expanded("a(|b(c|d))", seed) for seed in range(50)}
    assert wordings == {"a", "abc", "abd"}


def test_slots_of_a_template_omit_those_in_optional_parts() -> None:
    assert parse("{a} (b|{c}) <{d}>").slots == {"a", "c"}


@pytest.mark.parametrize("broken", ["(a|b", "a)", "{slot", "[verb", "<a", "a]"])
def test_template_with_unbalanced_brackets_is_refused(broken: str) -> None:
    with pytest.raises(TemplateError, match="in the template"):
        parse(broken)

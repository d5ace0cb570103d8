"""Which strings a pattern matches, and which patterns are refused."""

from __future__ import annotations

import pytest
from pywebllm.schema.regex.reading import RegexError, language_of

from tests.unit.schema.checking import fits, refusal


def test_pattern_without_anchors_matches_anywhere() -> None:
    assert fits({"type": "string", "pattern": "b+"}, "abbc")
    assert not fits({"type": "string", "pattern": "^b+"}, "abbc")
    assert fits({"type": "string", "pattern": "^a|c$"}, "xc")


def test_dot_matches_all_characters_but_line_feed_and_carriage_return() -> None:
    schema = {"type": "string", "pattern": "^.$"}
    assert all(fits(schema, char) for char in "a\t\u2028\u2029é")
    assert not any(fits(schema, char) for char in "\n\r")


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("^$|(^x$)", ["", "x"], ["xx", "y"]),
        ("(^a|b)c$", ["ac", "xbc"], ["xac", "b"]),
        ("^(?!ab)[a-c]+$", ["a", "ba", "ac"], ["ab", "abc", ""]),
        ("^(?=.*[0-9])[a-z0-9]{2,3}$", ["a1", "1ab"], ["ab", "1", "a1b2"]),
        (r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$", ["1", "-0.5", ".5", "12."], ["", "-", ".", "1.2.3"]),
    ],
)
def test_anchors_inside_and_look_aheads_are_kept(
    pattern: str, matching: list[str], others: list[str]
) -> None:
    schema = {"type": "string", "pattern": pattern}
    assert all(fits(schema, text) for text in matching)
    assert not any(fits(schema, text) for text in others)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)", "(?<!a)b", "(a)\\1", "\\bword", "\\p{L}", "a++", "(?i)a", "[a", "(a", "a)", "*a",
        "a{2,1}", "a{x}", "[z-a]", "a^b", "a$b", "\\", "[\\w-z]", "[[:alpha:]]", "[]",
        "\\u12", "[\\u4e00-\\u9fff]", "a{99999}", "\\01", "[^\\d\\D]", "\ud800",
        "\\x+1", "\\x_1", "\\x1٣",
    ],
)  # fmt: skip
def test_patterns_outside_the_subset_are_refused(pattern: str) -> None:
    error = refusal({"type": "string", "pattern": pattern})
    assert "'pattern'" in error.problem


def test_states_of_all_branches_of_a_pattern_count_together() -> None:
    """Each of hundreds of branches may be small, and all of them take long."""
    branch = "^a{2,300}$"
    assert language_of(branch).accepts("aa")
    assert language_of("|".join([branch] * 20)).accepts("aa")
    with pytest.raises(RegexError, match="it has too many states"):
        language_of("|".join([branch] * 60))

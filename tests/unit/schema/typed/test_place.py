"""JSON paths of errors."""

from __future__ import annotations

import pytest
from pywebllm.schema.typed.place import Place


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (("properties", "age"), "$.properties.age"),
        (("properties", "the age"), "$.properties['the age']"),
        (("properties", "é"), "$.properties['é']"),
        (("prefixItems", 2), "$.prefixItems[2]"),
        (("additionalProperties",), "$.additionalProperties"),
    ],
)
def test_path_names_each_step(steps: tuple[str | int, ...], path: str) -> None:
    assert Place().at(*steps).path == path


def test_place_keeps_the_name_of_the_nearest_property() -> None:
    assert Place().at("properties", "age").at("items").at("anyOf", 1).name == "age"
    assert Place().at("items").name == ""


def test_error_names_path_and_parameter() -> None:
    error = Place("tools").at("items").error("'not' is refused", advice="Leave it out.")
    assert error.problem == "$.items: 'not' is refused"
    assert (error.param, error.advice) == ("tools", "Leave it out.")

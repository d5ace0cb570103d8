"""Functions as tools."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pywebllm.errors import InvalidRequestError, ParseError
from pywebllm.schema import arguments_of, grammar_of, tool_of
from pywebllm.schema.python.docs import Docs, read_docs

from tests.unit.schema.interpreter import Grammar


@dataclass
class Place:
    city: str
    country: str = "GB"


def weather(place: Place, unit: Literal["C", "F"] = "C", days: int | None = None) -> str:
    """Get the weather
    of a place.

    More about it.

    Args:
        place: Where.
        unit (str, optional): Of the temperature,
            Celsius or Fahrenheit.
        days: How many.

    Returns:
        days: not a parameter.
    """
    return f"{place} {unit} {days}"


def numpy_style(first: int, second: str, third: float = 0.5) -> None:
    """Do it.

    Parameters
    ----------
    first, second : int
        Both of them.
    third : float, optional
        The last.

    Returns
    -------
    third
        Not a parameter.
    """


def sphinx_style(first: int, second: Annotated[str, "Said here."]) -> None:
    """Do it.

    :param int first: The first,
        on two lines.
    :param second: Not this.
    :returns: nothing
    """


async def nothing() -> None: ...


class Shop:
    def price(self, item: str) -> float:
        """Get the price."""
        return len(item)

    def __call__(self, item: str) -> float:
        return self.price(item)


def described(function: Any) -> dict[str, Any]:
    tool = tool_of(function)
    assert tool["type"] == "function"
    found: Any = tool["function"]
    return dict(found)


def descriptions(function: Any) -> dict[str, str]:
    properties = described(function)["parameters"]["properties"]
    return {name: schema.get("description") for name, schema in properties.items()}


def test_function_becomes_a_tool_by_its_signature_and_docstring() -> None:
    assert tool_of(weather) == {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Get the weather of a place.",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"$ref": "#/$defs/Place", "description": "Where."},
                    "unit": {
                        "enum": ["C", "F"],
                        "description": "Of the temperature, Celsius or Fahrenheit.",
                        "default": "C",
                    },
                    "days": {
                        "anyOf": [{"type": "integer"}, {"type": "null"}],
                        "description": "How many.",
                        "default": None,
                    },
                },
                "required": ["place"],
                "additionalProperties": False,
                "$defs": {
                    "Place": {
                        "type": "object",
                        "properties": {
                            "city": {"type": "string"},
                            "country": {"type": "string", "default": "GB"},
                        },
                        "required": ["city"],
                        "additionalProperties": False,
                    }
                },
            },
        },
    }


def test_docstrings_of_numpy_and_sphinx_describe_parameters() -> None:
    assert descriptions(numpy_style) == {
        "first": "Both of them.",
        "second": "Both of them.",
        "third": "The last.",
    }
    assert descriptions(sphinx_style) == {
        "first": "The first, on two lines.",
        "second": "Said here.",
    }


def test_coroutines_and_bound_methods_are_tools() -> None:
    assert described(nothing) == {
        "name": "nothing",
        "parameters": {
            "type": "object",
            "properties": {},
            "required": [],
            "additionalProperties": False,
        },
    }
    assert list(descriptions(Shop().price)) == ["item"]


def test_grammar_of_a_tool_accepts_its_arguments() -> None:
    grammar = Grammar.read(grammar_of(described(weather)["parameters"]))
    text = '{"place": {"city": "Bath"}, "days": 3}'
    assert grammar.accepts(text)
    assert arguments_of(weather, text) == {"place": Place("Bath"), "days": 3}
    assert Grammar.read(grammar_of(described(nothing)["parameters"])).accepts("{}")


def test_empty_string_means_no_arguments() -> None:
    assert arguments_of(nothing, "") == {}
    assert arguments_of(nothing, "{}") == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "[] is not an object"),
        ("{}", "'place' is missing"),
        ('{"place": {"city": 1}}', "$.place.city: 1 is not a string"),
        ('{"place": {"city": ""}, "x": 1}', "there is no 'x', only place, unit, days"),
    ],
)
def test_arguments_of_a_tool_that_do_not_fit_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ParseError) as caught:
        arguments_of(weather, text)
    assert problem in caught.value.problem
    assert caught.value.text == text


def star(*words: str) -> None: ...


def double_star(**words: str) -> None: ...


def positional(word: str, /) -> None: ...


def bare(word) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001, RUF100


def odd(word: complex) -> None: ...


def name_of_letters_beyond_ascii() -> None: ...


name_of_letters_beyond_ascii.__name__ = "über"


def lost(word: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def found(word: str, count: Annotated[int, "How many."] = 1) -> Missing: ...  # type: ignore[name-defined]  # noqa: F821


def test_return_type_of_a_tool_may_be_unknown() -> None:
    assert list(descriptions(found)) == ["word", "count"]
    assert descriptions(functools.wraps(found)(lambda: None))["count"] == "How many."


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (star, "star(words): a tool cannot have * or ** parameters"),
        (double_star, "cannot have * or ** parameters"),
        (positional, "positional only"),
        (bare, "bare(word): has no annotation"),
        (Shop.price, "price(self): has no annotation"),
        (odd, "odd.word: complex has no JSON form"),
        (name_of_letters_beyond_ascii, "cannot be named"),
        (lambda: None, "cannot be named"),
        (functools.partial(weather, unit="C"), "is not a function"),
        (Shop(), "is not a function"),
        (Shop, "is not a function"),
        (print, "is not a function"),
        (lost, "cannot be resolved"),
    ],
)
def test_callable_that_cannot_be_a_tool_is_refused(function: Any, problem: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tool_of(function)
    assert problem in caught.value.problem
    assert caught.value.param == "tools"


def test_types_in_parentheses_and_other_sections_are_no_descriptions() -> None:
    def google(a: int, b: int) -> int:
        """Add.
        Returns:
            int
        """
        return a + b

    def nested(a: int, b: int) -> int:
        """Add.

        Args:
            a: First.
            b (tuple(int, int), optional): Second (as given): one.
        """
        return a + b

    def numpy(a: int) -> int:
        """Parameters
        ----------
        a : int
            The number.
        """
        return a

    assert read_docs(google) == Docs("Add.")
    found = {"a": "First.", "b": "Second (as given): one."}
    assert read_docs(nested) == Docs("Add.", found)
    assert read_docs(numpy) == Docs("", {"a": "The number."})

"""Python functions as tools: their descriptions and results for the model."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel
from pywebllm.errors import InvalidRequestError
from pywebllm.typed.toolbox import Toolbox, describe
from pywebllm.types import Function, ToolCall

pytestmark = pytest.mark.timeout(20)


@dataclass
class Place:
    city: str
    country: str = "Italy"


class Unit(Enum):
    CELSIUS = "C"
    KELVIN = "K"


class Reading(BaseModel):
    degrees: float
    day: date


def warmth(place: Place, unit: Unit = Unit.CELSIUS) -> str:
    """Return the temperature."""
    assert isinstance(place, Place)
    return f"{place.city}, {place.country}: 21 {unit.value}"


async def slow_warmth(city: str) -> str:
    """Return the temperature, later."""
    return f"warm in {city}"


def broken() -> str:
    """Raise."""
    raise LookupError("the thermometer fell down")


DESCRIPTION = {
    "type": "function",
    "function": {
        "name": "broken",
        "description": "Never works.",
        "parameters": {"type": "object", "properties": {}},
    },
}


async def answer(function: Callable[..., object], arguments: str = "{}") -> str:
    name = function.__name__
    return await Toolbox([function]).call(Function(name=name, arguments=arguments))


def returning(value: object) -> Callable[..., object]:
    def tool() -> object:
        """Return it."""
        return value

    return tool


def names(tools: Any) -> list[str]:
    return [tool["function"]["name"] for tool in tools]


def test_functions_are_described_and_descriptions_are_unchanged() -> None:
    found = describe([warmth, DESCRIPTION])
    assert names(found) == ["warmth", "broken"]
    assert found is not None
    assert found[1] is DESCRIPTION
    assert describe(None) is None


def test_description_with_the_name_of_a_function_replaces_its_own() -> None:
    found = Toolbox(iter([DESCRIPTION, warmth, broken])).descriptions  # type: ignore[arg-type]
    assert names(found) == ["warmth", "broken"]
    assert found is not None
    assert found[1] is DESCRIPTION


def test_description_without_a_function_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="'broken' has no function") as caught:
        Toolbox([DESCRIPTION, warmth])
    assert caught.value.param == "tools"


def test_incomplete_description_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="has no function"):
        Toolbox([{"type": "function"}, warmth])


@pytest.mark.parametrize("tools", [warmth, "warmth", 3])
def test_tools_that_are_not_a_list_are_refused(tools: Any) -> None:
    for take in (describe, Toolbox):
        with pytest.raises(InvalidRequestError, match="tools must be a list, got") as caught:
            take(tools)
        assert caught.value.param == "tools"


def test_functions_with_the_same_name_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="the same name") as caught:
        Toolbox([warmth, warmth])
    assert caught.value.param == "tools"


async def test_arguments_are_converted_to_the_declared_types() -> None:
    assert await answer(warmth, '{"place": {"city": "Rome"}}') == "Rome, Italy: 21 C"
    arguments = json.dumps({"place": {"city": "Nice", "country": "France"}, "unit": "K"})
    assert await answer(warmth, arguments) == "Nice, France: 21 K"


async def test_async_functions_are_awaited() -> None:
    assert await answer(slow_warmth, '{"city": "Rome"}') == "warm in Rome"


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("as it is", "as it is"),
        (21.5, "21.5"),
        (None, "null"),
        ({"café": [True, "\n"]}, '{"café": [true, "\\n"]}'),
        (Place(city="Rome"), '{"city": "Rome", "country": "Italy"}'),
        ([Unit.KELVIN, {1}], '["K", [1]]'),
        (date(2026, 11, 22), '"2026-11-22"'),
        (Decimal("1.50"), '"1.50"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Reading(degrees=21, day=date(2026, 1, 2)), '{"degrees": 21.0, "day": "2026-01-02"}'),
    ],
)
async def test_returned_string_is_sent_unchanged_and_any_other_value_as_json(
    value: object, result: str
) -> None:
    assert await answer(returning(value)) == result


async def test_returned_value_that_is_not_json_serializable_is_an_error_result() -> None:
    result = await answer(returning(object()))
    assert result.startswith("Error: TypeError: object is not JSON serializable")


async def test_exception_of_a_function_is_logged_and_sent_to_the_model(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "pywebllm"):
        assert await answer(broken) == "Error: LookupError: the thermometer fell down"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


@dataclass
class Finicky:
    degrees: float

    def __post_init__(self) -> None:
        raise KeyError("too fussy")


async def test_exception_of_an_argument_type_is_sent_to_the_model() -> None:
    def take(found: Finicky) -> str:
        return "never"

    assert await answer(take, '{"found": {"degrees": 1}}') == "Error: KeyError: 'too fussy'"


async def test_cancellation_inside_a_function_is_sent_to_the_model() -> None:
    async def wait() -> str:
        work = asyncio.get_running_loop().create_future()
        work.cancel()
        return str(await work)

    assert await answer(wait) == "Error: CancelledError: "


@pytest.mark.parametrize("arguments", ['{"town": "Rome"}', '{"city": 3}', "[]", "Rome", "{"])
async def test_invalid_arguments_are_sent_to_the_model(
    arguments: str, caplog: pytest.LogCaptureFixture
) -> None:
    result = await answer(slow_warmth, arguments)
    assert result.startswith("Error: ")
    assert not caplog.records


async def test_call_of_an_unknown_tool_is_reported_to_the_model() -> None:
    result = await Toolbox([warmth, broken]).call(Function(name="cold", arguments="{}"))
    assert result == "Error: there is no tool 'cold', only warmth, broken."


class Shade(str, Enum):  # noqa: UP042 - whose `str()` is not its value
    RED = "red"


async def test_member_of_a_string_enum_is_sent_as_its_value() -> None:
    def paint() -> Shade:
        """Choose."""
        return Shade.RED

    assert await Toolbox([paint]).call(Function(name="paint", arguments="")) == "red"


@pytest.mark.parametrize(
    "call",
    [
        {"name": "f", "arguments": "{}"},
        ToolCall(id="1", function=Function(name="f", arguments="{}")),
        Function(name="f", arguments={"a": 1}),  # type: ignore[arg-type]
    ],
)
async def test_what_is_no_function_of_a_call_is_a_type_error(call: Any) -> None:
    def f() -> None:
        """Do nothing."""

    with pytest.raises(TypeError, match="call must be the `function` of a tool call"):
        await Toolbox([f]).call(call)

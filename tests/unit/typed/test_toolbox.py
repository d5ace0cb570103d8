"""Python functions as tools: what the model is told of them and by them."""

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
from pywebllm.types import Function

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
    """Tell how warm it is."""
    assert isinstance(place, Place)
    return f"{place.city}, {place.country}: 21 {unit.value}"


async def slow_warmth(city: str) -> str:
    """Tell how warm it is, later."""
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


def test_functions_describe_themselves_and_descriptions_stay_as_they_are() -> None:
    found = describe([warmth, DESCRIPTION])
    assert names(found) == ["warmth", "broken"]
    assert found is not None
    assert found[1] is DESCRIPTION
    assert describe(None) is None


def test_a_description_beside_its_function_replaces_the_functions_own() -> None:
    found = Toolbox(iter([DESCRIPTION, warmth, broken])).descriptions  # type: ignore[arg-type]
    assert names(found) == ["warmth", "broken"]
    assert found is not None
    assert found[1] is DESCRIPTION


def test_a_description_without_a_function_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="'broken' has no function") as caught:
        Toolbox([DESCRIPTION, warmth])
    assert caught.value.param == "tools"


def test_a_description_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="has no function"):
        Toolbox([{"type": "function"}, warmth])


@pytest.mark.parametrize("tools", [warmth, "warmth", 3])
def test_tools_are_a_list(tools: Any) -> None:
    for take in (describe, Toolbox):
        with pytest.raises(InvalidRequestError, match="tools is a list") as caught:
            take(tools)
        assert caught.value.param == "tools"


def test_two_functions_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="the same name") as caught:
        Toolbox([warmth, warmth])
    assert caught.value.param == "tools"


async def test_arguments_have_the_types_that_the_function_declares() -> None:
    assert await answer(warmth, '{"place": {"city": "Rome"}}') == "Rome, Italy: 21 C"
    arguments = json.dumps({"place": {"city": "Nice", "country": "France"}, "unit": "K"})
    assert await answer(warmth, arguments) == "Nice, France: 21 K"


async def test_async_functions_are_awaited() -> None:
    assert await answer(slow_warmth, '{"city": "Rome"}') == "warm in Rome"


@pytest.mark.parametrize(
    ("value", "told"),
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
async def test_text_is_told_as_it_is_and_all_else_as_json(value: object, told: str) -> None:
    assert await answer(returning(value)) == told


async def test_what_json_cannot_say_is_the_functions_error() -> None:
    told = await answer(returning(object()))
    assert told.startswith("Error: TypeError: object is not something that JSON can say")


async def test_what_a_function_raises_is_told_to_the_model_and_logged(
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


async def test_what_the_type_of_an_argument_raises_is_told_to_the_model() -> None:
    def take(found: Finicky) -> str:
        return "never"

    assert await answer(take, '{"found": {"degrees": 1}}') == "Error: KeyError: 'too fussy'"


async def test_a_function_whose_own_task_was_cancelled_is_told_to_the_model() -> None:
    async def wait() -> str:
        work = asyncio.get_running_loop().create_future()
        work.cancel()
        return str(await work)

    assert await answer(wait) == "Error: CancelledError: "


@pytest.mark.parametrize("arguments", ['{"town": "Rome"}', '{"city": 3}', "[]", "Rome", "{"])
async def test_arguments_that_do_not_fit_are_told_to_the_model(
    arguments: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = await answer(slow_warmth, arguments)
    assert told.startswith("Error: ")
    assert not caplog.records


async def test_an_unknown_name_is_told_to_the_model() -> None:
    told = await Toolbox([warmth, broken]).call(Function(name="cold", arguments="{}"))
    assert told == "Error: there is no tool 'cold', only warmth, broken."

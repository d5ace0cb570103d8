"""The ranges of the parameters of sampling."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.chat.parameters import PARAMETERS
from pywebllm.errors import InvalidRequestError
from pywebllm.request.table import read_parameters


@pytest.mark.parametrize("temperature", [0, 0.0, 0.7, 1, 2, None])
def test_a_temperature_from_0_to_2_is_taken(temperature: float | None) -> None:
    read_parameters({"temperature": temperature, "max_tokens": None}, PARAMETERS)


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan"), float("inf"), True, "1", [1]])
def test_another_temperature_is_refused_by_its_name(temperature: Any) -> None:
    with pytest.raises(InvalidRequestError, match="a number from 0 to 2, got") as caught:
        read_parameters({"temperature": temperature, "max_tokens": None}, PARAMETERS)
    assert caught.value.param == "temperature"


@pytest.mark.parametrize("max_tokens", [0, -1, 1.5, True, "20"])
def test_a_length_below_1_or_no_integer_is_refused_by_its_name(max_tokens: Any) -> None:
    with pytest.raises(InvalidRequestError, match="an integer from 1, got") as caught:
        read_parameters({"temperature": None, "max_tokens": max_tokens}, PARAMETERS)
    assert caught.value.param == "max_tokens"


@pytest.mark.parametrize("seed", [2**53, -(2**53), 1.0, False])
def test_a_seed_that_javascript_cannot_hold_is_refused_by_its_name(seed: Any) -> None:
    with pytest.raises(InvalidRequestError, match="from -9007199254740991") as caught:
        read_parameters({"temperature": None, "max_tokens": None, "seed": seed}, PARAMETERS)
    assert caught.value.param == "seed"


@pytest.mark.parametrize("seed", [0, 2**53 - 1, -(2**53) + 1])
def test_a_seed_that_javascript_holds_exactly_is_taken(seed: int) -> None:
    read_parameters({"temperature": None, "max_tokens": None, "seed": seed}, PARAMETERS)

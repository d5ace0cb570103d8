"""The ranges of the sampling parameters."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.chat.parameters import PARAMETERS
from pywebllm.errors import InvalidRequestError
from pywebllm.request.table import read_parameters


@pytest.mark.parametrize("temperature", [0, 0.0, 0.7, 1, 2, None])
def test_temperature_from_0_to_2_is_accepted(temperature: float | None) -> None:
    read_parameters({"temperature": temperature, "max_tokens": None}, PARAMETERS)


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan"), float("inf"), True, "1", [1]])
def test_temperature_outside_0_to_2_is_refused(temperature: Any) -> None:
    with pytest.raises(InvalidRequestError, match="a number from 0 to 2, got") as caught:
        read_parameters({"temperature": temperature, "max_tokens": None}, PARAMETERS)
    assert caught.value.param == "temperature"


@pytest.mark.parametrize("max_tokens", [0, -1, 1.5, True, "20"])
def test_max_tokens_that_is_not_an_integer_from_1_is_refused(max_tokens: Any) -> None:
    with pytest.raises(InvalidRequestError, match="an integer from 1, got") as caught:
        read_parameters({"temperature": None, "max_tokens": max_tokens}, PARAMETERS)
    assert caught.value.param == "max_tokens"


@pytest.mark.parametrize("seed", [2**53, -(2**53), 1.0, False])
def test_seed_that_javascript_cannot_represent_is_refused(seed: Any) -> None:
    with pytest.raises(InvalidRequestError, match="from -9007199254740991") as caught:
        read_parameters({"temperature": None, "max_tokens": None, "seed": seed}, PARAMETERS)
    assert caught.value.param == "seed"


@pytest.mark.parametrize("seed", [0, 2**53 - 1, -(2**53) + 1])
def test_seed_that_javascript_represents_exactly_is_accepted(seed: int) -> None:
    read_parameters({"temperature": None, "max_tokens": None, "seed": seed}, PARAMETERS)

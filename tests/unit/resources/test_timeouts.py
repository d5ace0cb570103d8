"""Timeouts of requests."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.resources.timeouts import read_timeout


def test_default_timeout_applies_without_a_timeout() -> None:
    assert read_timeout(None, 5.0) == 5.0
    assert read_timeout(None) is None
    assert read_timeout(2, 5.0) == 2.0


@pytest.mark.parametrize("seconds", [math.inf, 10**400])
def test_infinite_timeout_overrides_the_default(seconds: float) -> None:
    assert read_timeout(seconds, 5.0) is None


@pytest.mark.parametrize("seconds", [0, -1, math.nan, True, "3"])
def test_timeout_that_is_not_a_number_greater_than_0_is_refused(seconds: Any) -> None:
    with pytest.raises(
        InvalidRequestError, match="must be a number of seconds greater than 0, got"
    ) as caught:
        read_timeout(seconds)
    assert caught.value.param == "timeout"

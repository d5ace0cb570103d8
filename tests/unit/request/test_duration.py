from __future__ import annotations

from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.request.duration import read_keep_alive


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5m", 300),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        (" 500ms ", 0.5),
        ("+2m", 120),
        ("0s", 0),
        (0, 0),
        (0.5, 0.5),
        (3600, 3600),
        (-1, -1),
        ("-1m", -1),
        (float("inf"), -1),
        (10**400, -1),
    ],
)
def test_keep_alive_is_read_as_ollama_reads_it(value: Any, seconds: float) -> None:
    assert read_keep_alive(value) == seconds


@pytest.mark.parametrize("value", [None, True, "", "5", "m", "5 m", "5d", "5mm", [], float("nan")])
def test_keep_alive_of_another_form_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="keep_alive"):
        read_keep_alive(value)

"""Messages for what a browser lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from pywebllm.support import Shortfall, explain

BRIDGE = Path(__file__).parents[2] / "bridge"
CODES = ["insecure-context", "limits", "no-adapter", "no-webgpu", "no-worker-adapter"]


@pytest.mark.parametrize("code", CODES)
def test_every_explained_code_is_one_of_the_bridge(code: str) -> None:
    modules = ("support.js", "engine_support.js")
    assert any(f'"{code}"' in (BRIDGE / name).read_text() for name in modules)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_problem_and_advice(code: str) -> None:
    problem, advice = explain(code)
    assert code not in problem
    assert problem.endswith(".")
    assert advice.endswith(".")


@pytest.mark.parametrize(
    ("name", "value", "needed", "text"),
    [
        ("maxBufferSize", 2**27, 2**28, "maxBufferSize is 128 MiB, needed: 256 MiB"),
        (
            "maxStorageBufferBindingSize",
            2**27 - 4,
            2**27,
            "maxStorageBufferBindingSize is 127.99 MiB, needed: 128 MiB",
        ),
        (
            "maxComputeWorkgroupStorageSize",
            2**14,
            2**15,
            "maxComputeWorkgroupStorageSize is 16 KiB, needed: 32 KiB",
        ),
        (
            "maxStorageBuffersPerShaderStage",
            8,
            10,
            "maxStorageBuffersPerShaderStage is 8, needed: 10",
        ),
    ],
)
def test_shortfall_of_a_limit_is_formatted_in_its_unit(
    name: str, value: int, needed: int, text: str
) -> None:
    assert str(Shortfall(name=name, value=value, needed=needed)) == text


def test_problem_names_all_limits_that_are_too_low() -> None:
    low = [Shortfall(name=name, value=1, needed=2) for name in ("maxOne", "maxTwo")]
    problem, advice = explain("limits", low)
    assert problem == (
        "The GPU of this device is too small for the engine:"
        " maxOne is 1, needed: 2; maxTwo is 1, needed: 2."
    )
    assert advice == explain("limits")[1]


def test_unknown_code_is_in_the_problem_with_general_advice() -> None:
    problem, advice = explain("new-code")
    assert "new-code" in problem
    assert "Chrome" in advice

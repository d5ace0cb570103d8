"""The total usage of several requests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pywebllm.answers.totals import total_usage
from pywebllm.types import PromptTokensDetails, Usage

BARE = Usage(prompt_tokens=10, completion_tokens=5, total_tokens=15)
TIMED = Usage(
    prompt_tokens=10,
    completion_tokens=5,
    total_tokens=15,
    prompt_tokens_details=PromptTokensDetails(cached_tokens=4),
    time_to_first_token=0.5,
    prefill_tokens_per_second=80.0,
    decode_tokens_per_second=20.0,
    end_to_end_latency=1.5,
    latency_breakdown={"sampleTime": (0.1,)},
)


def test_total_of_one_request_is_its_usage() -> None:
    assert total_usage([TIMED]) is TIMED


def test_answers_to_one_prompt_count_its_tokens_once() -> None:
    found = total_usage([BARE, BARE, BARE], answers=3)
    assert (found.prompt_tokens, found.completion_tokens, found.total_tokens) == (10, 15, 25)


def test_tokens_of_each_prompt_count_once() -> None:
    other = replace(BARE, prompt_tokens=7)
    found = total_usage([BARE, BARE, other, other], answers=2)
    assert (found.prompt_tokens, found.completion_tokens, found.total_tokens) == (17, 20, 37)


def test_times_of_the_total_are_those_of_the_first_answer_or_sums() -> None:
    second = replace(TIMED, time_to_first_token=9.0, prefill_tokens_per_second=9.0)
    found = total_usage([TIMED, second])
    assert found.time_to_first_token == 0.5
    assert found.prefill_tokens_per_second == 80.0
    assert found.end_to_end_latency == 3.0
    assert found.latency_breakdown == {"sampleTime": (0.1, 0.1)}
    assert found.prompt_tokens_details == PromptTokensDetails(cached_tokens=8)


def test_decode_speed_of_the_total_is_that_of_all_tokens() -> None:
    # 4 tokens at 20 per second and 8 at 10: 12 tokens in one second.
    slow = replace(TIMED, completion_tokens=9, decode_tokens_per_second=10.0)
    assert total_usage([TIMED, slow]).decode_tokens_per_second == pytest.approx(12.0)


def test_values_that_no_answer_reports_stay_none() -> None:
    found = total_usage([BARE, BARE])
    assert found == Usage(prompt_tokens=20, completion_tokens=10, total_tokens=30)

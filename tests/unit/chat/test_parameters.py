"""The table of parameters, and the range of each."""

from __future__ import annotations

import inspect
import math
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.resources.chat.completions import AsyncCompletions
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pywebllm.chat.other_servers import OTHER_SERVERS
from pywebllm.chat.parameters import PARAMETERS
from pywebllm.errors import InvalidRequestError
from pywebllm.records import ModelRecord
from pywebllm.request.checks import shown
from pywebllm.request.table import read_parameters

from tests.unit.chat.refusing import refused

LARGEST = 2**53 - 1
RECORD = ModelRecord(model_id="m", model="https://x/m/", model_lib="https://x/m.wasm")
REFUSED = [name for name, parameter in PARAMETERS.items() if parameter.how == "refused"]


def test_every_parameter_of_the_official_sdk_is_in_the_table() -> None:
    sdk = {
        *get_type_hints(CompletionCreateParamsNonStreaming),
        *get_type_hints(CompletionCreateParamsStreaming),
        *inspect.signature(AsyncCompletions.create).parameters,
    } - {"self"}
    assert sdk <= set(PARAMETERS)
    ours = {
        "repetition_penalty",
        "ignore_eos",
        "enable_thinking",
        "enable_latency_breakdown",
        "resumable",
        *OTHER_SERVERS,
        # Parameters of other servers, refused with a reason.
        "min_p",
        "top_k",
    }
    assert set(PARAMETERS) - sdk == ours


def test_each_parameter_that_is_not_honored_has_a_reason() -> None:
    for parameter in PARAMETERS.values():
        assert bool(parameter.why) is (parameter.how != "honored")


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_that_is_none_counts_as_not_given(name: str) -> None:
    assert read_parameters({name: None}, PARAMETERS) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("messages", [{"role": "user", "content": "hi"}]),
        ("model", "some-model"),
        ("model", RECORD),
        ("model", {"model_id": "m"}),
        ("stream", True),
        ("stream", False),
        ("stream_options", {"include_usage": True}),
        ("temperature", 0),
        ("temperature", 2.0),
        ("top_p", 0.001),
        ("top_p", 1),
        ("frequency_penalty", -2),
        ("frequency_penalty", 2),
        ("presence_penalty", -2.0),
        ("presence_penalty", 0),
        ("repetition_penalty", 1e-9),
        ("repetition_penalty", 1000),
        ("logit_bias", {"0": -100, "17": 100, "3": 0.5}),
        ("seed", -LARGEST),
        ("seed", LARGEST),
        ("max_tokens", 1),
        ("max_tokens", LARGEST),
        ("max_completion_tokens", 1),
        ("stop", "."),
        ("stop", [".", "!", "?", ";", "\n"]),
        ("n", 1),
        ("n", 128),
        ("logprobs", False),
        ("top_logprobs", 0),
        ("top_logprobs", 5),
        ("parallel_tool_calls", False),
        ("reasoning_effort", "none"),
        ("ignore_eos", True),
        ("enable_thinking", False),
        ("enable_latency_breakdown", True),
    ],
)
def test_parameter_in_range_is_returned_unchanged(name: str, value: object) -> None:
    found = read_parameters({name: value}, PARAMETERS)
    assert found == {name: value}
    assert type(found[name]) is type(value)


NUMBERS = [True, "1", math.nan, math.inf, -math.inf, [1], 10**400]
INTEGERS = [True, 1.0, "1", math.nan, LARGEST + 1]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("messages", ["hi", {"role": "user"}, 3, b"hi"], "list"),
        ("model", ["", " ", 3, True, ["m"], {}], "model record"),
        ("stream", [0, 1, "true"], "a boolean"),
        ("stream_options", ["usage", 3, ["include_usage"]], "mapping"),
        ("temperature", [*NUMBERS, -0.1, 2.1], "a number from 0 to 2"),
        ("top_p", [*NUMBERS[1:], 0, -0.1, 1.1], "a number greater than 0 and at most 1"),
        ("frequency_penalty", [*NUMBERS, -2.1, 2.1], "a number from -2 to 2"),
        ("presence_penalty", [*NUMBERS, -2.1, 2.1], "a number from -2 to 2"),
        ("repetition_penalty", [*NUMBERS[:-1], 0, -1], "a finite number greater than 0"),
        ("seed", [*INTEGERS, -LARGEST - 1], f"an integer from {-LARGEST} to {LARGEST}"),
        ("max_tokens", [*INTEGERS, 0, -1], "an integer from 1"),
        ("max_completion_tokens", [*INTEGERS, 0], "an integer from 1"),
        ("n", [*INTEGERS, 0, 129], "an integer from 1 to 128"),
        ("top_logprobs", [*INTEGERS, -1, 6, 20], "from 0 to 5"),
        ("stop", [3, True, {"a": 1}], "must be a string or a list of strings"),
        ("stop", [""], "a non-empty string"),
        ("logit_bias", ["1", [1], {"a": 1}, {"-1": 1}, {"1.0": 1}, {"²": 1}], "logit_bias"),
        ("logprobs", [0, 1, "yes"], "a boolean"),
        ("parallel_tool_calls", [0, "no"], "a boolean"),
        ("ignore_eos", [1, "no"], "a boolean"),
        ("enable_thinking", [0, "no"], "a boolean"),
        ("enable_latency_breakdown", [1, "no"], "a boolean"),
        ("tools", ["f", {"type": "function"}, 3], "list"),
        ("reasoning_effort", ["low", "medium", 1, ""], "'none'"),
        ("user", [3, True], "a string"),
        ("safety_identifier", [3], "a string"),
        ("prompt_cache_key", [3], "a string"),
        ("service_tier", ["flex", "priority", 3], "'auto' or 'default'"),
        ("store", [True, 0, "no"], "not stored"),
        ("modalities", [["audio"], ["text", "audio"], "text", []], "text"),
        ("extra_body", ["a", 0, 3, ["n"]], "mapping"),
    ],
)
def test_parameter_out_of_range_is_refused_with_the_expected_range(
    name: str, values: list[object], words: str
) -> None:
    for value in values:
        with refused(name, words):
            read_parameters({name: value}, PARAMETERS)


def test_error_repeats_the_value() -> None:
    with refused("temperature", "from 0 to 2", "got 3"):
        read_parameters({"temperature": 3}, PARAMETERS)


def test_more_top_logprobs_than_webllm_returns_are_refused_with_the_reason() -> None:
    with refused("top_logprobs", "got 20", "WebLLM returns no more"):
        read_parameters({"top_logprobs": 20}, PARAMETERS)


@pytest.mark.parametrize(
    ("value", "param"),
    [({"7": 100.1}, "logit_bias.7"), ({"7": True}, "logit_bias.7"), ({"7": "1"}, "logit_bias.7")],
)
def test_logit_bias_out_of_range_is_named_by_its_token(value: object, param: str) -> None:
    with refused(param, "from -100 to 100"):
        read_parameters({"logit_bias": value}, PARAMETERS)


def test_token_ids_may_be_integers() -> None:
    assert read_parameters({"logit_bias": {17: 1}}, PARAMETERS) == {"logit_bias": {"17": 1}}


def test_token_ids_are_normalized_for_the_engine() -> None:
    given = {"05": 1, "000": 2, 2**31 - 1: 3, "7": None}
    expected = {"5": 1, "0": 2, "2147483647": 3}
    assert read_parameters({"logit_bias": given}, PARAMETERS) == {"logit_bias": expected}


@pytest.mark.parametrize("token", ["2147483648", 2**32, "9" * 5000, "", " 5", "+5", True, None])
def test_invalid_token_id_is_refused(token: object) -> None:
    with refused("logit_bias", "token IDs from 0 to 2147483647", shown(token)):
        read_parameters({"logit_bias": {token: 1}}, PARAMETERS)


@pytest.mark.parametrize("twice", [{"5": 1, "05": 2}, {5: 1, "5": 1}])
def test_two_biases_for_one_token_are_refused(twice: object) -> None:
    with refused("logit_bias", "two values for the token 5"):
        read_parameters({"logit_bias": twice}, PARAMETERS)


def test_empty_stop_string_in_a_list_is_named_by_its_index() -> None:
    with refused("stop[1]", "a non-empty string"):
        read_parameters({"stop": [".", ""]}, PARAMETERS)


@pytest.mark.parametrize("value", [[], (), {}])
def test_empty_stop_or_logit_bias_counts_as_not_given(value: object) -> None:
    name = "logit_bias" if value == {} else "stop"
    assert read_parameters({name: value}, PARAMETERS) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user", "someone"),
        ("safety_identifier", "hash"),
        ("prompt_cache_key", "key"),
        ("service_tier", "auto"),
        ("service_tier", "default"),
        ("store", False),
        ("modalities", ["text"]),
        ("modalities", ("text",)),
        ("metadata", {}),
        ("metadata", {"a": "b"}),
    ],
)
def test_parameter_that_only_concerns_openai_has_no_effect(name: str, value: object) -> None:
    assert read_parameters({name: value}, PARAMETERS) == {}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_parameter_is_refused_with_the_reason(name: str) -> None:
    with refused(name, PARAMETERS[name].why):
        read_parameters({name: {}}, PARAMETERS)


@pytest.mark.parametrize(("name", "value"), [("top_k", 0), ("top_k", -1), ("min_p", 0.0)])
def test_parameter_of_another_server_may_be_turned_off(name: str, value: float) -> None:
    assert read_parameters({name: value}, PARAMETERS) == {}


@pytest.mark.parametrize(("name", "value"), [("top_k", 40), ("top_k", False), ("min_p", 0.05)])
def test_parameter_of_another_server_is_refused_where_it_counts(name: str, value: float) -> None:
    with refused(name, "use top_p"):
        read_parameters({name: value}, PARAMETERS)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("temprature", "temperature"),
        ("max_token", "max_tokens"),
        ("response_fromat", "response_format"),
    ],
)
def test_unknown_parameter_is_refused_with_the_most_similar_one(name: str, near: str) -> None:
    with refused(name, f"Did you mean {near!r}?"):
        read_parameters({name: 1}, PARAMETERS)


def test_unknown_parameter_without_a_similar_one_is_refused() -> None:
    with refused("zzz"):
        read_parameters({"zzz": 1}, PARAMETERS)


def test_extra_body_overrides_the_request() -> None:
    body = {"seed": 1, "temperature": 1, "extra_body": {"seed": 2, "ignore_eos": True}}
    assert read_parameters(body, PARAMETERS) == {"seed": 2, "temperature": 1, "ignore_eos": True}


def test_extra_body_is_checked_like_the_request() -> None:
    with refused("top_k"):
        read_parameters({"extra_body": {"top_k": 3}}, PARAMETERS)
    with refused("extra_body"):
        read_parameters({"extra_body": {"extra_body": {"seed": 2}}}, PARAMETERS)


@given(
    st.dictionaries(
        st.sampled_from(sorted(PARAMETERS)) | st.text(max_size=20), st.none() | st.booleans()
    )
)
def test_any_request_is_read_or_refused_with_the_wrong_parameter(body: dict[str, Any]) -> None:
    try:
        found = read_parameters(body, PARAMETERS)
    except InvalidRequestError as error:
        at_fault = (error.param or "").split(".")[0]
    else:
        assert None not in found.values()
        return
    assert any(at_fault == name.split(".")[0] for name in body)

"""A completion request, and the engine's requests for it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from openai.resources.completions import AsyncCompletions
from pywebllm.completions.call import PARAMETERS, read_completion_call
from pywebllm.errors import InvalidRequestError

LARGEST = 2**53 - 1


def bodies(**parameters: object) -> tuple[dict[str, object], ...]:
    call = read_completion_call({"prompt": "Once", **parameters})
    return tuple(dict(body) for body in call.bodies)


def refused(**parameters: object) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        read_completion_call({"prompt": "Once", **parameters})
    return caught.value


def test_every_completion_parameter_of_the_sdk_is_honored_or_has_a_reason() -> None:
    names = set(inspect.signature(AsyncCompletions.create).parameters) - {"self"}
    assert names <= set(PARAMETERS)
    ours = {"repetition_penalty", "ignore_eos", "enable_latency_breakdown", "resumable"}
    assert set(PARAMETERS) - names == ours
    assert all(parameter.why for parameter in PARAMETERS.values() if parameter.how != "honored")


def test_prompt_alone_leaves_all_defaults_to_the_model() -> None:
    call = read_completion_call({"prompt": "Once"})
    assert call.bodies == ({"prompt": "Once"},)
    assert (call.model, call.n) == (None, 1)
    assert (call.stream, call.include_usage, call.echo) == (False, False, False)


def test_parameters_shared_with_openai_reach_webllm_unchanged() -> None:
    given: dict[str, object] = {
        "temperature": 0,
        "top_p": 0.5,
        "frequency_penalty": -1,
        "presence_penalty": 1.5,
        "logit_bias": {"13": -100},
        "max_tokens": 1,
        "stop": [".", "!"],
        "repetition_penalty": 1.1,
        "ignore_eos": False,
        "seed": 7,
    }
    assert bodies(**given) == ({"prompt": "Once", **given},)


def test_extra_body_is_merged_into_a_completion_request() -> None:
    (body,) = bodies(extra_body={"enable_latency_breakdown": True, "ignore_eos": True})
    assert body == {
        "prompt": "Once",
        "ignore_eos": True,
        "extra_body": {"enable_latency_breakdown": True},
    }


def test_completion_parameter_that_is_none_counts_as_not_given() -> None:
    nothing = dict.fromkeys(set(PARAMETERS) - {"prompt"})
    assert bodies(**nothing) == ({"prompt": "Once"},)


def test_model_streaming_and_echo_are_not_in_the_engines_request() -> None:
    call = read_completion_call(
        {
            "prompt": "Once",
            "model": "m",
            "stream": True,
            "stream_options": {"include_usage": True},
            "echo": True,
            "user": "me",
        }
    )
    assert call.bodies == ({"prompt": "Once"},)
    assert call.model == "m"
    assert (call.stream, call.include_usage, call.echo) == (True, True, True)


def test_choices_of_each_prompt_are_consecutive_requests() -> None:
    found = bodies(prompt=("a", "b"), n=2, seed=5)
    assert found == (
        {"prompt": "a", "seed": 5},
        {"prompt": "a", "seed": 6},
        {"prompt": "b", "seed": 5},
        {"prompt": "b", "seed": 6},
    )


def test_number_of_logprobs_becomes_two_parameters_of_webllm() -> None:
    (body,) = bodies(logprobs=0)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 0)
    (body,) = bodies(logprobs=5)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 5)


def test_best_of_equal_to_n_is_accepted() -> None:
    assert bodies(best_of=1) == ({"prompt": "Once"},)
    assert len(bodies(best_of=3, n=3)) == 3


@pytest.mark.parametrize(
    ("parameters", "param", "words"),
    [
        ({"prompt": ""}, "prompt", "a non-empty string"),
        ({"prompt": []}, "prompt", "a string or a non-empty list of strings"),
        ({"prompt": ["a", ""]}, "prompt[1]", "a non-empty string"),
        ({"prompt": [1, 2]}, "prompt[0]", "does not accept token IDs"),
        ({"prompt": [[1, 2]]}, "prompt[0]", "does not accept token IDs"),
        ({"prompt": 3}, "prompt", "a string or a list of strings, got 3"),
        ({"prompt": None}, "prompt", "is missing"),
        ({"suffix": "end"}, "suffix", "is not supported"),
        ({"best_of": 2}, "best_of", "must be equal to n"),
        ({"best_of": 1, "n": 2}, "best_of", "must be equal to n"),
        ({"logprobs": 6}, "logprobs", "WebLLM returns no more"),
        ({"logprobs": True}, "logprobs", "integer"),
        ({"logprobs": 1, "echo": True}, "logprobs", "echo"),
        ({"echo": 1}, "echo", "a boolean"),
        ({"ignore_eos": True, "stop": "."}, "ignore_eos", "ignore the stop strings"),
        ({"n": 0}, "n", "integer"),
        ({"max_tokens": 0}, "max_tokens", "integer"),
        ({"temperature": 3}, "temperature", "0 to 2"),
        ({"seed": LARGEST, "n": 2}, "seed", "consecutive seeds"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "stream=True"),
        ({"resumable": True}, "resumable", "chats only"),
        ({"messages": []}, "messages", "not a known parameter"),
        ({"tempreature": 1}, "tempreature", "temperature"),
    ],
    ids=repr,
)
def test_wrong_completion_parameter_is_refused_with_the_reason(
    parameters: dict[str, Any], param: str, words: str
) -> None:
    error = refused(**parameters)
    assert error.param == param
    assert words in str(error)


def test_resumable_false_is_accepted_for_completions() -> None:
    assert bodies(resumable=False) == ({"prompt": "Once"},)

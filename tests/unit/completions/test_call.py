"""A request of OpenAI's completions, and what the engine gets for it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from openai.resources.completions import AsyncCompletions
from pywebllm.completions.call import PARAMETERS, read_text_call
from pywebllm.errors import InvalidRequestError

LARGEST = 2**53 - 1


def bodies(**parameters: object) -> tuple[dict[str, object], ...]:
    call = read_text_call({"prompt": "Once", **parameters})
    return tuple(dict(body) for body in call.bodies)


def refused(**parameters: object) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        read_text_call({"prompt": "Once", **parameters})
    return caught.value


def test_every_parameter_of_the_sdk_is_honoured_or_refused_with_a_reason() -> None:
    names = set(inspect.signature(AsyncCompletions.create).parameters) - {"self"}
    assert names <= set(PARAMETERS)
    ours = {"repetition_penalty", "ignore_eos", "enable_latency_breakdown", "resumable"}
    assert set(PARAMETERS) - names == ours
    assert all(parameter.why for parameter in PARAMETERS.values() if parameter.how != "honored")


def test_a_prompt_alone_leaves_all_else_to_the_model() -> None:
    call = read_text_call({"prompt": "Once"})
    assert call.bodies == ({"prompt": "Once"},)
    assert (call.model, call.n) == (None, 1)
    assert (call.stream, call.include_usage, call.echo) == (False, False, False)


def test_what_is_given_reaches_the_engine_by_its_own_names() -> None:
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


def test_extra_body_counts_as_part_of_the_request() -> None:
    (body,) = bodies(extra_body={"enable_latency_breakdown": True, "ignore_eos": True})
    assert body == {
        "prompt": "Once",
        "ignore_eos": True,
        "extra_body": {"enable_latency_breakdown": True},
    }


def test_none_is_not_given() -> None:
    nothing = dict.fromkeys(set(PARAMETERS) - {"prompt"})
    assert bodies(**nothing) == ({"prompt": "Once"},)


def test_the_models_name_streaming_and_echo_are_not_the_engines_business() -> None:
    call = read_text_call(
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


def test_several_prompts_have_their_answers_one_after_another() -> None:
    found = bodies(prompt=("a", "b"), n=2, seed=5)
    assert found == (
        {"prompt": "a", "seed": 5},
        {"prompt": "a", "seed": 6},
        {"prompt": "b", "seed": 5},
        {"prompt": "b", "seed": 6},
    )


def test_logprobs_are_a_number_here_and_two_parameters_there() -> None:
    (body,) = bodies(logprobs=0)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 0)
    (body,) = bodies(logprobs=5)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 5)


def test_the_best_of_as_many_as_are_wanted_are_all_of_them() -> None:
    assert bodies(best_of=1) == ({"prompt": "Once"},)
    assert len(bodies(best_of=3, n=3)) == 3


@pytest.mark.parametrize(
    ("parameters", "param", "words"),
    [
        ({"prompt": ""}, "prompt", "not empty"),
        ({"prompt": []}, "prompt", "at least one"),
        ({"prompt": ["a", ""]}, "prompt[1]", "not empty"),
        ({"prompt": [1, 2]}, "prompt[0]", "no ids of tokens"),
        ({"prompt": [[1, 2]]}, "prompt[0]", "no ids of tokens"),
        ({"prompt": 3}, "prompt", "is a list"),
        ({"prompt": None}, "prompt", "is missing"),
        ({"suffix": "end"}, "suffix", "cannot be honoured"),
        ({"best_of": 2}, "best_of", "can only be n"),
        ({"best_of": 1, "n": 2}, "best_of", "can only be n"),
        ({"logprobs": 6}, "logprobs", "WebLLM gives no more"),
        ({"logprobs": True}, "logprobs", "integer"),
        ({"logprobs": 1, "echo": True}, "logprobs", "echo"),
        ({"echo": 1}, "echo", "True or False"),
        ({"ignore_eos": True, "stop": "."}, "ignore_eos", "stops at no text"),
        ({"n": 0}, "n", "integer"),
        ({"max_tokens": 0}, "max_tokens", "integer"),
        ({"temperature": 3}, "temperature", "0 to 2"),
        ({"seed": LARGEST, "n": 2}, "seed", "no room"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "stream=True"),
        ({"resumable": True}, "resumable", "chats only"),
        ({"messages": []}, "messages", "no parameter"),
        ({"tempreature": 1}, "tempreature", "temperature"),
    ],
    ids=repr,
)
def test_what_cannot_be_honoured_says_so_and_why(
    parameters: dict[str, Any], param: str, words: str
) -> None:
    error = refused(**parameters)
    assert error.param == param
    assert words in str(error)


def test_not_resumable_is_what_every_text_is() -> None:
    assert bodies(resumable=False) == ({"prompt": "Once"},)

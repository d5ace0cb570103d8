"""The stream of a text completion."""

from __future__ import annotations

from pywebllm.answers.stream import AnswerStream
from pywebllm.engine.streams import Runner
from pywebllm.types import Completion

from .call import CompletionCall
from .writer import CompletionWriter

__all__ = ["CompletionStream"]


class CompletionStream(AnswerStream[Completion, Completion]):
    """The chunks of a completion as in the OpenAI reference, and at the end the whole completion.

    The choices of several prompts, and of `n`, are generated one after another: choice i of a
    prompt has the index `prompt * n + i`. All chunks share `id`, `created` and `model`. `final`
    has the usage even if no chunk carries it.

    Args:
        runner: Makes the engine's requests.
        call: The checked request.
    """

    def __init__(self, runner: Runner, call: CompletionCall) -> None:
        # Created together, so that disposing of the engine ends all of them.
        sources = [runner.stream("completions", body, model=call.model) for body in call.bodies]
        super().__init__(sources, writer=CompletionWriter(call))

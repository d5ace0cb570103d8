"""A plain text that a model goes on with, while it is written."""

from __future__ import annotations

from pywebllm.answers.stream import AnswerStream
from pywebllm.engine.streams import Runner
from pywebllm.types import Completion

from .call import TextCall
from .writer import TextWriter

__all__ = ["CompletionStream"]


class CompletionStream(AnswerStream[Completion, Completion]):
    """The pieces of texts as in the OpenAI reference, and at the end the whole of them.

    Several prompts, and several texts for each (`n`), come one after another: text number i of
    a prompt has the index `prompt * n + i`. All chunks share `id`, `created` and `model`.
    `final` has the usage also when no chunk carries it.
    """

    def __init__(self, runner: Runner, call: TextCall) -> None:
        # All are made now, so that none of them outlives a disposal of the engine.
        sources = [runner.stream("completions", body, model=call.model) for body in call.bodies]
        super().__init__(sources, writer=TextWriter(call))

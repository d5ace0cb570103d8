"""A chat's answer while it is written: an async iterator of chunks that stops the engine."""

from __future__ import annotations

from pywebllm.answers.stream import AnswerStream
from pywebllm.engine.engine import Kind
from pywebllm.engine.streams import Runner
from pywebllm.types import ChatCompletion, ChatCompletionChunk

from .call import ChatCall
from .writer import ChatWriter

__all__ = ["ChatStream"]


class ChatStream(AnswerStream[ChatCompletionChunk, ChatCompletion]):
    """The chunks of an answer as in the OpenAI reference, and at the end the whole of it.

    `final` has the usage also when no chunk carries it. With several answers (`n`) one comes
    after the other; all chunks share `id`, `created` and `model`. `kind` is `resume` for an
    answer that was cut off: first comes what had been written. With `loads=False` the model is
    not loaded for it.
    """

    def __init__(
        self,
        runner: Runner,
        call: ChatCall,
        *,
        kind: Kind = "chat.completions",
        loads: bool = True,
    ) -> None:
        # All are made now, so that none of them outlives a disposal of the engine.
        sources = [runner.stream(kind, body, model=call.model, loads=loads) for body in call.bodies]
        super().__init__(sources, writer=ChatWriter(call))

"""The stream of a chat's answer."""

from __future__ import annotations

from pywebllm.answers.stream import AnswerStream
from pywebllm.engine.engine import Kind
from pywebllm.engine.streams import Runner
from pywebllm.types import ChatCompletion, ChatCompletionChunk

from .call import ChatCall
from .writer import ChatWriter

__all__ = ["ChatStream"]


class ChatStream(AnswerStream[ChatCompletionChunk, ChatCompletion]):
    """The chunks of an answer as in the OpenAI reference, and at the end the whole answer.

    `final` has the usage even if no chunk carries it. The choices of a request with `n` are
    generated one after another; all chunks share `id`, `created` and `model`.

    Args:
        runner: Makes the engine's requests.
        call: The checked request.
        kind: `resume` to resume an interrupted answer; its first chunk is the text written so far.
        loads: False to refuse the request unless the model is loaded, or is being loaded.
    """

    def __init__(
        self,
        runner: Runner,
        call: ChatCall,
        *,
        kind: Kind = "chat.completions",
        loads: bool = True,
    ) -> None:
        # Created together, so that disposing of the engine ends all of them.
        sources = [runner.stream(kind, body, model=call.model, loads=loads) for body in call.bodies]
        super().__init__(sources, writer=ChatWriter(call))

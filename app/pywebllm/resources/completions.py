"""`client.completions`: text completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack, overload

from pywebllm.api import Api
from pywebllm.request.body import request_body
from pywebllm.types import Completion

from .parameters import CompletionParameters
from .signature import spelled_out
from .timeouts import read_timeout, started, whole

if TYPE_CHECKING:
    from pywebllm.completions import CompletionStream

__all__ = ["Completions"]


class Completions:
    """The "Completions" section of the OpenAI API reference: no roles, no chat template."""

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self._api = api
        self._timeout = timeout

    @overload
    async def create(
        self, *, stream: Literal[True], **parameters: Unpack[CompletionParameters]
    ) -> CompletionStream: ...

    @overload
    async def create(
        self, *, stream: Literal[False] | None = None, **parameters: Unpack[CompletionParameters]
    ) -> Completion: ...

    @overload
    async def create(
        self, *, stream: bool | None, **parameters: Unpack[CompletionParameters]
    ) -> Completion | CompletionStream: ...

    @spelled_out(CompletionParameters)
    async def create(
        self, *, stream: bool | None = None, **parameters: Unpack[CompletionParameters]
    ) -> Completion | CompletionStream:
        """Create a completion of a prompt; `CompletionParameters` documents the parameters.

        Returns the whole completion, or with `stream=True` a stream, once the model is loaded and
        the request has been made. The stream is an async iterator of chunks and an async context
        manager; leaving it stops the model. After its end `final` is the whole completion.

        Reference: https://platform.openai.com/docs/api-reference/completions/create

        On cancellation the model stops and is free for the next request.

        Raises:
            InvalidRequestError: A parameter is unknown, out of range or not supported; `param`
                is its path.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or failed.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        body = request_body(parameters, stream=stream)
        if stream:
            return await started(self._api.completion(body), timeout=timeout)
        return await whole(self._api.completion(body), timeout=timeout)

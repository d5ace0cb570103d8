"""`client.completions`: plain texts, continued."""

from __future__ import annotations

from typing import Literal, Unpack, overload

from pywebllm.api import Api
from pywebllm.completions.stream import CompletionStream
from pywebllm.types import Completion

from .body import read_timeout, request_body
from .parameters import CompletionParameters
from .signature import spelled_out
from .timeouts import started, whole

__all__ = ["Completions"]


class Completions:
    """The section "Completions" of the OpenAI API reference: no roles, no template."""

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

    @spelled_out
    async def create(
        self, *, stream: bool | None = None, **parameters: Unpack[CompletionParameters]
    ) -> Completion | CompletionStream:
        """Continue a text; see `CompletionParameters` for what it takes.

        With `stream=True` it returns a stream, an async iterator and async context manager, once
        the model is loaded and the request has been made; else the whole text. Leaving the
        stream stops the model.

        Reference: https://platform.openai.com/docs/api-reference/completions/create

        Cancelled, the model stops and is free for the next request.

        Raises:
            InvalidRequestError: A parameter cannot be honoured.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or not answer.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        body = request_body(parameters, stream=stream)
        if stream:
            return await started(self._api.completion(body), timeout=timeout)
        return await whole(self._api.completion(body), timeout=timeout)

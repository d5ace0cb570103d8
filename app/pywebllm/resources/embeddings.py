"""`client.embeddings`: vectors that stand for the meaning of texts."""

from __future__ import annotations

import asyncio
from typing import Unpack

from pywebllm.api import Api
from pywebllm.types import CreateEmbeddingResponse

from .body import read_timeout, request_body
from .parameters import EmbeddingParameters
from .signature import spelled_out

__all__ = ["Embeddings"]


class Embeddings:
    """The section "Embeddings" of the OpenAI API reference.

    It needs a model that makes embeddings: `models.list()` names them by `kind`.
    """

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self._api = api
        self._timeout = timeout

    @spelled_out
    async def create(self, **parameters: Unpack[EmbeddingParameters]) -> CreateEmbeddingResponse:
        """Return one vector for each input; see `EmbeddingParameters` for what it takes.

        Reference: https://platform.openai.com/docs/api-reference/embeddings/create

        Cancelled, the work stops and the engine is free for the next request.

        Raises:
            InvalidRequestError: A parameter cannot be honoured, or the model makes no embeddings.
            TimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or not answer.
        """
        async with asyncio.timeout(read_timeout(parameters.get("timeout"), self._timeout)):
            return await self._api.embedding(request_body(parameters))

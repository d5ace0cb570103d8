"""`client.embeddings`: vectors that stand for the meaning of texts."""

from __future__ import annotations

from typing import Literal, Unpack, overload

from pywebllm.api import Api
from pywebllm.types import CreateEmbeddingResponse

from .body import read_timeout, request_body
from .parameters import EmbeddingParameters
from .signature import spelled_out
from .timeouts import within

__all__ = ["Embeddings"]


class Embeddings:
    """The section "Embeddings" of the OpenAI API reference.

    It needs a model that makes embeddings: `models.list()` names them by `kind`.
    """

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self._api = api
        self._timeout = timeout

    @overload
    async def create(
        self,
        *,
        encoding_format: Literal["float"] | None = None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...]]: ...

    @overload
    async def create(
        self,
        *,
        encoding_format: Literal["base64"],
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[str]: ...

    @overload
    async def create(
        self,
        *,
        encoding_format: Literal["float", "base64"] | None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]: ...

    @spelled_out
    async def create(
        self,
        *,
        encoding_format: Literal["float", "base64"] | None = None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
        """Return one vector for each input; see `EmbeddingParameters` for what it takes.

        A vector is a tuple of numbers; with `encoding_format="base64"` it is base64 text of
        little-endian 32-bit floats. Its length is the model's own.

        Reference: https://platform.openai.com/docs/api-reference/embeddings/create

        Cancelled, the work stops and the engine is free for the next request.

        Raises:
            InvalidRequestError: A parameter cannot be honoured, or the model makes no embeddings.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or not answer.
        """
        async with within(read_timeout(parameters.get("timeout"), self._timeout)):
            return await self._api.embedding(
                request_body(parameters, encoding_format=encoding_format)
            )

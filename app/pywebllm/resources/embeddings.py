"""`client.embeddings`: vectors that represent text."""

from __future__ import annotations

from typing import Literal, Unpack, overload

from pywebllm.api import Api
from pywebllm.request.body import request_body
from pywebllm.types import CreateEmbeddingResponse

from .parameters import EmbeddingParameters
from .signature import spelled_out
from .timeouts import read_timeout, within

__all__ = ["Embeddings"]


class Embeddings:
    """The "Embeddings" section of the OpenAI API reference.

    It needs an embedding model: in `models.list()` those have the `kind` `embedding`.
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

    @spelled_out(EmbeddingParameters)
    async def create(
        self,
        *,
        encoding_format: Literal["float", "base64"] | None = None,
        **parameters: Unpack[EmbeddingParameters],
    ) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
        """Create one vector for each input; `EmbeddingParameters` documents the parameters.

        A vector is a tuple of floats, or with `encoding_format="base64"` a base64 string of
        little-endian 32-bit floats.

        Reference: https://platform.openai.com/docs/api-reference/embeddings/create

        On cancellation the work stops, and the engine is free for the next request.

        Raises:
            InvalidRequestError: A parameter is unknown, out of range or not supported, or the
                model does not support embeddings.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or failed.
        """
        async with within(read_timeout(parameters.get("timeout"), self._timeout)):
            return await self._api.embedding(
                request_body(parameters, encoding_format=encoding_format)
            )

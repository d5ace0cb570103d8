"""`client.models`: what a request can name as its model."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Generator
from typing import Any

from pywebllm.api import Api
from pywebllm.types import ModelInfo, ModelList

__all__ = ["Models", "ModelsRequest"]


class ModelsRequest(Awaitable[ModelList], AsyncIterable[ModelInfo]):
    """The models, once they are awaited or gone through by `async for`; each time anew."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def __await__(self) -> Generator[Any, None, ModelList]:
        return self._listed().__await__()

    async def __aiter__(self) -> AsyncIterator[ModelInfo]:
        for model in await self:
            yield model

    async def _listed(self) -> ModelList:
        return ModelList(data=await self._api.models())


class Models:
    """The section "Models" of the OpenAI API reference; nothing is loaded by asking."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(self) -> ModelsRequest:
        """Return the built-in model, then the client's own records, then WebLLM's list.

        As in the official SDK, `async for model in client.models.list()` works, and so does
        `(await client.models.list()).data`, which is a sequence by itself, too.

        Reference: https://platform.openai.com/docs/api-reference/models/list

        Cancelled, nothing is left behind.

        Raises:
            WebLLMError: The bridge could not be opened.
        """
        return ModelsRequest(self._api)

    async def retrieve(self, model: str) -> ModelInfo:
        """Return the model with this id.

        Reference: https://platform.openai.com/docs/api-reference/models/retrieve

        Cancelled, nothing is left behind.

        Raises:
            ModelNotFoundError: Nobody knows it.
            WebLLMError: The bridge could not be opened.
        """
        return await self._api.model(model)

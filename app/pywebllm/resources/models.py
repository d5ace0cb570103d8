"""`client.models`: the models that a request can name."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Generator
from typing import Any

from pywebllm.api import Api
from pywebllm.types import ModelInfo, ModelList

__all__ = ["Models", "ModelsRequest"]


class ModelsRequest(Awaitable[ModelList], AsyncIterable[ModelInfo]):
    """A request for the models; each `await` or `async for` makes it again."""

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
    """The "Models" section of the OpenAI API reference; its methods do not load models."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(self) -> ModelsRequest:
        """List the built-in model, then the client's custom records, then WebLLM's models.

        As in the official SDK, iterate with `async for model in client.models.list()`, or use
        `(await client.models.list()).data`; the awaited list is also a sequence itself.

        Reference: https://platform.openai.com/docs/api-reference/models/list

        Cancellation has no side effects.

        Raises:
            WebLLMError: The bridge could not be opened.
        """
        return ModelsRequest(self._api)

    async def retrieve(self, model: str) -> ModelInfo:
        """Return the model with this ID.

        Reference: https://platform.openai.com/docs/api-reference/models/retrieve

        Cancellation has no side effects.

        Raises:
            ModelNotFoundError: No model has it.
            WebLLMError: The bridge could not be opened.
        """
        return await self._api.model(model)

"""`client.models`: what a request can name as its model."""

from __future__ import annotations

from pywebllm.api import Api
from pywebllm.types import ModelInfo

__all__ = ["Models"]


class Models:
    """The section "Models" of the OpenAI API reference; nothing is loaded by asking."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self) -> tuple[ModelInfo, ...]:
        """Return the built-in model, then the client's own records, then WebLLM's list.

        Reference: https://platform.openai.com/docs/api-reference/models/list

        Cancelled, nothing is left behind.

        Raises:
            WebLLMError: The bridge could not be opened.
        """
        return await self._api.models()

    async def retrieve(self, model: str) -> ModelInfo:
        """Return the model with this id.

        Reference: https://platform.openai.com/docs/api-reference/models/retrieve

        Cancelled, nothing is left behind.

        Raises:
            ModelNotFoundError: Nobody knows it.
            WebLLMError: The bridge could not be opened.
        """
        return await self._api.model(model)

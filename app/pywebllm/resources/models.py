"""`client.models`: the models that a request can name."""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Mapping,
)
from typing import TYPE_CHECKING, Any

from pywebllm.api import Api
from pywebllm.records import Model, ModelRecord
from pywebllm.types import ModelInfo, ModelList

if TYPE_CHECKING:
    from pywebllm.types import (
        CachedModel,
        DownloadProgress,
        ModelDeleted,
        StorageInfo,
        Verification,
    )

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
    """The "Models" section of the OpenAI API reference, and the files of models in the browser.

    No method loads a model.
    """

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

    def register(self, record: ModelRecord | Mapping[str, Any]) -> None:
        """Let requests of this client name a custom record by its `model_id`.

        As `records` of the client does; nothing is loaded or downloaded.

        Raises:
            InvalidRequestError: It is not a model record, or another model has its ID.
        """
        self._api.register(record)

    def unregister(self, model: str) -> None:
        """Forget the custom record with this ID; do nothing if there is none.

        Its files stay, see `delete`, and so does the model while it is loaded.

        Raises:
            InvalidRequestError: It is the client's default model.
        """
        self._api.unregister(model)

    async def retrieve(self, model: str) -> ModelInfo:
        """Return the model with this ID.

        Reference: https://platform.openai.com/docs/api-reference/models/retrieve

        Cancellation has no side effects.

        Raises:
            ModelNotFoundError: No model has it.
            WebLLMError: The bridge could not be opened.
        """
        return await self._api.model(model)

    async def download(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[DownloadProgress], object] | None = None,
    ) -> CachedModel:
        """Download a model, so that a later load finds all its files in the browser.

        What is stored already is not downloaded again. A broken connection is continued inside the
        file, and so is a download that was stopped, or whose page was closed: call this again.
        Several downloads of a client run one after another; two tabs never download the same file.
        Every file is checked before it counts, as in a load.

        Args:
            model: As for `load`; None: the client's default model.
            on_progress: A plain function, called with each `DownloadProgress`. An exception that
                it raises ends the download.

        Cancelled, the download stops, and what has arrived is kept.

        Raises:
            DownloadError: A file could not be fetched, also after several attempts.
            StorageError: It does not fit; if the browser says so, before any weights are fetched.
            IntegrityError: A file is not the expected one.
            SupportError: This page cannot store files.
            WebLLMError: Any other error; the download can be tried again.
            TypeError: `on_progress` is not a function, or is a coroutine function.
        """
        return await self._api.download(model, on_progress)

    async def cached(self) -> tuple[CachedModel, ...]:
        """List the models of which the browser has files, complete or not.

        Cancellation has no side effects.

        Raises:
            WebLLMError: The storage could not be read.
        """
        return await self._api.cached_models()

    async def verify(
        self,
        model: Model = None,
        *,
        repair: bool = True,
        on_progress: Callable[[DownloadProgress], object] | None = None,
    ) -> Verification:
        """Read all stored files of a model, and download those again that are damaged or missing.

        Weights are checked against the checksums of the model's list of weights, other files
        against that of their download.

        Args:
            model: As for `load`; None: the client's default model.
            repair: False only checks, and changes nothing.
            on_progress: As for `download`.

        Cancelled, the work stops, and can be begun again.

        Raises:
            DownloadError: A file could not be fetched.
            WebLLMError: The storage could not be read or written.
            TypeError: `on_progress` is not a function, or is a coroutine function.
        """
        return await self._api.verify(model, on_progress, repair=repair)

    async def delete(self, model: str) -> ModelDeleted:
        """Delete the stored files of the model with this ID, as listed by `cached`.

        Files that another stored model uses stay. A loaded model stays loaded.

        Reference: https://platform.openai.com/docs/api-reference/models/delete

        Cancelled, it may be deleted nevertheless.

        Raises:
            ModelNotFoundError: No stored model has it.
            InvalidRequestError: It is being downloaded or loaded, here or in another tab.
            WebLLMError: The storage could not be changed.
        """
        return await self._api.delete_model(model)

    async def delete_all(self) -> tuple[ModelDeleted, ...]:
        """Delete the stored files of all models. Cancelled, they may be deleted nevertheless.

        Raises:
            InvalidRequestError: One is being downloaded or loaded; the others are deleted.
            WebLLMError: The storage could not be changed.
        """
        return await self._api.delete_all_models()

    async def storage(self) -> StorageInfo:
        """Return how much storage this site uses, and may use. Cancellation has no side effects.

        Raises:
            WebLLMError: The bridge could not be opened.
        """
        return await self._api.storage()

    async def persist(self) -> bool:
        """Ask the browser to keep the files of this site until the visitor deletes them.

        Otherwise it may evict them when the disk is full. Some browsers ask the visitor, others
        decide by themselves. Python in a worker cannot ask.

        Cancellation has no side effects.

        Returns:
            Whether the browser keeps them.

        Raises:
            WebLLMError: The bridge could not be opened.
        """
        return await self._api.persist()

"""`AsyncWebLLM`: the models in the page, in the shape of `openai.AsyncOpenAI`.

A façade: it puts a pool of engines, the endpoints over it and the resources together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from .api import Api
from .bridge import Bridge
from .browser import check_support, open_bridge
from .closing import AsyncClosing
from .engine.pool import Pool
from .records import Model, ModelRecord, id_of
from .resources import Chat, Completions, Embeddings, Models, Sessions
from .resources.timeouts import read_timeout
from .values import LoadProgress, Support

__all__ = ["AsyncWebLLM"]


class AsyncWebLLM(AsyncClosing):
    """Language models on the visitor's own GPU, in the shape of `openai.AsyncOpenAI`.

        async with AsyncWebLLM() as llm:
            reply = await llm.chat.completions.create(
                messages=[{"role": "user", "content": "Hello"}]
            )
            print(reply.text)

    The first request loads the model by itself; `load` does it before, and tells how far it is.
    Requests to a model queue and are answered in their order. Each can be cancelled at any
    moment, by cancelling the task, `asyncio.timeout`, `timeout=` or leaving the stream: the
    engine stops, and the next request starts. Leaving `async with` frees everything; so does
    dropping the client, which may come late, and gives a `ResourceWarning`.

    Args:
        model: For requests that name none: None for the built-in model, an id of `models.list()`,
            or a custom record (`ModelRecord`, or a mapping with WebLLM's keys).
        records: Custom records that requests can name by `model_id`.
        max_models: How many models may be in the GPU at once, from 1. One more than that takes
            the place of the one that was used least recently.
        assets_url: The folder that serves `webllm_bridge.js`, `webllm.js` and `models/`, may be
            relative to the page. None: the files that the wheel carries.
        bridge: Opens a bridge in another way, for example
            `functools.partial(open_bridge, assets_url="./", thread="main")`; called once for
            each model that is there at the same time.
        timeout: Seconds above 0, for requests that bring none; see `RequestOptions`. None: wait
            for ever.

    Attributes:
        chat: Conversations: `chat.completions`.
        completions: Plain texts.
        embeddings: Vectors.
        models: What can be named as `model`.
        sessions: Answers that outlive the tab.
        api: The same endpoints with bodies as in the OpenAI API reference instead of keywords.

    Raises:
        InvalidRequestError: An argument is wrong.
    """

    def __init__(
        self,
        model: Model = None,
        *,
        records: Iterable[ModelRecord] = (),
        max_models: int = 1,
        assets_url: str | None = None,
        bridge: Callable[[], Awaitable[Bridge]] | None = None,
        timeout: float | None = None,
    ) -> None:
        if bridge is not None and assets_url is not None:
            raise TypeError("give assets_url to the function that opens the bridge, not to both")
        limit = read_timeout(timeout)
        opener = bridge or partial(open_bridge, assets_url=assets_url)
        self._check = _check_of(opener)
        self._pool = Pool(
            opener,
            model=model,
            records=records,
            max_models=max_models,
        )
        self.api = Api(self._pool)
        self.chat = Chat(self.api, timeout=limit)
        self.completions = Completions(self.api, timeout=limit)
        self.embeddings = Embeddings(self.api, timeout=limit)
        self.models = Models(self.api)
        self.sessions = Sessions(self.api, timeout=limit)

    @property
    def default(self) -> str | ModelRecord | None:
        """What requests mean that name no model: an id or a record; None is the built-in one."""
        return self._pool.default

    @property
    def was_used(self) -> bool:
        """True once it was asked for something that needs an engine, so that it is to be closed."""
        return self._pool.was_used

    def is_loaded(self, model: Model = None) -> bool:
        """Return True while the model, None: the client's own, is in the GPU and answers.

        Raises:
            InvalidRequestError: `model` names no model.
        """
        return id_of(self._pool.resolve(model)) in self._pool.loaded

    async def check_support(self) -> Support:
        """Tell whether this browser can run a model, before anything large is downloaded.

        It asks by the files that the client itself uses, where `bridge` is `open_bridge` or a
        `functools.partial` of it; else by those that the wheel carries. Cancelled, nothing is
        left behind.

        Raises:
            SupportError, AssetsError, DownloadError: As `pywebllm.check_support`.
        """
        return await self._check()

    async def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
    ) -> None:
        """Load a model, None: the client's own, and return when it answers.

        A model that is loaded stays. `on_progress`, a plain function, hears a ratio from 0 to 1
        that never falls; what it raises ends the load. When it hears of the phase `ready`, the
        model is there, and stays.

        Cancelled, the load stops, unless another caller waits for it too, and can be tried again.

        Raises:
            WebLLMError: The load failed; it can be tried again.
            TypeError: `on_progress` is no function, or a coroutine function.
        """
        await self._pool.load(model, on_progress=on_progress)

    async def unload(self, model: Model = None) -> None:
        """Free a model, None: the client's own, and its GPU memory; nothing when it is not there.

        Its requests end with `DisposedError`; the next one loads it again.

        Cancelled, it is freed all the same, a moment later.
        """
        await self._pool.unload(model)

    async def close(self) -> None:
        """Free all models, their workers and the GPU memory. May be called again, and at once.

        Running loads and answers end with `DisposedError`. A later request starts anew.

        Cancelled, everything is freed all the same, a moment later.
        """
        await self._pool.dispose()

    async def _leave(self) -> None:
        await self.close()


def _check_of(opener: Callable[[], Awaitable[Bridge]]) -> Callable[[], Awaitable[Support]]:
    if not isinstance(opener, partial) or opener.func is not open_bridge:
        return check_support
    shared = ("assets_url", "module")
    return partial(check_support, **{k: v for k, v in opener.keywords.items() if k in shared})

"""`AsyncWebLLM`: the models in the page, in the shape of `openai.AsyncOpenAI`.

It assembles a pool of engines, the endpoints over it and the resources; it has no logic itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Literal

from .api import Api
from .bridge import Bridge
from .browser import check_support, open_bridge
from .closing import AsyncClosing
from .echo import shown
from .engine.pool import Pool
from .events import Event
from .records import Model, ModelRecord, id_of
from .request.checks import one_of
from .request.duration import read_keep_alive
from .resources import Chat, Completions, Embeddings, Models, Sessions
from .resources.timeouts import loading, read_stall_timeout, read_timeout
from .values import EngineChoice, LoadProgress, Support

__all__ = ["AsyncWebLLM", "check_client"]

_ENGINE = one_of("auto", "webllm", "wllama")


class AsyncWebLLM(AsyncClosing):
    """Language models on the visitor's own GPU, in the shape of `openai.AsyncOpenAI`.

        async with AsyncWebLLM() as llm:
            reply = await llm.chat.completions.create(
                messages=[{"role": "user", "content": "Hello"}]
            )
            print(reply.text)

    The first request loads the model; call `load` to load it earlier and to report progress.
    Requests to one model are queued and answered in order. Each can be cancelled at any time, by
    cancelling the task, `asyncio.timeout`, `timeout=` or leaving the stream: the engine stops, and
    the next request starts.

    Leaving `async with` frees everything. A client that is dropped without `close` is freed when
    it is garbage collected, which may be late, and emits a `ResourceWarning`.

    Args:
        model: The default model of requests: None for the built-in model, an id of
            `models.list()`, or a custom record (`ModelRecord`, or a mapping with WebLLM's keys).
        records: Custom records that requests can name by `model_id`.
        max_models: The maximum number of models on the GPU at once, at least 1. A further model
            replaces the least recently used one.
        assets_url: The folder that serves `webllm_bridge.js`, `webllm.js` and `models/`, absolute
            or relative to the page. None: the files in the installed wheel.
        bridge: Opens a bridge, for example
            `functools.partial(open_bridge, assets_url="./", thread="main")`; called once for
            each model that is loaded at the same time. None: `open_bridge` with `assets_url`.
        timeout: Seconds above 0, for requests without their own `timeout`; see `RequestOptions`.
            None: no limit.
        stall_timeout: Seconds above 0 without any progress, not one byte, after which a load
            fails with `RequestTimeoutError`. None: no limit.
        engine: The engine of the built-in model: `webllm` (WebLLM on the GPU), `wllama`
            (llama.cpp on the processor), or `auto`: `wllama` if it is installed and the browser
            has no GPU, emulates one, has one that is too small, or has lost it twice; else
            `webllm`. Other models run on the engine that they are made for.
        share: True to share the models with all pages of this origin, where the browser can: one
            copy for all tabs, which is still there after a reload; see `shared`.
        keep_alive: How long a shared model stays loaded after its last request, as for Ollama:
            seconds, or a duration such as `"5m"` or `"1h30m"`; 0: it is unloaded after each
            answer; negative: indefinitely.

    Attributes:
        chat: Conversations: `chat.completions`.
        completions: Text completions.
        embeddings: Embedding vectors.
        models: The models that can be requested.
        sessions: Resumable answers, which outlive the tab.
        api: The same endpoints with request bodies as in the OpenAI API reference, instead of
            keyword arguments.

    Raises:
        InvalidRequestError: An argument is invalid.
        TypeError: Both `bridge` and `assets_url` are given, or both `bridge` and `share`.
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
        stall_timeout: float | None = 60.0,
        engine: Literal["auto", "webllm", "wllama"] = "auto",
        share: bool = False,
        keep_alive: float | str = "5m",
    ) -> None:
        _ENGINE("engine", engine)
        for name, given in (
            ("assets_url", assets_url is not None),
            ("engine", engine != "auto"),
            ("share", share),
        ):
            if bridge is not None and given:
                raise TypeError(f"pass `{name}` to the function `bridge`, not to the client")
        limit = read_timeout(timeout)
        opener = bridge or partial(
            open_bridge,
            assets_url=assets_url,
            engine=engine,
            share=share,
            keep_alive=read_keep_alive(keep_alive),
            max_models=max_models,
        )
        self._check = _check_of(opener)
        self._pool = Pool(
            opener,
            model=model,
            records=records,
            max_models=max_models,
            stall_timeout=read_stall_timeout(stall_timeout),
        )
        self.api = Api(self._pool)
        self.chat = Chat(self.api, timeout=limit)
        self.completions = Completions(self.api, timeout=limit)
        self.embeddings = Embeddings(self.api, timeout=limit)
        self.models = Models(self.api)
        self.sessions = Sessions(self.api, timeout=limit)

    @property
    def default(self) -> str | ModelRecord | None:
        """The model of requests that name none: an id or a record; None is the built-in one."""
        return self._pool.default

    @property
    def shared(self) -> bool | None:
        """Whether this client shares its models with the other pages of this origin.

        False if `share` was not given, or this browser has no SharedWorker that outlives its
        pages: then the client has a worker of its own. None before the first load or request.
        """
        return self._pool.is_shared

    @property
    def was_used(self) -> bool:
        """True once an engine was needed, so that the client should be closed."""
        return self._pool.was_used

    @property
    def engine(self) -> Literal["webllm", "wllama"] | None:
        """The engine that runs the model of the last request; None before the first load."""
        return self._pool.kind

    @property
    def engine_changed(self) -> Event[EngineChoice]:
        """Reports the engine of each model that runs on another one than the model before."""
        return self._pool.engine_changed

    def is_loaded(self, model: Model = None) -> bool:
        """Return True while a model is loaded and answers.

        Args:
            model: As for the constructor; None: the client's default model.

        Raises:
            InvalidRequestError: `model` is not a model.
        """
        return id_of(self._pool.resolve(model)) in self._pool.loaded

    def in_use_by(self, model: Model = None) -> int:
        """Return how many other clients, in this page or in others, use a shared model.

        Args:
            model: As for the constructor; None: the client's default model.

        Raises:
            InvalidRequestError: `model` is not a model.
        """
        return self._pool.in_use_by(model)

    async def check_support(self) -> Support:
        """Return whether this browser can run a model, before anything large is downloaded.

        It uses the client's own `webllm_bridge.js` if `bridge` is a `functools.partial` of
        `open_bridge` or not given; otherwise the one in the installed wheel.

        Cancelled, nothing is left open.

        Raises:
            SupportError: Python does not run in a browser, or the page's policy blocks the bridge.
            AssetsError: No `assets_url` was given, and this installation contains no files.
            DownloadError: `webllm_bridge.js` could not be imported.
        """
        return await self._check()

    async def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> None:
        """Load a model and return when it answers.

        Nothing happens if it is loaded already.

        Args:
            model: As for the constructor; None: the client's default model.
            on_progress: A plain function, called with each `LoadProgress`. Its ratio goes from
                0 to 1 and never decreases; its last phase is `ready`, when the model is loaded.
                An exception that it raises ends the load, except at `ready`: the model stays.
            timeout: Seconds above 0 for the whole load, including the wait for requests that run;
                None: no limit but the client's `stall_timeout`.

        Cancelled or timed out, the load stops unless another caller waits for it, and can be
        tried again; completed downloads are cached.

        Raises:
            RequestTimeoutError: It took longer than `timeout`, or made no progress.
            WebLLMError: The load failed; it can be tried again.
            TypeError: `on_progress` is not a function, or is a coroutine function.
        """
        async with loading(read_timeout(timeout)):
            await self._pool.load(model, on_progress=on_progress)

    async def unload(self, model: Model = None, *, force: bool = False) -> None:
        """Free a model and its GPU memory; do nothing if it is not loaded.

        Its running and queued requests end with `DisposedError`; a later one loads it again. A
        shared model stays for the other clients that use it, see `in_use_by`.

        Args:
            model: As for the constructor; None: the client's default model.
            force: True to free a shared model in any case: running requests of other clients end
                with `ModelUnloadedError`, and their next ones load it again.

        Cancelled, it is freed nevertheless, in the background.

        Raises:
            InvalidRequestError: `model` is not a model.
        """
        await self._pool.unload(model, force=force)

    async def close(self) -> None:
        """Free all models, their workers and the GPU memory. May be called again at any time.

        Shared models stay for as long as `keep_alive` says.

        Running loads and answers end with `DisposedError`. A later load or request starts new
        workers, so the client stays usable.

        Cancelled, everything is freed nevertheless, in the background.
        """
        await self._pool.dispose()

    async def _leave(self) -> None:
        await self.close()


def _check_of(opener: Callable[[], Awaitable[Bridge]]) -> Callable[[], Awaitable[Support]]:
    if not isinstance(opener, partial) or opener.func is not open_bridge:
        return check_support
    shared = ("assets_url", "module", "engine")
    return partial(check_support, **{k: v for k, v in opener.keywords.items() if k in shared})


def check_client(client: object) -> None:
    """Check that `client` is an `AsyncWebLLM` or None.

    Raises:
        TypeError: It is not.
    """
    if client is not None and not isinstance(client, AsyncWebLLM):
        raise TypeError(f"client must be an AsyncWebLLM, got {shown(client)}")

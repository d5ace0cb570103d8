"""`WebLLM`: the synchronous twin of `AsyncWebLLM`, for browsers with JSPI.

Each method waits for the method of the same name; nothing else happens here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Literal

from pywebllm import browser
from pywebllm.bridge import Bridge
from pywebllm.client import AsyncWebLLM
from pywebllm.closing import Closing
from pywebllm.errors import SupportError
from pywebllm.events import Event
from pywebllm.records import Model, ModelRecord
from pywebllm.values import EngineChoice, LoadProgress, Support

from .documentation import documented_as
from .resources import SyncChat, SyncCompletions, SyncEmbeddings, SyncModels, SyncSessions
from .streams import Wait

__all__ = ["WebLLM"]


class WebLLM(Closing):
    """Language models on the visitor's own GPU, in the shape of `openai.OpenAI`.

        with WebLLM() as llm:
            print(llm.chat.completions.create(messages=[{"role": "user", "content": "Hi"}]).text)

    Methods, parameters and errors are those of `AsyncWebLLM`; streams are plain iterators. While
    a call waits, the page stays responsive and other tasks run.

    It needs JavaScript Promise Integration (JSPI: Chrome and Edge 137, Firefox 153, Safari 27),
    and Python code that was started in a way that can be suspended: by `runPythonAsync` or as a
    PyScript script, but not in a plain event callback. Elsewhere use `AsyncWebLLM`.

    Args:
        model: As for `AsyncWebLLM`, and so are `records`, `max_models`, `assets_url`, `bridge`,
            `timeout`, `stall_timeout`, `engine`, `share` and `keep_alive`.
        records: Custom records that requests can name by `model_id`.
        max_models: The maximum number of models on the GPU at once, at least 1.
        assets_url: The folder that serves the files of the library.
        bridge: Opens a bridge.
        timeout: Seconds above 0, for requests without their own `timeout`.
        stall_timeout: Seconds above 0 without any progress, after which a load fails.
        engine: The engine of the built-in model.
        share: True to share the models with all pages of this origin.
        keep_alive: How long a shared model stays loaded after its last request.
        wait: Runs an awaitable to its end and returns its result.

    Attributes:
        chat: Conversations: `chat.completions`.
        completions: Text completions.
        embeddings: Embedding vectors.
        models: The models that can be requested.
        sessions: Resumable answers, which outlive the tab.

    Raises:
        InvalidRequestError: An argument is invalid.
        SupportError: By the first method that must wait, if this Python code cannot. Creating a
            client never raises it.
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
        wait: Wait = browser.run_sync,
    ) -> None:
        self._wait = wait
        self._client = AsyncWebLLM(
            model,
            records=records,
            max_models=max_models,
            assets_url=assets_url,
            bridge=bridge,
            timeout=timeout,
            stall_timeout=stall_timeout,
            engine=engine,
            share=share,
            keep_alive=keep_alive,
        )
        self.chat = SyncChat(self._client.chat, wait)
        self.completions = SyncCompletions(self._client.completions, wait)
        self.embeddings = SyncEmbeddings(self._client.embeddings, wait)
        self.models = SyncModels(self._client.models, wait)
        self.sessions = SyncSessions(self._client.sessions, wait)

    @property
    def engine(self) -> Literal["webllm", "wllama"] | None:
        """The engine that runs the model of the last request; None before the first load."""
        return self._client.engine

    @property
    def engine_changed(self) -> Event[EngineChoice]:
        """Reports the engine of each model that runs on another one than the model before."""
        return self._client.engine_changed

    @property
    def shared(self) -> bool | None:
        """Whether this client shares its models; see `AsyncWebLLM.shared`."""
        return self._client.shared

    @documented_as(AsyncWebLLM.in_use_by)
    def in_use_by(self, model: Model = None) -> int:
        """Return how many other clients, in this page or in others, use a shared model."""
        return self._client.in_use_by(model)

    @documented_as(AsyncWebLLM.is_loaded)
    def is_loaded(self, model: Model = None) -> bool:
        """Return True while a model is loaded and answers."""
        return self._client.is_loaded(model)

    @documented_as(AsyncWebLLM.check_support)
    def check_support(self) -> Support:
        """Return whether this browser can run a model, before anything large is downloaded."""
        return self._wait(self._client.check_support())

    @documented_as(AsyncWebLLM.load)
    def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Load a model and return when it answers."""
        self._wait(self._client.load(model, on_progress=on_progress, timeout=timeout))

    @documented_as(AsyncWebLLM.unload)
    def unload(self, model: Model = None, *, force: bool = False) -> None:
        """Free a model and its GPU memory; do nothing if it is not loaded."""
        self._wait(self._client.unload(model, force=force))

    @documented_as(AsyncWebLLM.close)
    def close(self) -> None:
        """Free all models, their workers and the GPU memory; do nothing if none was used."""
        if self._client.was_used:
            self._wait(self._client.close())

    def _leave(self, error: BaseException | None) -> None:
        try:
            self.close()
        except SupportError:
            # An error of the block is the cause, and says more than that this code cannot wait.
            if error is None:
                raise

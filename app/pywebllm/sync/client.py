"""`WebLLM`: what `AsyncWebLLM` does, without `await`, in browsers that can wait (JSPI).

Each method waits for the method of the same name; nothing else happens here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self

from pywebllm import browser
from pywebllm.bridge import Bridge
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import SupportError
from pywebllm.records import Model, ModelRecord
from pywebllm.values import LoadProgress, Support

from .resources import SyncChat, SyncCompletions, SyncEmbeddings, SyncModels, SyncSessions
from .streams import Wait

__all__ = ["WebLLM"]


class WebLLM:
    """Language models on the visitor's own GPU, in the shape of `openai.OpenAI`.

        with WebLLM() as llm:
            print(llm.chat.completions.create(messages=[{"role": "user", "content": "Hi"}]).text)

    Methods, arguments and errors are those of `AsyncWebLLM`; streams are plain iterators. While
    a call waits, the page goes on and other tasks run. It needs WebAssembly JSPI (Chrome 137,
    Firefox 153, Safari 27) and Python that was started so that it may wait, as by `runPythonAsync`
    or a PyScript script; a plain callback of an event is not. Elsewhere use `AsyncWebLLM`.

    `wait` is what runs an awaitable to its end.

    Raises:
        SupportError: By the first call that must wait: this Python cannot. Making one is fine.
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
        )
        self.chat = SyncChat(self._client.chat, wait)
        self.completions = SyncCompletions(self._client.completions, wait)
        self.embeddings = SyncEmbeddings(self._client.embeddings, wait)
        self.models = SyncModels(self._client.models, wait)
        self.sessions = SyncSessions(self._client.sessions, wait)

    def is_loaded(self, model: Model = None) -> bool:
        """Do what `AsyncWebLLM.is_loaded` does."""
        return self._client.is_loaded(model)

    def check_support(self) -> Support:
        """Do what `AsyncWebLLM.check_support` does."""
        return self._wait(self._client.check_support())

    def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
    ) -> None:
        """Do what `AsyncWebLLM.load` does."""
        self._wait(self._client.load(model, on_progress=on_progress))

    def unload(self, model: Model = None) -> None:
        """Do what `AsyncWebLLM.unload` does."""
        self._wait(self._client.unload(model))

    def close(self) -> None:
        """Do what `AsyncWebLLM.close` does; nothing where nothing was opened."""
        if self._client.was_used:
            self._wait(self._client.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except SupportError:
            # The caller's own error says more than that this Python cannot wait.
            if error is None:
                raise

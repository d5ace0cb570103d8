"""`WebLLMService`: a model in the page that writes personas, as one object with state and events.

A façade: it holds the defaults, the words for people and the last error; the work is the
engine's, the wording is `prompt`'s, the typed persona is `persona`'s.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from pywebllm import wire
from pywebllm.bridge import Bridge
from pywebllm.browser import open_bridge
from pywebllm.chat.call import read_call
from pywebllm.chat.stream import ChatStream
from pywebllm.chat.text_stream import TextStream
from pywebllm.closing import AsyncClosing
from pywebllm.engine.engine import Engine
from pywebllm.errors import ModelNotLoadedError, ParseError, WebLLMError
from pywebllm.events import Event
from pywebllm.records import Model, id_of
from pywebllm.request.common import GENERATION
from pywebllm.request.table import read_parameters
from pywebllm.types import ChatCompletion, Usage
from pywebllm.values import LoadProgress

from .attempt import Attempt
from .loaded_model import LoadedModel
from .persona import Persona, read_persona, typed_request
from .prompt import persona_messages

__all__ = ["WebLLMService"]

_logger = logging.getLogger("pywebllm")

_STATUS = {
    "start": "Starting the engine…",
    "fetch": "Fetching the model…",
    "load": "Loading the model into the GPU…",
    "compile": "Compiling shaders…",
    "ready": "The model is ready.",
}


class WebLLMService(AsyncClosing):
    """A language model on the visitor's own GPU that writes personas.

    Args:
        model: None for the built-in model, an id of WebLLM's list, or a custom record
            (`ModelRecord`, or a mapping with WebLLM's keys).
        assets_url: The folder that serves `webllm_bridge.js`, `webllm.js` and `models/`, may be
            relative to the page. None: the files that the wheel carries.
        bridge: Opens the bridge in another way, for example
            `functools.partial(open_bridge, assets_url="./", thread="main")`.
        temperature: Default for every persona, 0 (always the likeliest token) to 2.
        max_tokens: Default for the length of a persona, in tokens, from 1.

    `status_updated` tells in one line what goes on; `progress_updated` tells how far a load has
    come. Both call plain functions, which find the state as they are told: the model can be used
    from the moment on that it is said to be ready. Leaving `async with` disposes of the service.

    Raises:
        InvalidRequestError: An argument is wrong.
    """

    def __init__(
        self,
        model: Model = None,
        *,
        assets_url: str | None = None,
        bridge: Callable[[], Awaitable[Bridge]] | None = None,
        temperature: float = 0.7,
        max_tokens: int = 200,
    ) -> None:
        if bridge is not None and assets_url is not None:
            raise TypeError("give assets_url to the function that opens the bridge, not to both")
        self.status_updated: Event[str] = Event()
        self.progress_updated: Event[LoadProgress] = Event()
        self._model = wire.read_model(model)
        self._temperature = temperature
        self._max_tokens = max_tokens
        read_parameters({"temperature": temperature, "max_tokens": max_tokens}, GENERATION)
        self._engine = Engine(bridge or partial(open_bridge, assets_url=assets_url))
        self._engine.lost.subscribe(self._fail)
        self._session_id: str | None = None
        self._last_error: WebLLMError | None = None
        self._last_usage: Usage | None = None
        self._status = ""
        self._progress: LoadProgress | None = None
        self._attempt = Attempt()

    @property
    def is_initialized(self) -> bool:
        """True while the model is loaded and answers."""
        return self._engine.is_loaded

    @property
    def is_initializing(self) -> bool:
        """True while the model is being loaded."""
        return self._attempt.is_running and not self.is_initialized

    @property
    def session_id(self) -> str | None:
        """What the last call of `initialize` was given; it marks the lines in the log."""
        return self._session_id

    @property
    def last_error(self) -> WebLLMError | None:
        """What went wrong last, in a load, an answer, or by itself; a new load clears it."""
        return self._last_error

    @property
    def last_usage(self) -> Usage | None:
        """What the last persona that was read to its end used."""
        return self._last_usage

    async def initialize(self, session_id: str = "") -> bool:
        """Load the model; return True when it answers, False with `last_error` when it failed.

        Called while it loads, it waits for the same load. Called after a failure, it tries
        again. `session_id` marks the lines in the log.

        Cancelled (also by `asyncio.timeout`), the load stops, unless another caller waits for
        it too, and the service can be initialised again.
        """
        self._session_id = session_id
        if self.is_initialized:
            return True
        is_new = not self.is_initializing
        if is_new:
            self._attempt = Attempt()
        attempt = self._attempt
        try:
            with attempt:
                if is_new:
                    self._begin()
                await self._engine.load(self._model, on_progress=partial(self._advance, attempt))
        except WebLLMError as error:
            if attempt is self._attempt and not attempt.has_failed:
                attempt.fail()
                self._fail(error)
            return False
        except asyncio.CancelledError:
            if attempt is self._attempt and not attempt.is_running:
                self._say("Loading was cancelled.")
            raise
        self._last_error = None
        return True

    def stream_persona(
        self,
        inputs: Mapping[str, str],
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> TextStream:
        """Return the persona as a stream of pieces of text: `async for piece in …`.

        `inputs` maps names of fields to text, see `persona_messages`. `temperature` is 0 to 2,
        `max_tokens` at least 1; `None` takes the service's own. The same `seed` and inputs give
        the same text.

        Leaving the loop early, by `break`, an exception, cancellation or a timeout, stops the
        model; a stream kept in a variable is stopped by `async with` or `aclose()`. At its end
        the stream has `usage`.

        Raises:
            ModelNotLoadedError: The service is not initialised.
            InvalidRequestError: No field has a value, or a parameter is out of its range.
            TypeError: A field's name or value is no string.
        """
        return self._stream(
            inputs,
            temperature=temperature,
            # 0 is a value: only None stands for "not given".
            max_tokens=self._max_tokens if max_tokens is None else max_tokens,
            seed=seed,
        )

    async def generate_persona(
        self,
        inputs: Mapping[str, str],
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> str:
        """Return the whole persona; arguments and errors are those of `stream_persona`.

        Cancelled (also by `asyncio.timeout`), the model stops and is free for the next request.

        Raises:
            WebLLMError: The model could not answer; also in `last_error`.
        """
        stream = self.stream_persona(
            inputs, temperature=temperature, max_tokens=max_tokens, seed=seed
        )
        async with stream:
            return "".join([piece async for piece in stream])

    async def generate_persona_typed(
        self,
        inputs: Mapping[str, str],
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Persona:
        """Return a persona with its parts, among them the name and the age that `inputs` give.

        Arguments are those of `stream_persona`, but `max_tokens` is None for as many as the
        longest `Persona` needs. Cancelled, the model stops and is free for the next request.

        Raises:
            TruncatedError: `max_tokens`, or the context window, was too small.
            WebLLMError: The model could not answer; also in `last_error`, as is the one above.
        """
        request = typed_request(inputs, max_tokens=max_tokens)
        stream = self._stream(inputs, typed=True, temperature=temperature, seed=seed, **request)
        async with stream:
            async for _ in stream:
                pass
        assert stream.final is not None  # it was read to its end
        try:
            return read_persona(stream.final)
        except ParseError as error:
            self._fail(error)
            raise

    async def dispose(self) -> None:
        """Free the model, the worker and the GPU memory. May be called again, and at once.

        A running load or answer ends with `DisposedError`. The service can be initialised
        again. Cancelled, everything is freed all the same, a moment later.
        """
        was_in_use = self.is_initialized or self.is_initializing
        attempt = self._attempt
        attempt.close()
        await self._engine.dispose()
        if was_in_use and attempt is self._attempt:  # else a new load has begun meanwhile
            self._say("The model is unloaded.")

    async def _leave(self) -> None:
        await self.dispose()

    def _stream(
        self,
        inputs: Mapping[str, str],
        *,
        typed: bool = False,
        temperature: float | None,
        **parameters: object,
    ) -> TextStream:
        if not self.is_initialized:
            raise ModelNotLoadedError(
                "the service is not initialised",
                advice="Call `await service.initialize(session_id)` first, and see that it"
                " returns True.",
            )
        warmth = self._temperature if temperature is None else temperature
        messages = persona_messages(inputs, typed=typed)
        body = {"messages": messages, "temperature": warmth, **parameters}
        answer = ChatStream(LoadedModel(self._engine, self._model), read_call(body))
        return TextStream(answer, on_end=self._end, on_error=self._fail)

    def _begin(self) -> None:
        self._last_error = None
        self._progress = None
        _logger.info("Session %r: loading %r", self._session_id, id_of(self._model))
        self._say(_STATUS["start"])

    def _advance(self, attempt: Attempt, progress: LoadProgress) -> None:
        # Callers that share a load each hear of the same progress.
        if attempt is not self._attempt or attempt.has_failed or self._progress == progress:
            return
        if self._progress is not None and progress.ratio < self._progress.ratio:
            return
        self._progress = progress
        _logger.debug("Progress: %.1f %% %s", progress.ratio * 100, progress.text)
        if _STATUS[progress.phase] != self._status:
            self._say(_STATUS[progress.phase])
        self.progress_updated.emit(progress)

    def _end(self, completion: ChatCompletion) -> None:
        self._last_usage = completion.usage

    def _fail(self, error: WebLLMError) -> None:
        if error is self._last_error:
            return  # a lost engine fails the answer, too
        self._last_error = error
        _logger.error("Session %r: %s", self._session_id, error, exc_info=error)
        self._say(str(error))

    def _say(self, status: str) -> None:
        self._status = status
        _logger.info("Status: %s", status)
        self.status_updated.emit(status)

"""`WebLLMService`: a model in the page that writes personas, as one object with state and events.

A façade over `AsyncWebLLM`: it holds the defaults. The loads of the model are in `lifecycle`, what
is reported of them in `reports`, the prompt in `prompt`, the typed persona in `persona`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal
from weakref import WeakSet

from pywebllm import wire
from pywebllm.bridge import Bridge
from pywebllm.chat.text_stream import TextStream
from pywebllm.client import AsyncWebLLM, check_client
from pywebllm.closing import AsyncClosing
from pywebllm.errors import DisposedError, ModelNotLoadedError, ParseError, WebLLMError
from pywebllm.events import Event
from pywebllm.records import Model
from pywebllm.request.common import GENERATION
from pywebllm.request.table import read_parameters
from pywebllm.resources.timeouts import read_timeout
from pywebllm.types import ChatCompletion, Usage
from pywebllm.values import LoadProgress

from .lifecycle import Lifecycle
from .persona import Persona, read_persona, typed_request
from .prompt import PromptMessage, persona_messages, rewrite_messages
from .reports import Reports

__all__ = ["WebLLMService"]


class WebLLMService(AsyncClosing):
    """A language model on the visitor's own GPU that writes personas.

        async with WebLLMService() as service:
            if await service.initialize("session-1"):
                print(await service.generate_persona({"name": "Ada", "age": "36"}))

    Args:
        model: None for the built-in model (or the default model of `client`), an id of WebLLM's
            list, or a custom record (`ModelRecord`, or a mapping with WebLLM's keys).
        client: The client whose engine and model the service uses, so that personas and chat in
            one page share one worker and one copy of the model. It stays open when the service
            is disposed of. None: a client of the service's own.
        assets_url: The folder that serves `webllm_bridge.js`, `webllm.js` and `models/`; may be
            relative to the page. None: the files that the wheel carries.
        bridge: A function that opens the bridge in place of `open_bridge`, for example
            `functools.partial(open_bridge, assets_url="./", thread="main")`.
        temperature: Default for every persona, 0 (always the most likely token) to 2.
        max_tokens: Default for the length of a persona, in tokens, from 1.
        engine: As for `AsyncWebLLM`; `client` has its own.
        share: As for `AsyncWebLLM`; for a client of the service's own, as the next one.
        keep_alive: As for `AsyncWebLLM`. A shared model that was unloaded is loaded again by the
            next persona.

    `status_updated` reports the state in one line of text; `progress_updated` reports the
    progress of a load. Both call plain functions, and the properties are up to date when they do:
    once the model is reported as ready, it can be used. Leaving `async with` disposes of the
    service.

    Raises:
        InvalidRequestError: An argument is invalid.
        TypeError: `client` is not an `AsyncWebLLM`, or is given together with `assets_url`,
            `bridge` or `share`.
    """

    def __init__(
        self,
        model: Model = None,
        *,
        client: AsyncWebLLM | None = None,
        assets_url: str | None = None,
        bridge: Callable[[], Awaitable[Bridge]] | None = None,
        temperature: float = 0.7,
        max_tokens: int = 200,
        engine: Literal["auto", "webllm", "wllama"] = "auto",
        share: bool = False,
        keep_alive: float | str = "5m",
    ) -> None:
        check_client(client)
        if client is not None and (assets_url is not None or bridge is not None or share):
            raise TypeError("pass either `client`, or `assets_url`, `bridge` or `share`, not both")
        if client is not None and engine != "auto":
            raise TypeError("pass `engine` to the client")
        self._reports = Reports()
        self.status_updated: Event[str] = self._reports.status_updated
        self.progress_updated: Event[LoadProgress] = self._reports.progress_updated
        read_parameters({"temperature": temperature, "max_tokens": max_tokens}, GENERATION)
        self._temperature = temperature
        self._max_tokens = max_tokens
        self._model = wire.read_model(model)
        self._owns_client = client is None
        self._client = client or AsyncWebLLM(
            self._model,
            assets_url=assets_url,
            bridge=bridge,
            engine=engine,
            share=share,
            keep_alive=keep_alive,
        )
        self._lifecycle = Lifecycle(self._client, self._model, self._reports)
        self._last_usage: Usage | None = None
        self._streams: WeakSet[TextStream] = WeakSet()

    @property
    def is_initialized(self) -> bool:
        """True while the model is loaded and answers, or the next persona loads it again."""
        return self._lifecycle.is_initialized

    @property
    def is_initializing(self) -> bool:
        """True while the model is being loaded."""
        return self._lifecycle.is_initializing

    @property
    def session_id(self) -> str | None:
        """The argument of the last call of `initialize`; it is part of the lines in the log."""
        return self._reports.session_id

    @property
    def last_error(self) -> WebLLMError | None:
        """The last error: of a load, of an answer, or an unexpected loss. A new load clears it."""
        return self._reports.last_error

    @property
    def last_usage(self) -> Usage | None:
        """The usage of the last persona that was read to its end."""
        return self._last_usage

    async def initialize(
        self,
        session_id: str = "",
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> bool:
        """Load the model; return True when it answers, False with `last_error` when it failed.

        Called during a load, it waits for that load. Called after a failure, it tries again.

        Args:
            session_id: Part of the lines in the log.
            timeout: Seconds above 0 for the whole load. After that the result is False with a
                `RequestTimeoutError` in `last_error`, and the load stops, unless another caller
                waits for it too. None: no limit but the client's `stall_timeout`.

        Cancelled (also by `asyncio.timeout`), the load stops, unless another caller waits for
        it too, and the service can be initialized again.
        """
        limit = read_timeout(timeout)
        self._reports.session_id = session_id
        return await self._lifecycle.load(limit)

    def stream_persona(
        self,
        inputs: Mapping[str, str],
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> TextStream:
        """Return the persona as a stream of strings: `async for piece in …`.

        Leaving the loop early, by `break`, an exception, cancellation or a timeout, stops the
        model; a stream kept in a variable is stopped by `async with` or `aclose()`. After its
        end the stream has `usage`.

        Args:
            inputs: Maps field names to strings: `name`, `age`, `occupation`, `interests`, `tone`,
                `notes`, or any other name. Empty values are left out.
            temperature: 0 to 2; None: the service's default.
            max_tokens: At least 1; None: the service's default.
            seed: The same seed and inputs give the same text; None: a random one.

        Raises:
            ModelNotLoadedError: The service is not initialized.
            InvalidRequestError: No field has a value, a parameter is out of its range, or `inputs`
                is not a mapping of strings to strings, which is a `TypeError` as well.
        """
        return self._stream(
            persona_messages(inputs),
            temperature=temperature,
            max_tokens=self._longest(max_tokens),
            seed=seed,
        )

    def stream_rewrite(
        self,
        inputs: Mapping[str, str],
        text: str,
        change: str,
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> TextStream:
        """Return another version of a persona as a stream of strings.

        The other arguments and errors are those of `stream_persona`.

        Args:
            inputs: What the persona was written from.
            text: The persona so far, as the model wrote it or as someone has edited it.
            change: What is to be different, for example "Make it shorter."
            temperature: As for `stream_persona`.
            max_tokens: As for `stream_persona`.
            seed: As for `stream_persona`.

        Raises:
            InvalidRequestError: Also if `text` or `change` is not a string, or is blank.
        """
        return self._stream(
            rewrite_messages(inputs, text, change),
            temperature=temperature,
            max_tokens=self._longest(max_tokens),
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
        """Return a `Persona`, whose name and age are those of `inputs` where given.

        Arguments are those of `stream_persona`; with `max_tokens` None the longest `Persona` has
        room. Cancelled, the model stops and is free for the next request.

        Raises:
            TruncatedError: `max_tokens`, or the context window, was too small.
            WebLLMError: The model could not answer. Either error is also in `last_error`.
        """
        request = typed_request(inputs, max_tokens=max_tokens)
        messages = persona_messages(inputs, typed=True)
        stream = self._stream(messages, temperature=temperature, seed=seed, **request)
        async with stream:
            async for _ in stream:
                pass
        assert stream.final is not None  # it was read to its end
        try:
            return read_persona(stream.final)
        except ParseError as error:
            self._reports.fail(error)
            raise

    async def dispose(self) -> None:
        """Free the model, the worker and the GPU memory. May be called more than once.

        A running load or answer ends with `DisposedError`. The service can be initialized
        again. With a `client` of your own only the loads and answers of this service end: the
        client stays open and keeps its model.

        Cancelled, everything is freed all the same, a moment later.
        """
        was_in_use = self.is_initialized or self.is_initializing
        attempt = self._lifecycle.attempt
        error = DisposedError("the service was disposed")
        self._lifecycle.close(error)
        for stream in tuple(self._streams):
            stream.stop(error)
        if self._owns_client:
            await self._client.close()
        has_begun_anew = attempt is not self._lifecycle.attempt
        if was_in_use and not has_begun_anew:
            owned = self._owns_client
            self._reports.say("The model is unloaded." if owned else "The service is closed.")

    async def _leave(self) -> None:
        await self.dispose()

    def _longest(self, max_tokens: int | None) -> int:
        # 0 is a value: only None means "not given".
        return self._max_tokens if max_tokens is None else max_tokens

    def _stream(
        self,
        messages: list[PromptMessage],
        *,
        temperature: float | None,
        **parameters: object,
    ) -> TextStream:
        if not self.is_initialized:
            raise ModelNotLoadedError(
                "the service is not initialized",
                advice="Call `await service.initialize(session_id)` first, and check that it"
                " returns True.",
            )
        body = {
            "model": self._model,
            "messages": messages,
            "temperature": self._temperature if temperature is None else temperature,
            **parameters,
        }
        answer = self._client.api.chat_stream(body, loads=self._lifecycle.was_unloaded)
        stream = TextStream(answer, on_end=self._end, on_error=self._reports.fail)
        self._streams.add(stream)
        return stream

    def _end(self, completion: ChatCompletion) -> None:
        self._last_usage = completion.usage

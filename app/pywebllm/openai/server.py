"""The OpenAI-compatible server inside the page: from routes to methods of `Api`.

It handles paths, JSON and statuses, independently of any HTTP library. `Api` interprets bodies,
and `responses` those of the responses endpoint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from pywebllm.answers.stream import AnswerStream
from pywebllm.api import Api
from pywebllm.echo import shortened
from pywebllm.errors import InvalidRequestError, WebLLMError
from pywebllm.request.checks import shown

from .chunks import ChunkEvents
from .errors import RouteError, error_object, error_reply
from .reply import Reply
from .responses import ResponseEvents, read_request
from .sse import DONE, EventBody, Events

__all__ = ["Server"]

Body: TypeAlias = Mapping[str, object]

# The routes; a path may have any prefix before them, such as `/v1`.
_ROUTES = "chat/completions|completions|embeddings|responses|models(?:/(?P<model>.+))?"
_PATH = re.compile(rf"(?:.*?/v1|.*?)/(?P<route>{_ROUTES})/?", re.DOTALL)


class Server:
    """Answers HTTP requests from the model in the page."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def answer(self, method: str, path: str, body: bytes = b"") -> Reply:
        """Return the reply to a request; an error becomes a reply as well.

        A streamed answer has begun when this returns. On cancellation the answer stops.

        Args:
            method: The HTTP method.
            path: The path, unquoted and without the query.
            body: The body as sent.
        """
        try:
            return await self._handle(method, path, body)
        except WebLLMError as error:
            return error_reply(error)

    async def _handle(self, method: str, path: str, body: bytes) -> Reply:
        found = _PATH.fullmatch(path)
        if found is None:
            raise RouteError(f"unknown URL: {shortened(method)} {shortened(path)}")
        answer = self._posts.get(found["route"])
        if answer is None:
            _allow(method, path, "GET")
            return await self._models(found["model"])
        _allow(method, path, "POST")
        return await answer(self, _read(body))

    async def _models(self, name: str | None) -> Reply:
        if name is not None:
            return Reply.of_json((await self._api.model(name)).to_dict())
        models = [model.to_dict() for model in await self._api.models()]
        return Reply.of_json({"object": "list", "data": models})

    async def _chat(self, body: Body) -> Reply:
        return await _stream_or_whole(await self._api.chat(body), body)

    async def _completion(self, body: Body) -> Reply:
        return await _stream_or_whole(await self._api.completion(body), body)

    async def _embedding(self, body: Body) -> Reply:
        return Reply.of_json((await self._api.embedding(body)).to_dict())

    async def _response(self, body: Body) -> Reply:
        request = read_request(body)
        with request.renamed():
            events = ResponseEvents(await self._api.chat(request.chat), request)
            if request.stream:
                return await _streamed(events, named=True)
            return Reply.of_json(await events.read())

    _posts: Mapping[str, Callable[[Server, Body], Awaitable[Reply]]] = {
        "chat/completions": _chat,
        "completions": _completion,
        "embeddings": _embedding,
        "responses": _response,
    }


async def _stream_or_whole(stream: AnswerStream[Any, Any], body: Body) -> Reply:
    if body.get("stream"):
        events = ChunkEvents(stream, has_usage=_includes_usage(body))
        return await _streamed(events, last=DONE)
    return Reply.of_json((await stream.read()).to_dict())


def _includes_usage(body: Body) -> bool:
    options = body.get("stream_options")
    return isinstance(options, Mapping) and options.get("include_usage") is True


async def _streamed(events: Events, *, named: bool = False, last: bytes = b"") -> Reply:
    body = EventBody(events, on_error=error_object, named=named, last=last)
    await body.open()
    return Reply.of_events(body)


def _allow(method: str, path: str, allowed: str) -> None:
    if method.upper() != allowed:
        problem = f"{shortened(path)} requires the method {allowed}, got {shortened(method)}"
        raise RouteError(problem, allowed=(allowed,))


def _read(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError(f"the body must be a JSON object, got {shown(value)}")
    return value

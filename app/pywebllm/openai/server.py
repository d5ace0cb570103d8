"""The OpenAI-compatible server inside the page: from routes to methods of `Api`.

It handles paths, JSON and statuses, independently of any HTTP library. `Api` interprets bodies,
and `responses` those of the responses endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qs

from pywebllm.answers.stream import AnswerStream
from pywebllm.api import Api
from pywebllm.echo import shortened
from pywebllm.errors import ContextWindowError, InvalidRequestError, WebLLMError
from pywebllm.json_text import read_json
from pywebllm.request.checks import shown

from .chunks import ChunkEvents
from .errors import ResponseNotFoundError, RouteError, error_object, error_reply
from .function_calls import in_old_form
from .reply import Reply
from .responses import (
    ResponseEvents,
    ResponseRequest,
    ResponseStore,
    read_request,
    without_oldest_turn,
)
from .sse import DONE, Event, EventBody, Events

__all__ = ["Server"]

Body: TypeAlias = Mapping[str, object]

# The routes; a path may have any prefix before them, such as `/v1`.
_ROUTES = (
    "chat/completions|completions|embeddings"
    "|responses(?:/(?P<response>[^/]+))?|models(?:/(?P<model>.+))?"
)
_PATH = re.compile(rf"(?:.*?/v1|.*?)/(?P<route>{_ROUTES})/?", re.DOTALL)


# Actions of OpenAI's, whose names would be read as IDs of responses.
_UNSUPPORTED = (("POST", "compact"), ("POST", "input_tokens"))


class Server:
    """Answers HTTP requests from the model in the page.

    Args:
        api: The endpoints.
        stored: The responses that requests can continue.
    """

    def __init__(self, api: Api, stored: ResponseStore | None = None) -> None:
        self._api = api
        self._stored = ResponseStore() if stored is None else stored

    async def answer(self, method: str, path: str, body: bytes = b"", *, query: str = "") -> Reply:
        """Return the reply to a request; an error becomes a reply as well.

        A streamed answer has begun when this returns. On cancellation the answer stops.

        Args:
            method: The HTTP method.
            path: The path, unquoted and without the query.
            body: The body as sent.
            query: The query of the URL.
        """
        try:
            return await self._handle(method, path, body, query)
        except WebLLMError as error:
            return error_reply(error)

    async def _handle(self, method: str, path: str, body: bytes, query: str) -> Reply:
        found = _PATH.fullmatch(path)
        if found is None or (method.upper(), found["response"]) in _UNSUPPORTED:
            raise RouteError(f"unknown URL: {shortened(method)} {shortened(path)}")
        if found["response"] is not None:
            _refuse_stream(query)
            return self._stored_response(method, path, found["response"])
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
        form = in_old_form if body.get("functions") is not None else dict
        return await _stream_or_whole(await self._api.chat(body), body, form=form)

    async def _completion(self, body: Body) -> Reply:
        return await _stream_or_whole(await self._api.completion(body), body)

    async def _embedding(self, body: Body) -> Reply:
        return Reply.of_json((await self._api.embedding(body)).to_dict())

    async def _response(self, body: Body) -> Reply:
        request = read_request(body, self._stored)
        with request.renamed():
            events = await self._begun(request)
            if request.stream:
                return await _streamed(events, named=True)
            return Reply.of_json(await events.read())

    async def _begun(self, request: ResponseRequest) -> ResponseEvents:
        chat = request.chat
        on_end = partial(self._stored.keep, items=request.items) if request.store else None
        while True:
            stream = await self._api.chat(chat)
            if not request.truncates:
                return ResponseEvents(stream, request, on_end=on_end)
            try:
                await stream.begin()
            except ContextWindowError:
                shorter = without_oldest_turn(cast("list[dict[str, object]]", chat["messages"]))
                if shorter is None:
                    raise
                chat = {**chat, "messages": shorter}
            else:
                return ResponseEvents(stream, request, on_end=on_end)

    def _stored_response(self, method: str, path: str, response_id: str) -> Reply:
        found = self._stored.get(response_id)
        if method.upper() not in ("GET", "DELETE"):
            _allow(method, path, "GET")
        if found is None:
            raise ResponseNotFoundError(f"no response with the ID {shown(response_id)} is stored")
        if method.upper() == "GET":
            return Reply.of_json(found)
        self._stored.delete(response_id)
        return Reply.of_json({"id": response_id, "object": "response", "deleted": True})

    _posts: Mapping[str, Callable[[Server, Body], Awaitable[Reply]]] = {
        "chat/completions": _chat,
        "completions": _completion,
        "embeddings": _embedding,
        "responses": _response,
    }


async def _stream_or_whole(
    stream: AnswerStream[Any, Any], body: Body, *, form: Callable[[Event], Event] = dict
) -> Reply:
    if body.get("stream"):
        events = ChunkEvents(stream, has_usage=_includes_usage(body), form=form)
        return await _streamed(events, last=DONE)
    return Reply.of_json(form((await stream.read()).to_dict()))


def _includes_usage(body: Body) -> bool:
    options = body.get("stream_options")
    return isinstance(options, Mapping) and options.get("include_usage") is True


async def _streamed(events: Events, *, named: bool = False, last: bytes = b"") -> Reply:
    body = EventBody(events, on_error=error_object, named=named, last=last)
    await body.open()
    return Reply.of_events(body)


def _refuse_stream(query: str) -> None:
    if parse_qs(query).get("stream", ["false"])[-1].lower() not in ("false", "0"):
        raise InvalidRequestError(
            "stream must be false: a stored response is returned as a whole",
            advice="Stream it when it is created.",
            param="stream",
        )


def _allow(method: str, path: str, allowed: str) -> None:
    if method.upper() != allowed:
        problem = f"{shortened(path)} requires the method {allowed}, got {shortened(method)}"
        raise RouteError(problem, allowed=(allowed,))


def _read(body: bytes) -> dict[str, Any]:
    try:
        value = read_json(body)
    except ValueError as error:
        raise InvalidRequestError(f"the body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError(f"the body must be a JSON object, got {shown(value)}")
    return value

"""Routes of the server, without an HTTP library."""

from __future__ import annotations

import json

import pytest
from pywebllm.openai.reply import Reply
from pywebllm.openai.server import Server
from pywebllm.openai.sse import EventBody

from tests.unit.openai.page import Page
from tests.unit.runners import end, text_piece, usage

HELLO = json.dumps({"messages": [{"role": "user", "content": "Hello"}]}).encode()


def content(reply: Reply) -> dict[str, object]:
    assert isinstance(reply.body, bytes)
    found: dict[str, object] = json.loads(reply.body)
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/chat/completions",
        "/any/prefix/v1/chat/completions",
        "/any/prefix/chat/completions",
        "/models/v1/chat/completions",
        "/v1/chat/completions/",
    ],
)
async def test_server_accepts_any_base_path(page: Page, path: str) -> None:
    reply = await Server(page.chat("Good day").llm.api).answer("POST", path, HELLO)
    assert reply.status == 200
    assert content(reply)["object"] == "chat.completion"


@pytest.mark.parametrize("path", ["/v1/models/a/b", "/models/a/b", "/x/v1/models/a/b"])
async def test_model_id_may_contain_slashes(page: Page, path: str) -> None:
    page.once([{"id": "a/b"}])
    reply = await Server(page.llm.api).answer("GET", path)
    assert content(reply)["id"] == "a/b"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "", "/v1", "/v1/", "/v1/files", "/v1/chat", "/v1/xmodels"),
        *("/v1/responses/compact", "/v1/responses/input_tokens"),
    ],
)
async def test_unknown_path_is_not_found(page: Page, path: str) -> None:
    reply = await Server(page.llm.api).answer("POST", path, HELLO)
    assert reply.status == 404
    assert "unknown_url" in str(content(reply))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v1/responses", "POST"), ("DELETE", "/v1/models/a", "GET")],
)
async def test_reply_to_a_wrong_method_names_the_allowed_one(
    page: Page, method: str, path: str, allowed: str
) -> None:
    reply = await Server(page.llm.api).answer(method, path, b"")
    assert reply.status == 405
    assert reply.headers["allow"] == allowed


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null"])
async def test_body_that_is_not_a_json_object_is_a_bad_request(page: Page, body: bytes) -> None:
    reply = await Server(page.llm.api).answer("POST", "/v1/chat/completions", body)
    assert reply.status == 400
    assert reply.headers["x-should-retry"] == "false"


async def test_each_reply_has_a_unique_request_id(page: Page) -> None:
    server = Server(page.once([]).once([]).llm.api)
    replies = [await server.answer("GET", "/v1/models") for _ in range(2)]
    assert len({reply.headers["x-request-id"] for reply in replies}) == 2


async def test_deeply_nested_body_is_refused(page: Page) -> None:
    for depth in (300, 900, 100_000):
        for name in (b"messages", b"tools", b"stop"):
            body = b'{"%s": %s%s}' % (name, b"[" * depth, b"]" * depth)
            reply = await Server(page.llm.api).answer("POST", "/chat/completions", body)
            assert reply.status == 400


@pytest.mark.parametrize("path", ["/chat/completions", "/completions"])
async def test_requested_usage_is_null_before_the_last_chunk(page: Page, path: str) -> None:
    for asked in (True, False):
        if path == "/completions":
            page.stream(text_piece("a"), end(kind="text"), usage())
        else:
            page.chat("a")
        body = {"messages": [{"role": "user", "content": "Hello"}], "prompt": "Hello"}
        del body["prompt" if path == "/chat/completions" else "messages"]
        sent = {**body, "stream": True, "stream_options": {"include_usage": asked}}
        reply = await Server(page.llm.api).answer("POST", path, json.dumps(sent).encode())
        assert isinstance(reply.body, EventBody)
        *lines, _ = [line async for line in reply.body]
        *chunks, last = [json.loads(line.removeprefix(b"data: ")) for line in lines]
        if asked:
            assert {chunk.get("usage", "missing") for chunk in chunks} == {None}
            assert last["usage"]["completion_tokens"] == 2
        else:
            assert not any("usage" in chunk for chunk in (*chunks, last))

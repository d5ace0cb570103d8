"""The bytes that libraries read, where the SDK's own helpers would hide a mistake."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.unit.openai.page import Page, http_client

USER: Any = {"role": "user", "content": "Hello"}
TOOL: Any = {"type": "function", "function": {"name": "Person"}}
CALL = '<tool_call>\n{"name": "Person", "arguments": {"a": 1}}\n</tool_call>'
REQUEST: Any = {"model": "builtin", "messages": [USER]}


async def chunks_of(page: Page, **body: Any) -> list[Any]:
    async with http_client(httpx2, page) as client:
        response = await client.post("/chat/completions", json={**REQUEST, **body, "stream": True})
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


async def answer_of(page: Page, path: str = "/chat/completions", **body: Any) -> Any:
    async with http_client(httpx2, page) as client:
        response = await client.post(path, json={**REQUEST, **body})
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    "pieces",
    [[CALL], [CALL[:40], CALL[40:]], list(CALL), [CALL + "\n" + CALL[:50], CALL[50:]]],
    ids=["one", "two", "characters", "two calls"],
)
async def test_streamed_chunk_has_one_entry_for_each_tool_call(
    page: Page, pieces: list[str]
) -> None:
    page.chat(*pieces)
    found = await chunks_of(page, tools=[TOOL])
    deltas = [chunk["choices"][0]["delta"] for chunk in found]
    entries = [delta["tool_calls"] for delta in deltas if "tool_calls" in delta]
    for calls in entries:
        indices = [call["index"] for call in calls]
        assert len(indices) == len(set(indices))
    first = entries[0][0]
    assert (first["function"]["name"], first["type"]) == ("Person", "function")
    text = "".join(
        call["function"]["arguments"] for calls in entries for call in calls if call["index"] == 0
    )
    assert text == '{"a": 1}'
    if len(pieces) == 1:
        assert entries[0][0]["function"] == {"name": "Person", "arguments": '{"a": 1}'}


async def test_request_with_functions_is_answered_by_a_function_call(page: Page) -> None:
    function = {"name": "Person", "parameters": {"type": "object"}}
    page.chat(CALL).chat(CALL[:40], CALL[40:]).chat("No.")
    whole = await answer_of(page, functions=[function], function_call={"name": "Person"})
    (choice,) = whole["choices"]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"] == {"name": "Person", "arguments": '{"a": 1}'}
    assert "tool_calls" not in choice["message"]
    found = [chunk["choices"][0] for chunk in await chunks_of(page, functions=[function])]
    calls = [choice["delta"].get("function_call", {}) for choice in found]
    assert [call["name"] for call in calls if "name" in call] == ["Person"]
    assert "".join(call.get("arguments", "") for call in calls) == '{"a": 1}'
    assert found[-1]["finish_reason"] == "function_call"
    plain = await answer_of(page, functions=[function])
    assert plain["choices"][0]["message"]["content"] == "No."
    assert plain["choices"][0]["finish_reason"] == "stop"


async def test_messages_as_agents_send_them_reach_the_engine_without_what_has_no_effect(
    page: Page,
) -> None:
    page.chat("Good day")
    answer = {"role": "assistant", "name": "bot", "content": "Hi", "id": "msg_1"}
    more = {"role": "user", "name": "user", "content": "So?"}
    await answer_of(page, messages=[{**USER, "name": "user"}, answer, more], metadata={})
    messages = (await page.body())["messages"]
    assert [set(message) for message in messages] == [{"role", "content"}] * 3


async def test_last_message_of_the_assistant_is_continued(page: Page) -> None:
    page.chat(" day")
    answer = await answer_of(page, messages=[USER, {"role": "assistant", "content": "Good"}])
    assert answer["choices"][0]["message"]["content"] == " day"
    body = await page.body()
    assert body["messages"] == [USER]
    assert body["extra_body"] == {"beginning": "Good"}

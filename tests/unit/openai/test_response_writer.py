"""A response does not depend on how the model's text was split into chunks."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pywebllm.openai.responses import ResponseEvents, read_request

from tests.unit.openai.page import Page
from tests.unit.runners import answer

TOOL: Any = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
CALL = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'
TEXTS = [
    "",
    "Good day",
    "<think>\n\n</think>\n\nYes.",
    "<think>It is simple.</think>Yes.",
    f"Let me see. {CALL}\n{CALL}",
    CALL,
]


async def events_of(chunks: list[str]) -> list[dict[str, Any]]:
    page = Page()
    page.stream(*answer(*chunks))
    request = read_request({"input": "Hello", "tools": [TOOL]})
    events = ResponseEvents(await page.llm.api.chat(request.chat), request)
    found = []
    while (event := await anext(events, None)) is not None:
        found.append(dict(event))
    return found


def cut(text: str, places: set[int]) -> list[str]:
    ends = [0, *sorted(place for place in places if 0 < place < len(text)), len(text)]
    return [text[start:end] for start, end in pairwise(ends)]


def content(item: dict[str, Any]) -> Any:
    return item.get("arguments") or [part["text"] for part in item["content"]]


@settings(deadline=None, max_examples=40)
@given(text=st.sampled_from(TEXTS), places=st.sets(st.integers(1, 120)))
def test_response_items_do_not_depend_on_how_the_text_is_split(text: str, places: set[int]) -> None:
    whole = asyncio.run(events_of([text]))[-1]["response"]["output"]
    events = asyncio.run(events_of(cut(text, places)))
    output = events[-1]["response"]["output"]
    assert [(i["type"], content(i)) for i in output] == [(i["type"], content(i)) for i in whole]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    added = [event["item"]["id"] for event in events if event["type"].endswith("item.added")]
    done = [event["item"] for event in events if event["type"].endswith("item.done")]
    assert added == [item["id"] for item in output]
    assert done == output
    for item in output:
        deltas = [e["delta"] for e in events if e.get("item_id") == item["id"] and "delta" in e]
        whole_text = content(item)
        assert "".join(deltas) == (
            whole_text if isinstance(whole_text, str) else "".join(whole_text)
        )

#!/usr/bin/env bash
# A streamed answer of the Responses API is yielded twice: in pieces, then once more as a whole.
#
# Packages: agent-framework-openai 1.17.0 and agent-framework-core 1.23.0, with openai 3.57.0 and httpx2
# 2.16.2 (PyPI).
# OpenAIChatClient turns response.output_text.done, which repeats the whole text, into one more update
# with that text. Only the field merge_mode of its content, "replace", says that it adds nothing; text
# is the same as in an update that does. get_final_response() is right.
# Expected: the pieces add up to the answer; the docstring of Agent prints the text of every update.
# Instead: skip the contents whose merge_mode is "replace", or use OpenAIChatCompletionClient.
. "$(dirname "$0")/lib.sh"

pip_install agent-framework-openai==1.17.0 agent-framework-core==1.23.0 openai==3.57.0 httpx2==2.16.2
seen=$(py_run <<'PY'
import asyncio, json
import httpx2, openai
from agent_framework.openai import OpenAIChatClient

TEXT = "Hello, world"

def part(text):
    return {"type": "output_text", "text": text, "annotations": []}

def message(status, *content):
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": content}

def response(status, *output):
    fields = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": status}
    return fields | {"output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}

# The events that the API reference lists for a message of two pieces.
item = {"output_index": 0}
place = item | {"item_id": "msg_1", "content_index": 0}
answer = message("completed", part(TEXT))
events = [
    {"type": "response.created", "response": response("in_progress")},
    {"type": "response.output_item.added", **item, "item": message("in_progress")},
    {"type": "response.content_part.added", **place, "part": part("")},
    {"type": "response.output_text.delta", **place, "delta": "Hello, ", "logprobs": []},
    {"type": "response.output_text.delta", **place, "delta": "world", "logprobs": []},
    {"type": "response.output_text.done", **place, "text": TEXT, "logprobs": []},
    {"type": "response.content_part.done", **place, "part": part(TEXT)},
    {"type": "response.output_item.done", **item, "item": answer},
    {"type": "response.completed", "response": response("completed", answer)},
]
body = "".join(
    f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': number})}\n\n"
    for number, event in enumerate(events)
)
headers = {"content-type": "text/event-stream"}
transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=body, headers=headers))

async def main():
    http_client = httpx2.AsyncClient(transport=transport)
    sdk = openai.AsyncOpenAI(api_key="none", base_url="http://127.0.0.1", http_client=http_client)
    async with sdk.responses.stream(model="m", input="Hi") as stream:
        deltas = [event.delta async for event in stream if event.type == "response.output_text.delta"]
    print("openai:", deltas)
    stream = OpenAIChatClient(model="m", async_client=sdk).as_agent().run("Hi", stream=True)
    print("agent-framework:", [update.text async for update in stream if update.text])
    print("its final response:", (await stream.get_final_response()).text)

asyncio.run(main())
PY
)
finding "agent-framework-openai 1.17.0, agent-framework-core 1.23.0, openai 3.57.0" \
  "a streamed text is yielded in pieces, then once more as a whole" "$seen" <<'SEEN'
openai: ['Hello, ', 'world']
agent-framework: ['Hello, ', 'world', 'Hello, world']
its final response: Hello, world
SEEN

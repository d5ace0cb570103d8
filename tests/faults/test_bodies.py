"""Damaged request bodies over the transport, to the real engine: an answer or an error of OpenAI's.

Nothing else is raised, and the engine answers as before. A run of its own: `FAULTS_BODIES=2000`.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from typing import Any

import pytest

from model.browser.python import PagePython
from tests.faults.bodies import mutated_bodies
from tests.faults.conftest import is_long, length_of

BODIES = length_of("FAULTS_BODIES", 120)
BATCH = 20

pytestmark = pytest.mark.timeout(1200 + 3 * BODIES)

# Globals in the page.
http: Any = None
llm: Any = None
expected: Any = None

# What OpenAI's server also answers; an error of the engine (500) is a failure.
STATUSES = {200, 400, 404}


async def begin() -> None:
    global expected, http, llm
    import httpx2
    from pywebllm import AsyncWebLLM
    from pywebllm.openai import transport

    llm = AsyncWebLLM()
    http = httpx2.AsyncClient(
        transport=transport(llm),
        base_url="http://webllm.invalid/v1/",
        timeout=httpx2.Timeout(60, read=1),
    )
    messages = [{"role": "user", "content": "Tell of Ada."}]
    expected = {"messages": messages, "max_tokens": 3, "temperature": 0}
    expected["text"] = (await llm.chat.completions.create(**expected)).text


async def post(bodies: list[list[str]]) -> list[Any]:
    """Return the status and what is wrong, for each body."""
    import json

    import httpx2

    async def ask(path: str, body: str) -> list[Any]:
        headers = {"Content-Type": "application/json"}
        try:
            reply = await http.post(path, content=body.encode(), headers=headers)
        except httpx2.ReadTimeout:
            return ["timeout", ""]  # a body without its limit is answered at length
        except BaseException as raised:  # noqa: BLE001 - that none is raised is the test
            return ["raised", repr(raised)]
        if reply.status_code == 200:
            return [200, ""]
        error = json.loads(reply.text)["error"]
        fault = "" if error["message"] and error["type"] else f"no message: {error}"
        return [reply.status_code, fault or error["message"][:300]]

    return [await ask(*body) for body in bodies]


async def end() -> bool:
    text = expected.pop("text")
    usable = bool((await llm.chat.completions.create(**expected)).text == text)
    await http.aclose()
    await llm.close()
    return usable


def test_damaged_bodies_are_answered_or_refused_as_openai_does(sdk_python: PagePython) -> None:
    seed = random.randrange(2**32) if is_long("FAULTS_BODIES") else 1
    bodies = list(mutated_bodies(seed, BODIES))
    sdk_python.run(begin)
    outcomes: list[Any] = []
    for start in range(0, BODIES, BATCH):
        outcomes += sdk_python.run(post, bodies=bodies[start : start + BATCH])
    assert sdk_python.run(end)
    statuses = Counter(str(status) for status, _ in outcomes)
    sys.stdout.write(f"seed {seed}: {dict(statuses)}\n")
    wrong = [
        (status, fault, *body)
        for (status, fault), body in zip(outcomes, bodies, strict=True)
        if status not in {*STATUSES, "timeout"}
    ]
    assert wrong == [], f"{len(wrong)} of {BODIES}, seed {seed}"
    assert statuses["200"] + statuses["timeout"] > BODIES / 20, (
        "most bodies are refused: too much was changed"
    )
    assert statuses["400"] > BODIES / 20, "hardly any body is refused: too little was changed"

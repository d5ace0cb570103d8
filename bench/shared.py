"""Print what a shared engine saves, and what it costs, as ratios within one run.

Run it as `.venv/bin/python -m bench.shared`; it serves the site and uses Chromium on SwiftShader.

`reload_to_ready` is the time from a reload to a model that answers, by that to a running Python;
`first_token_after_reload` that to the next turn's first token, by the same without a reload; and
`tokens_per_second` the speed through the shared worker, by that of a client with its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from playwright.sync_api import Page

from bench.page import chromium
from model.browser.python import PagePython
from model.browser.site import served_site

__all__ = ["measure"]

_ROUNDS = 3

# Globals in the page.
shared: Any = None
own: Any = None


def measure(page: Page, site: str) -> dict[str, Any]:
    """Return the figures of one run: seconds, tokens and ratios."""
    python = PagePython(page, site)
    cold = _seconds(lambda: python.run(_load))
    starts, loads = [], []
    for _ in range(_ROUNDS):
        starts.append(_seconds(python.reload))
        loads.append(_seconds(lambda: python.run(_load)))
    stayed, reloaded = [], []
    for _ in range(_ROUNDS):
        stayed.append(_next_turn(python, reloads=False))
        reloaded.append(_next_turn(python, reloads=True))
    without, after = (median(first for first, _ in turns) for turns in (stayed, reloaded))
    python.run(_load_own)
    # Alternately, because a machine that becomes busier slows down whichever is second.
    speeds = [python.run(_speeds, first=turn % 2) for turn in range(2 * _ROUNDS)]
    return {
        "python_s": median(starts),
        "first_load_s": cold,
        "load_after_reload_s": median(loads),
        "reload_to_ready": 1 + median(loads) / median(starts),
        "first_token_s": without,
        "first_token_after_reload_s": after,
        "first_token_after_reload": after / without,
        "cached_tokens": stayed[-1][1],
        "cached_tokens_after_reload": reloaded[-1][1],
        "shared_tokens_per_s": median(one for one, _ in speeds),
        "own_tokens_per_s": median(other for _, other in speeds),
        "tokens_per_second": median(one / other for one, other in speeds),
    }


def _next_turn(python: PagePython, *, reloads: bool) -> list[float]:
    """Return the seconds to the first token of a second turn, and its cached tokens."""
    text = python.run(_first_turn)
    if reloads:
        python.reload()
        python.run(_load)
    return python.run(_second_turn, text=text)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


async def _load() -> bool:
    global shared
    from pywebllm import AsyncWebLLM

    shared = AsyncWebLLM(share=True)
    await shared.load()
    assert shared.shared
    return True


async def _load_own() -> bool:
    global own
    from pywebllm import AsyncWebLLM

    own = AsyncWebLLM()
    await own.load()
    return True


async def _first_turn() -> str:
    reply = await shared.chat.completions.create(
        messages=[{"role": "user", "content": "Name: Ada\nAge: 36"}], temperature=0
    )
    return str(reply.text)


async def _second_turn(text: str) -> list[float]:
    from time import perf_counter

    messages = [
        {"role": "user", "content": "Name: Ada\nAge: 36"},
        {"role": "assistant", "content": text},
        {"role": "user", "content": "And then?"},
    ]
    begun = perf_counter()
    first = 0.0
    async with await shared.chat.completions.create(
        messages=messages, temperature=0, max_tokens=4, stream=True
    ) as stream:
        async for chunk in stream:
            if not first and chunk.choices and chunk.choices[0].delta.content:
                first = perf_counter() - begun
    return [first, stream.final.usage.prompt_tokens_details.cached_tokens]


async def _speeds(first: int) -> list[float]:
    from time import perf_counter

    speeds: dict[int, float] = {}
    for turn in (first, 1 - first):
        llm = (shared, own)[turn]
        begun = 0.0
        async with await llm.chat.completions.create(
            messages=[{"role": "user", "content": "Name: Ada"}],
            temperature=0,
            max_tokens=100,
            stream=True,
            extra_body={"ignore_eos": True},
        ) as stream:
            async for _ in stream:
                begun = begun or perf_counter()
        tokens = stream.final.usage.completion_tokens - 1
        speeds[turn] = tokens / (perf_counter() - begun)
    return [speeds[0], speeds[1]]


def _main() -> None:
    with served_site() as site, chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(300_000)
        figures = measure(page, site)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    _main()

"""The campaign's side in the page: operations of one client, and faults in the middle of them.

Its source runs in Pyodide, in the global namespace; the tests call `campaign` there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import js
from pyodide.ffi import create_proxy
from pywebllm import AsyncWebLLM, ModelRecord, WebLLMError, WebLLMService

HI: list[Any] = [{"role": "user", "content": "Tell me all about Ada."}]
SHORT: dict[str, Any] = {"messages": HI, "max_tokens": 3, "temperature": 0}
ENDLESS: dict[str, Any] = {"temperature": 0, "extra_body": {"ignore_eos": True}}
LONG = ENDLESS | {"messages": HI}
ADA = {"name": "Ada"}

# Seconds in which an operation must have ended after its fault, on a busy machine without a GPU.
BOUND = 60


@dataclass
class Person:
    """What `parse` writes."""

    name: str
    biography: str


class Campaign:
    """One client, its running operations, and the faults that its worker takes.

    `max_tokens` is the length of the answers that a fault meets: more than there is time for, or,
    where they wait for each other, few.
    """

    max_tokens = 900

    def __init__(self, assets_url: str) -> None:
        self._assets_url = assets_url
        self.llm = AsyncWebLLM(assets_url=assets_url, engine="webllm")
        self.running: dict[int, asyncio.Task[str]] = {}
        self.left: set[int] = set()
        self.expected = ""
        self._of_load = ""  # the fault of the next load
        self._begun = asyncio.Event()
        self._armed = asyncio.Event()
        self._channel = js.BroadcastChannel.new("faults")
        self._channel.onmessage = create_proxy(self._receive)

    async def begin(self) -> None:
        """Load the model, and keep what it writes."""
        self.expected = await self._short()

    # Rows of the matrix.

    async def row(self, operation: str, fault: str) -> list[Any]:
        """Start an operation, let a fault happen once it is under way, and use the client again.

        Returns the outcome, how many seconds it took after the fault, and whether the next answer
        is right.
        """
        await self.llm.load()
        self._begun.clear()
        self._of_load = ""
        if operation == "load":
            self._of_load = fault
        else:
            await self._arm(fault if fault in WORKER_FAULTS else "report")
        limit = asyncio.timeout(None)
        running = asyncio.ensure_future(self._within(limit, self.operation(operation, fault)))
        begun = asyncio.ensure_future(self._begun.wait())
        await asyncio.wait({running, begun}, return_when="FIRST_COMPLETED")
        begun.cancel()
        start = time.monotonic()
        if not running.done():
            await self._happen(fault, running, limit)
        outcome = await self._bounded(running)
        took = time.monotonic() - start
        return [outcome, took, await self.is_usable()]

    async def operation(self, name: str, fault: str = "") -> object:
        """Run an operation to its end."""
        options = {"timeout": 0.05} if fault == "option" else {}
        return await getattr(self, f"_{name}")(**options)

    async def is_usable(self) -> bool:
        """Return whether the next answer is the expected one."""
        async with asyncio.timeout(BOUND):
            return await self._short() == self.expected

    # Operations in the background, for the random walk.

    async def start(self, number: int, name: str) -> None:
        """Start an operation in the background."""
        self.running[number] = asyncio.ensure_future(outcome_of(self.operation(name)))

    async def start_stream(self, number: int) -> None:
        """Start an answer in the background, which ends early when `leave` was called."""

        async def read() -> object:
            stream = await self.llm.chat.completions.create(
                **LONG, max_tokens=self.max_tokens, stream=True
            )
            async with stream:
                async for _ in stream:
                    if number in self.left:
                        return "left"
            return "ended"

        self.running[number] = asyncio.ensure_future(outcome_of(read()))

    async def leave(self, number: int) -> None:
        """Let a background answer leave its loop at the next chunk."""
        self.left.add(number)

    async def cancel(self, number: int) -> str:
        """Cancel a background operation and return its outcome."""
        self.running[number].cancel()
        return await self.finish(number)

    async def finish(self, number: int) -> str:
        """Return the outcome of a background operation."""
        return await self._bounded(self.running.pop(number))

    async def give_up(self, name: str, seconds: float) -> str:
        """Run an operation under a timeout and return its outcome."""
        limited = self._within(asyncio.timeout(seconds), self.operation(name))
        return await self._bounded(asyncio.ensure_future(limited))

    async def disturb(self, fault: str) -> str:
        """Free the model, or break its worker, at once."""
        if fault in WORKER_FAULTS:
            self._channel.postMessage(f"now {fault}")
            return "sent"
        call = self.llm.close if fault == "close" else self.llm.unload
        return await self._bounded(asyncio.ensure_future(call()))

    async def settle(self) -> list[Any]:
        """Cancel all that runs; return the outcomes, and whether the next answer is right."""
        numbers = list(self.running)
        for number in numbers:
            self.left.add(number)
            self.running[number].cancel()
        outcomes = [await self.finish(number) for number in numbers]
        # A fault that was sent arrives before this answer or during it; the next one is right.
        outcomes.append(await outcome_of(self._ask()))
        return [outcomes, await self.is_usable()]

    # Loads from a server.

    async def start_load_from(
        self, number: int, url: str, limit: float | None = None, stall: float = 60
    ) -> None:
        """Load the model's files from another address, in the background, within seconds."""
        await self.llm.close()
        self.llm = AsyncWebLLM(_record(url), assets_url=self._assets_url, stall_timeout=stall)
        self.running[number] = asyncio.ensure_future(outcome_of(self._load(timeout=limit)))

    async def poison(self, url: str, content: str) -> None:
        """Replace a file in the browser's cache, as a server or another program might have."""
        cache = await js.caches.open("webllm/model")
        assert await cache.match(url)
        await cache.put(url, js.Response.new(content))

    async def restore(self) -> None:
        """Use the site's own files again."""
        await self.llm.close()
        self.llm = AsyncWebLLM(assets_url=self._assets_url, engine="webllm")

    async def generations(self, count: int) -> None:
        """Stop an answer by a timeout, leave one early and read one to its end, so many times.

        The same with personas: their service has events and streams of its own.
        """
        async with WebLLMService(client=self.llm, max_tokens=3) as service:
            await service.initialize("many")
            for _ in range(count):
                await self._stop_early(self.operation("create"))
                stream = await self.llm.chat.completions.create(**LONG, max_tokens=900, stream=True)
                async for _piece in stream:
                    break
                del stream
                await self._ask()
                await self._stop_early(service.generate_persona(ADA))
                async for _text in service.stream_persona(ADA):
                    break
                await service.generate_persona(ADA)

    async def _stop_early(self, work: Awaitable[object]) -> None:
        # Not by `_bounded`: Pyodide's event loop keeps a cancelled timer until its time.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await work
                raise AssertionError("the answer ended before the timeout")

    # The operations.

    async def _short(self) -> str:
        reply = await self.llm.chat.completions.create(**SHORT)
        return str(reply.text)

    async def _ask(self) -> None:
        text = await self._short()
        assert text == self.expected, text

    async def _load(self, **options: Any) -> None:
        await self.llm.unload()
        await self.llm.load(**options)

    async def _create(self, **options: Any) -> object:
        return await self.llm.chat.completions.create(**LONG, max_tokens=self.max_tokens, **options)

    async def _stream(self, **options: Any) -> object:
        stream = await self.llm.chat.completions.create(
            **LONG, max_tokens=self.max_tokens, **options, stream=True
        )
        return [piece.text async for piece in stream]

    async def _parse(self, **options: Any) -> object:
        return await self.llm.chat.completions.parse(
            messages=HI,
            max_tokens=self.max_tokens,
            temperature=0,
            response_format=Person,
            **options,
        )

    async def _completion(self, **options: Any) -> object:
        return await self.llm.completions.create(
            prompt="Ada was", **ENDLESS, max_tokens=self.max_tokens, **options
        )

    async def _embedding(self, **options: Any) -> object:
        return await self.llm.embeddings.create(input="Ada", **options)

    # Faults.

    async def _happen(
        self, fault: str, running: asyncio.Future[Any], limit: asyncio.Timeout
    ) -> None:
        if fault in ("cancel", "hang"):
            running.cancel()
        elif fault == "timeout":
            limit.reschedule(asyncio.get_running_loop().time())
        elif fault == "close":
            await self.llm.close()
        elif fault == "unload":
            await self.llm.unload()

    async def _arm(self, fault: str) -> None:
        self._armed.clear()
        self._channel.postMessage(f"next {fault}")
        async with asyncio.timeout(BOUND):
            await self._armed.wait()

    def _receive(self, event: Any) -> None:
        if event.data == "armed":
            self._armed.set()
        elif event.data == "begun":
            self._begun.set()
        elif event.data == "loading" and self._of_load:
            if self._of_load in WORKER_FAULTS:
                self._channel.postMessage(f"now {self._of_load}")
            self._of_load = ""
            self._begun.set()

    async def _within(self, limit: asyncio.Timeout, work: Awaitable[object]) -> object:
        async with limit:
            return await work

    async def _bounded(self, running: asyncio.Future[Any]) -> str:
        done, _ = await asyncio.wait({running}, timeout=BOUND)
        return await outcome_of(running) if done else "hangs"


WORKER_FAULTS = ("kill", "lose", "hang")


def _record(url: str) -> ModelRecord:
    return ModelRecord(model_id="served", model=url, model_lib=f"{url}model.wasm")


async def outcome_of(work: Awaitable[Any]) -> str:
    """Return how it ended: `result`, the name of a documented error, or what else was raised."""
    try:
        found = await work
    except (WebLLMError, TimeoutError, asyncio.CancelledError) as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001 - that none is raised is the test
        return f"untyped {error!r}"
    return found if isinstance(found, str) else "result"


campaign: Any = None

"""A visit to the page over the real service and a fake bridge, for the tests of controllers."""

from __future__ import annotations

import asyncio

from page.setup.controller import SetupController
from page.setup.view import Screen, State
from pywebllm import AsyncWebLLM, Support, WebLLMService

from tests.unit.fakes import FakeBridge

__all__ = ["FakeCard", "Visit"]


class FakeCard:
    """A set-up card that records what it was shown, and lets a test wait for a state."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []
        self.gpu: list[str] = []
        self._changed = asyncio.Event()

    @property
    def screen(self) -> Screen:
        return self.screens[-1]

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)
        self._changed.set()

    def show_gpu(self, text: str) -> None:
        self.gpu.append(text)

    async def until(self, state: State) -> Screen:
        while not self.screens or self.screen.state != state:
            self._changed.clear()
            await self._changed.wait()
        return self.screen


class Visit:
    """The set-up of a page, and how to bring it to a state."""

    def __init__(self, *, support: Support | Exception | None = None) -> None:
        self.card = FakeCard()
        self.bridge = FakeBridge()
        self.support = support or Support(ok=True)
        self.checks = 0
        self.choices: list[str | None] = []
        self.llm = AsyncWebLLM(bridge=self._open)
        self.setup = SetupController(
            page=self.card,
            service_of=lambda model: WebLLMService(model, client=self.llm),
            check_support=self._check,
            keep_choice=self.choices.append,
        )

    async def loaded(self) -> None:
        start = asyncio.create_task(self.setup.start())
        (await self.bridge.loads.get()).end()
        await start

    def states(self) -> list[State]:
        """Return the states that were shown, each once."""
        states = [screen.state for screen in self.card.screens]
        return [
            state for state, before in zip(states, [None, *states], strict=False) if state != before
        ]

    async def _open(self) -> FakeBridge:
        return self.bridge

    async def _check(self) -> Support:
        self.checks += 1
        if isinstance(self.support, Exception):
            raise self.support
        return self.support

"""The privacy view: what it shows, and what its controller does, with a scripted vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from page.privacy import view
from page.privacy.controller import PrivacyController
from page.privacy.view import Screen

SURVEY = {
    "records": {"conversations": 1, "personas": 2, "programs": 0, "settings": 3},
    "bytes": {"models": 9_480_000, "page": 1, "python": 0},
    "answers": 0,
    "settings": 1,
}


class Page:
    """Records what is shown."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []

    def show(self, screen: Screen) -> None:
        self.screens.append(screen)


class Vault:
    """What is stored, in memory."""

    def __init__(self, problem: str = "") -> None:
        self.events: list[str] = []
        self._problem = problem

    async def survey(self) -> Mapping[str, Any]:
        self.events.append("survey")
        return SURVEY

    async def delete_all(self) -> None:
        self.events.append("delete")
        if self._problem:
            raise OSError(self._problem)

    async def close(self) -> None:
        self.events.append("close")


async def opened(problem: str = "") -> tuple[PrivacyController, Page, Vault]:
    page, vault = Page(), Vault(problem)
    controller = PrivacyController(page=page, vault=vault, close=vault.close)
    controller.open()
    await controller.settled()
    return controller, page, vault


def test_survey_is_told_in_words() -> None:
    amounts = {stored.kind: stored.amount for stored in view.shown(SURVEY).stored}
    assert amounts == {
        "conversations": "1 entry",
        "personas": "2 entries",
        "programs": "0 entries",
        "settings": "3 entries",
        "answers": "0 entries",
        "models": "9.5 MB",
        "page": "0.1 MB",
        "python": "nothing",
        "small": "1 entry",
    }


async def test_delete_asks_first_and_closes_the_engine_before() -> None:
    controller, page, vault = await opened()
    controller.confirm()
    assert vault.events == ["survey"], "nothing was asked"
    controller.ask()
    assert page.screens[-1].state == "asking"
    controller.confirm()
    await controller.settled()
    assert vault.events == ["survey", "close", "delete"]
    assert [screen.state for screen in page.screens] == ["shown", "asking", "deleting", "deleted"]


async def test_cancel_keeps_everything_and_shows_it() -> None:
    controller, page, vault = await opened()
    controller.ask()
    controller.cancel()
    assert page.screens[-1] == page.screens[0]
    assert vault.events == ["survey"]


@pytest.mark.parametrize("action", ["ask", "open"])
async def test_problem_is_shown_and_can_be_tried_again(action: str) -> None:
    controller, page, _ = await opened("no access")
    controller.ask()
    controller.confirm()
    await controller.settled()
    assert page.screens[-1].state == "failed"
    assert "no access" in page.screens[-1].status
    getattr(controller, action)()
    await controller.settled()
    assert page.screens[-1].state == {"ask": "asking", "open": "shown"}[action]

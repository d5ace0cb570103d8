"""Fixtures of the campaign: one page for all of it, whose engine breaks when it is asked to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from model.browser.python import PagePython
from tests.contexts import new_context

FOLDER = Path(__file__).parent


class CampaignPage:
    """The page, with `campaign` of `inpage.py` in it."""

    def __init__(self, python: PagePython, site: str) -> None:
        self.python = python
        self.page: Page = python.page
        self.run((FOLDER / "inpage.py").read_text("utf-8"))
        self.new(site)

    def new(self, site: str) -> None:
        """Make a new campaign, with a client of its own."""
        self.run(f"campaign = Campaign({site!r}); await campaign.begin()")

    def run(self, code: str) -> Any:
        """Run Python code in the page and return the value of its last expression."""
        text = self.page.evaluate(
            "async code => JSON.stringify((await pyodide.runPythonAsync(code)) ?? null)", code
        )
        return json.loads(text)

    def call(self, name: str, *arguments: object) -> Any:
        """Call a coroutine function of the campaign; arguments and result cross as JSON."""
        call = f"campaign.{name}(*json.loads({json.dumps(arguments)!r}))"
        return json.loads(self.run(f"import json\njson.dumps(await {call})"))


@pytest.fixture(scope="session")
def campaign(chromium: Browser, site: str) -> Iterator[CampaignPage]:
    """The page, whose worker takes faults; all tests of the folder use it."""
    context = new_context(chromium)
    # Chromium asks for it when a page loads from another port of this machine.
    context.grant_permissions(["local-network-access"])
    appended = (FOLDER / "worker.js").read_text("utf-8")

    def answer(route: Route) -> None:
        source = route.fetch().text()
        route.fulfill(body=f"{source}\n{appended}", content_type="text/javascript")

    context.route("**/webllm_bridge.js*", answer)
    yield CampaignPage(PagePython(context.new_page(), site), site)
    context.close()


def length_of(name: str, default: int) -> int:
    """Return how long a run is: `default`, unless the environment variable says otherwise."""
    return int(os.environ.get(name, default))


def is_long(name: str) -> bool:
    """Return whether the environment variable asks for a run of its own, with a new seed."""
    return name in os.environ

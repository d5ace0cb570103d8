"""The demo page: create its parts and start them."""

from __future__ import annotations

from page.controller import Controller
from page.dom import Page, wanted_engine
from pywebllm import AsyncWebLLM, WebLLMService

__all__ = ["start"]

# The engine and the model are beside index.html.
_ASSETS = "./"


async def start() -> None:
    """Connect the page to the model, check the browser, and load the model."""
    page = Page()
    llm = AsyncWebLLM(assets_url=_ASSETS, engine=wanted_engine())
    controller = Controller(
        page=page, service=WebLLMService(client=llm), check_support=llm.check_support
    )
    page.connect(controller)
    await controller.start()

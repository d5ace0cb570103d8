"""The demo page: create its views and start them."""

from __future__ import annotations

from page.controller import Controller
from page.dom import Page, wanted_engine
from page.models.controller import ModelsController
from page.models.dom import ModelsElements
from pywebllm import AsyncWebLLM, WebLLMService

__all__ = ["start"]

# The engine and the model are beside index.html.
_ASSETS = "./"


async def start() -> None:
    """Connect the page to the model, check the browser, and load the model."""
    llm = AsyncWebLLM(assets_url=_ASSETS, engine=wanted_engine(), share=True)
    elements = ModelsElements()
    models = ModelsController(page=elements, llm=llm, check_support=llm.check_support)
    page = Page()
    service = WebLLMService(client=llm)
    controller = Controller(page=page, service=service, check_support=llm.check_support)
    page.connect(controller)
    elements.connect(models)
    await controller.start()

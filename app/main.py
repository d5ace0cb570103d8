"""The demo page: create its parts and start them."""

from __future__ import annotations

import functools

from page.controller import Controller
from page.dom import Page
from pywebllm import WebLLMService, check_support

__all__ = ["start"]

# The engine and the model are beside index.html.
_ASSETS = "./"


async def start() -> None:
    """Connect the page to the model, check the browser, and load the model."""
    page = Page()
    controller = Controller(
        page=page,
        service=WebLLMService(assets_url=_ASSETS),
        check_support=functools.partial(check_support, assets_url=_ASSETS),
    )
    page.connect(controller)
    await controller.start()

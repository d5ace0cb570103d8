"""The start of the page: the model is loaded, then the views are created."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from pyodide.ffi import JsException
from pywebllm import AsyncWebLLM, WebLLMService, open_bridge

from .libraries import import_module
from .setup.choice import keep_choice, read_choice
from .setup.controller import SetupController
from .setup.dom import SetupElements, wanted_engine

__all__ = ["start_page"]

# The engine and the model are beside index.html.
_ASSETS = "./"


async def start_page() -> None:
    """Check the browser and load the model, and connect the views to one client."""
    bridge = partial(
        open_bridge,
        assets_url=_ASSETS,
        module=await _begun_engine(),
        engine=wanted_engine(),
        share=True,
    )
    llm = AsyncWebLLM(bridge=bridge)
    setup = _start_setup(llm)
    chosen = read_choice()
    # A chosen model may be one of the visitor's own, which the views know.
    loads = [asyncio.ensure_future(setup.start())] if chosen is None else []
    # It begins, and is shown, before the views' modules are imported, which in a first visit takes
    # as long as what was imported until here. (0 would not leave the browser's present task.)
    await asyncio.sleep(0.01)
    from .views import start_views  # noqa: PLC0415

    await asyncio.gather(start_views(llm, setup, chosen), *loads)


async def _begun_engine() -> Any:
    # It has begun to load the chosen model, and hands that over.
    try:
        return await import_module("start/engine.js")
    except JsException:
        # The library imports the bridge by itself, tries again, and says what went wrong.
        return None


def _start_setup(llm: AsyncWebLLM) -> SetupController:
    elements = SetupElements()
    setup = SetupController(
        page=elements,
        service_of=lambda model: WebLLMService(model, client=llm),
        check_support=llm.check_support,
        keep_choice=keep_choice,
    )
    elements.connect(setup)
    return setup

"""The demo page: create its views and start them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import js
from page.chat.starting import start_chat
from page.libraries import import_module
from page.models.adding import AddingController
from page.models.adding_dom import AddingElements
from page.models.controller import ModelsController
from page.models.dom import ModelsElements
from page.models.own import OwnModels
from page.persona.controller import PersonaController
from page.persona.dom import PersonaElements
from page.persona.shelf import Shelf
from page.privacy.controller import PrivacyController
from page.privacy.dom import BrowserVault, PrivacyElements
from page.python.controller import PythonController
from page.python.dom import PythonElements
from page.python.files import build_page, read_example
from page.python.process import WorkerProcess
from page.python.programs import Programs
from page.python.runs import Runs
from page.setup.choice import keep_choice, read_choice
from page.setup.controller import SetupController
from page.setup.dom import SetupElements, wanted_engine
from page.storage import browser_store
from page.texts import use_language
from pyodide.ffi import JsException
from pywebllm import AsyncWebLLM, WebLLMService, open_bridge

__all__ = ["start"]

# The engine and the model are beside index.html.
_ASSETS = "./"


async def start() -> None:
    """Connect the views to one client, check the browser, and load the model."""
    use_language(js.document.documentElement.lang)
    bridge = partial(
        open_bridge,
        assets_url=_ASSETS,
        module=await _begun_engine(),
        engine=wanted_engine(),
        share=True,
    )
    llm = AsyncWebLLM(bridge=bridge)
    setup = _start_setup(llm)
    own = OwnModels(llm=llm, store=browser_store())
    _start_persona(setup)
    restoring = asyncio.ensure_future(own.restore())
    chosen = read_choice()
    if chosen is not None:
        # Its record may be one of the visitor's own.
        await restoring
        if await own.is_there(chosen):
            setup.prefer(chosen)
        else:
            # A visit must not begin with a large download.
            keep_choice(None)
    loading = asyncio.ensure_future(setup.start())
    await restoring
    _start_models(llm, setup, own)
    runs = _start_python(llm, setup)
    _start_privacy(llm)
    await asyncio.gather(start_chat(llm, setup, runs.call), loading)


async def _begun_engine() -> Any:
    # It has begun to load the built-in model, and hands that over.
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


def _start_persona(setup: SetupController) -> None:
    elements = PersonaElements()
    shelf = Shelf(page=elements, store=browser_store())
    elements.connect(PersonaController(page=elements, setup=setup, shelf=shelf), shelf)
    shelf.open()


def _start_models(llm: AsyncWebLLM, setup: SetupController, own: OwnModels) -> None:
    elements = ModelsElements()
    models = ModelsController(
        page=elements, llm=llm, setup=setup, own=own, check_support=llm.check_support
    )
    elements.connect(models)
    forms = AddingElements()
    forms.connect(AddingController(page=forms, own=own, on_added=lambda _model: models.open()))


def _start_python(llm: AsyncWebLLM, setup: SetupController) -> Runs:
    elements = PythonElements()
    programs = Programs(page=elements, store=browser_store(), read_example=read_example)
    runs = Runs(page=elements, create=lambda: WorkerProcess(llm, lambda: setup.model))
    elements.connect(
        PythonController(page=elements, programs=programs, runs=runs, build_page=build_page)
    )
    return runs


def _start_privacy(llm: AsyncWebLLM) -> None:
    async def close() -> None:
        await llm.unload(force=True)
        await llm.close()

    elements = PrivacyElements()
    elements.connect(PrivacyController(page=elements, vault=BrowserVault(), close=close))

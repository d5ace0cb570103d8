"""All views of the page, created and connected to one client."""

from __future__ import annotations

import asyncio

from pywebllm import AsyncWebLLM

from .chat.starting import start_chat
from .models.adding import AddingController
from .models.adding_dom import AddingElements
from .models.controller import ModelsController
from .models.dom import ModelsElements
from .models.own import OwnModels
from .persona.controller import PersonaController
from .persona.dom import PersonaElements
from .persona.shelf import Shelf
from .privacy.controller import PrivacyController
from .privacy.dom import BrowserVault, PrivacyElements
from .python.controller import PythonController
from .python.dom import PythonElements
from .python.files import build_page, read_example
from .python.process import WorkerProcess
from .python.programs import Programs
from .python.runs import Runs
from .setup.choice import keep_choice
from .setup.controller import SetupController
from .storage import browser_store

__all__ = ["start_views"]


async def start_views(llm: AsyncWebLLM, setup: SetupController, chosen: str | None) -> None:
    """Start all views; return when the visitor can act.

    Args:
        llm: The client.
        setup: Loads the model for all of them.
        chosen: The model to load; None: `setup` loads the built-in one already.
    """
    _start_persona(setup)
    own = OwnModels(llm=llm, store=browser_store())
    # The chosen model may be one of these.
    await own.restore()
    loading = asyncio.ensure_future(_load(setup, own, chosen))
    _start_models(llm, setup, own)
    runs = _start_python(llm, setup)
    _start_privacy(llm)
    await asyncio.gather(start_chat(llm, setup, runs.call), loading)


async def _load(setup: SetupController, own: OwnModels, chosen: str | None) -> None:
    if chosen is None:
        return
    if await own.is_there(chosen):
        setup.prefer(chosen)
    else:
        # A visit must not begin with a large download.
        keep_choice(None)
    await setup.start()


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

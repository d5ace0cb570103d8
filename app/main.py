"""The demo page: create its views and start them."""

from __future__ import annotations

from page.models.controller import ModelsController
from page.models.dom import ModelsElements
from page.persona.controller import PersonaController
from page.persona.dom import PersonaElements
from page.setup.controller import SetupController
from page.setup.dom import SetupElements, wanted_engine
from page.texts import use_language
from pyscript import document
from pywebllm import AsyncWebLLM, WebLLMService

__all__ = ["start"]

# The engine and the model are beside index.html.
_ASSETS = "./"


async def start() -> None:
    """Connect the views to one client, check the browser, and load the model."""
    use_language(document.documentElement.lang)
    llm = AsyncWebLLM(assets_url=_ASSETS, engine=wanted_engine(), share=True)
    setup = _start_setup(llm)
    _start_persona(setup)
    _start_models(llm)
    await setup.start()


def _start_setup(llm: AsyncWebLLM) -> SetupController:
    elements = SetupElements()
    setup = SetupController(
        page=elements,
        service_of=lambda model: WebLLMService(model, client=llm),
        check_support=llm.check_support,
    )
    elements.connect(setup)
    return setup


def _start_persona(setup: SetupController) -> None:
    elements = PersonaElements()
    elements.connect(PersonaController(page=elements, setup=setup))


def _start_models(llm: AsyncWebLLM) -> None:
    elements = ModelsElements()
    elements.connect(ModelsController(page=elements, llm=llm, check_support=llm.check_support))

"""What the chat shows of the model that answers: its context window, whether it reads images."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pywebllm import BUILTIN_MODEL, AsyncWebLLM, WebLLMError

from page.setup.controller import SetupController

__all__ = ["ModelFacts"]

_logger = logging.getLogger("page")


class ModelFacts:
    """Facts about the model that the visitor chose; `on_read` is called when they are known.

    Attributes:
        window: Tokens of the context window; None if it is not known.
        takes_images: True if the model reads images.
    """

    def __init__(
        self, *, llm: AsyncWebLLM, setup: SetupController, on_read: Callable[[], None]
    ) -> None:
        self.window: int | None = None
        self.takes_images = False
        self._llm = llm
        self._setup = setup
        self._on_read = on_read
        self._known: str | None = None

    async def read(self) -> None:
        """Find out about the model, unless that was done."""
        model = self._setup.model or BUILTIN_MODEL
        if model == self._known:
            return
        self._known = model
        self.window, self.takes_images = None, False
        try:
            info = await self._llm.models.retrieve(model)
        except WebLLMError as error:
            _logger.info("Nothing is known about %s: %s", model, error)
            return
        if model == self._known:
            self.window = info.context_window_size
            self.takes_images = info.kind == "vision"
            self._on_read()

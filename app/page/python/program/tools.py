"""The functions that a program offers to the chat, by `@chat_tool`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pywebllm import Toolbox
from pywebllm.types import Function

__all__ = ["Tools"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Tools:
    """The tools of one program, by name; the library describes and calls them."""

    def __init__(self) -> None:
        self._functions: dict[str, Callable[..., Any]] = {}
        self._box: Toolbox | None = None

    def add(self, function: _Function) -> _Function:
        """Offer a function, `async` or not, to the chat. Programs have it as `chat_tool`.

        Its name, its annotations and its docstring describe it to the model.

        Raises:
            pywebllm.InvalidRequestError: It cannot be described.
        """
        # Described alone, so that an error is at its line.
        Toolbox([function])
        self._functions[function.__name__] = function
        self._box = None
        return function

    @property
    def descriptions(self) -> list[object]:
        """The tools as in the OpenAI reference ("Function calling")."""
        return list(self._toolbox().descriptions)

    async def call(self, name: str, arguments: str) -> str:
        """Call a function with a JSON object; return what it returned, or `Error: …`, as text.

        Cancelled, the function is cancelled.
        """
        return await self._toolbox().call(Function(name=name, arguments=arguments))

    def _toolbox(self) -> Toolbox:
        if self._box is None:
            self._box = Toolbox(list(self._functions.values()))
        return self._box

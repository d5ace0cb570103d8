"""The wording of the prompt, taken from the library, so that it exists once."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

__all__ = ["persona_messages"]

_PACKAGE = Path(__file__).parents[2] / "app" / "pywebllm"
_ALIAS = "_pywebllm_source"


def _load() -> Callable[[Mapping[str, str]], list[dict[str, str]]]:
    if not (_PACKAGE / "persona.py").is_file():
        raise FileNotFoundError(f"the prompt's wording is missing: {_PACKAGE / 'persona.py'}")
    # Under a name of its own and without the package's __init__: the recipe needs this one
    # module, from this tree, whatever else is installed.
    package = ModuleType(_ALIAS)
    package.__path__ = [str(_PACKAGE)]
    sys.modules[_ALIAS] = package
    module = importlib.import_module(f"{_ALIAS}.persona")
    return cast("Callable[[Mapping[str, str]], list[dict[str, str]]]", module.persona_messages)


persona_messages = _load()

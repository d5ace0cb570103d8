"""Packages whose modules are imported when one of their names is first used (PEP 562).

In a browser an import costs milliseconds for each module, so `import pywebllm` loads only what a
first chat needs. A package lists its lazy names, and imports them for type checkers:

    if TYPE_CHECKING:
        from .describing import schema_of

    __getattr__ = lazy_attributes(__name__, {"schema_of": ".describing"})
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_attributes"]


def lazy_attributes(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package that imports some of its names on first use.

    Args:
        package: The package, its `__name__`.
        modules: Maps each lazy name to the relative name of the module that defines it.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807, Python calls it by this name
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(modules[name], package), name)
        # From now on an ordinary attribute, found without this function.
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__

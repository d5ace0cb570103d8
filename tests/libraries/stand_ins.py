"""Stand-ins in the page for packages of Pyodide's lock file of which PyPI has no wheel for it.

In their place users have Pyodide's own builds, which are not on this machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NoReturn

__all__ = ["STAND_INS", "install_stand_ins"]

_HAZMAT = "cryptography.hazmat.primitives"


class _Orjson:
    """What the libraries use of orjson, over `json`."""

    JSONDecodeError = json.JSONDecodeError
    OPT_INDENT_2 = 1

    @staticmethod
    def loads(text: bytes | str) -> Any:
        return json.loads(text)

    @staticmethod
    def dumps(value: object, *, option: int = 0) -> bytes:
        return json.dumps(value, indent=2 if option else None).encode()


# By the name of the package: its modules, and the names that are imported from them. Those without
# a value are only imported: they refuse to be used.
STAND_INS: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "cryptography": {
        "cryptography.exceptions": {"InvalidTag": None},
        f"{_HAZMAT}.ciphers.aead": {"AESGCM": None},
        f"{_HAZMAT}.hashes": {"SHA256": None},
        f"{_HAZMAT}.kdf.hkdf": {"HKDF": None},
    },
    "orjson": {
        "orjson": {name: it for name, it in vars(_Orjson).items() if not name.startswith("__")}
    },
    "pillow": {"PIL.Image": {"Image": None, "open": None}},
    "tiktoken": {"tiktoken": {"Encoding": None, "encoding_for_model": None, "get_encoding": None}},
}


def install_stand_ins() -> None:
    """Let Python import the stand-ins."""
    for modules in STAND_INS.values():
        for path, names in modules.items():
            module = _module(path)
            for name, value in names.items():
                setattr(module, name, value or _unusable(f"{path}.{name}"))


def _module(path: str) -> Any:
    if path not in sys.modules:
        sys.modules[path] = module = ModuleType(path)
        # A package, so that its modules can be imported.
        module.__path__ = []
        parent, _, name = path.rpartition(".")
        if parent:
            setattr(_module(parent), name, module)
    return sys.modules[path]


def _unusable(name: str) -> type:
    def refuse(self: object, *_arguments: object, **_options: object) -> NoReturn:
        raise NotImplementedError(f"{name} is a stand-in")

    # An exception, as one of them is caught.
    return type(name, (Exception,), {"__init__": refuse})

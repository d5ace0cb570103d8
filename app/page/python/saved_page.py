"""A page of its own with one program: a single file that holds the wheel, the model and the code.

It fetches Pyodide, and packages that the program needs, from their public addresses.
"""

from __future__ import annotations

import base64
import html
import json
from importlib.resources import files

from page.texts import text

__all__ = ["PYODIDE", "render"]

# As in package.json; a test compares the two.
PYODIDE = "314.0.7"

# What runs the program is the same code as in the view.
_MODULES = ("__init__", "display", "faults", "packages", "plots", "runner", "tools", "writer")


def render(title: str, code: str, *, wheel: bytes, language: str = "en") -> str:
    """Return the page.

    Args:
        title: The name of the program.
        code: The program.
        wheel: The wheel of this project.
        language: That of the texts of the page.
    """
    page = files(__package__).joinpath("saved_page.html").read_text(encoding="utf-8")
    package = files(f"{__package__}.program")
    sources = {name: package.joinpath(f"{name}.py").read_text("utf-8") for name in _MODULES}
    values = {
        "lang": language,
        "title": html.escape(title),
        "starting": html.escape(text("python.page.starting")),
        "program": html.escape(text("python.program")),
        "code": html.escape(code),
        "pyodide": PYODIDE,
        "data": _data({"code": code, "sources": sources, "done": text("python.page.done")}),
        "wheel": base64.b64encode(wheel).decode(),
    }
    # Each at its place once: a program may contain any of these names.
    parts = page.split("{{")
    found = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}}")
        found += [values[name], rest]
    return "".join(found)


def _data(value: object) -> str:
    # In a script element "<" alone could end it.
    return json.dumps(value).replace("<", "\\u003c")

"""Where in a schema the work is, so that every refusal names it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pywebllm.errors import InvalidRequestError

__all__ = ["Place"]

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON path into a schema, for example `$.properties.age`, and the parameter it came by."""

    param: str = "response_format"
    path: str = "$"
    name: str = ""  # of the nearest property
    depth: int = 0

    def at(self, *steps: str | int) -> Place:
        """Go down by these keys and indices."""
        last = steps[-1]
        named = isinstance(last, str) and steps[0] == "properties"
        name = str(last) if named else self.name
        return Place(self.param, self.path + "".join(map(_step, steps)), name, self.depth + 1)

    def error(self, problem: str, *, advice: str) -> InvalidRequestError:
        """Build the refusal of what is here."""
        return InvalidRequestError(f"{self.path}: {problem}", advice=advice, param=self.param)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{step!r}]"

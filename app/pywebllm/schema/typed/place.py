"""Where in a schema the work is, so that every error names it.

Examples:
    >>> Place().at("properties", "age").at("anyOf", 0).path
    '$.properties.age.anyOf[0]'
    >>> Place().at("properties", "the age").error("...", advice="...").problem
    "$.properties['the age']: ..."
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pywebllm.echo import shortened, shown
from pywebllm.errors import InvalidRequestError

__all__ = ["Place"]

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON path into a schema, for example `$.properties.age`.

    Attributes:
        param: The parameter of the request that the schema was passed as.
        path: The JSON path.
        name: The name of the nearest property; empty outside of any.
        depth: How many schemas this one is nested in.
    """

    param: str = "response_format"
    path: str = "$"
    name: str = ""
    depth: int = 0

    def at(self, *steps: str | int) -> Place:
        """Go down by these keys and indices, to one schema inside this one."""
        last = steps[-1]
        named = isinstance(last, str) and steps[0] == "properties"
        name = str(last) if named else self.name
        return Place(self.param, self.path + "".join(map(_step, steps)), name, self.depth + 1)

    def error(self, problem: str, *, advice: str) -> InvalidRequestError:
        """Make the error for a problem that is here."""
        where = shortened(self.path)
        return InvalidRequestError(f"{where}: {problem}", advice=advice, param=self.param)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{shortened(step)}" if _PLAIN.fullmatch(step) else f"[{shown(step)}]"

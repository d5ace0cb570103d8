"""What all values have in common: a way to JSON."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["Value"]


class Value:
    """A value as the OpenAI API reference describes it."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as an object for JSON, as the OpenAI API reference shows it.

        What is None is absent, but for what the reference shows as null; what only WebLLM says
        of a request is in `usage.extra`, by its names. A parsed value is left out, for the
        message's content is its JSON.
        """
        from pywebllm import codec  # noqa: PLC0415, it knows these values

        return codec.dump(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the same as JSON text; `indent` None puts it on one line."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

"""Identifiers in the form of OpenAI's: a prefix and 32 random hexadecimal digits."""

from __future__ import annotations

import os

__all__ = ["new_id"]


def new_id(prefix: str) -> str:
    """Return a new identifier, for example `chatcmpl-0b5e…` for the prefix `chatcmpl-`."""
    # Not `uuid.uuid4`, which is as random: the module would be loaded for this alone.
    return prefix + os.urandom(16).hex()

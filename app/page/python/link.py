"""A program in an address: `#/python/code=…`, compressed, so that a link needs no server."""

from __future__ import annotations

import base64
import zlib

__all__ = ["MAX_CODE", "PREFIX", "address_of", "code_in"]

PREFIX = "#/python/code="

# Bytes of a program. A small address can hold many more, all alike.
MAX_CODE = 200_000


def address_of(code: str) -> str:
    """Return the part of an address from its `#` on."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = packer.compress(code.encode()) + packer.flush()
    return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def code_in(address: str) -> str | None:
    """Return the program in an address; None if it has none.

    Raises:
        ValueError: It has one that is damaged, or too long.
    """
    if not address.startswith(PREFIX):
        return None
    text = address.removeprefix(PREFIX)
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        code = unpacker.decompress(packed, MAX_CODE).decode()
    except (ValueError, zlib.error) as error:
        raise ValueError("the link is damaged") from error
    if not unpacker.eof:
        raise ValueError("the link is damaged, or its program is too long")
    return code

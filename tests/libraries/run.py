"""Run programs; as a module, one after the other, and print what became of each as a line of JSON.

usage: python -m tests.libraries.run NAME…
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback

from tests.libraries.programs import PROGRAMS
from tests.libraries.site import Site

__all__ = ["run"]

_SECONDS = 100


async def run(name: str) -> str:
    """Run a program; return its error, empty if there was none."""
    site = Site()
    try:
        async with asyncio.timeout(_SECONDS):
            await PROGRAMS[name](site)
    # Whatever a library raises is the outcome of its program.
    except Exception:  # noqa: BLE001
        return traceback.format_exc()
    finally:
        await site.close()
    return ""


async def _main(names: list[str]) -> None:
    for name in names:
        print(json.dumps({"name": name, "error": await run(name)}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))

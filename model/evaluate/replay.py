"""Has cases answered by the real engine in headless Chromium, in several browsers side by side."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Error

from model.compile.errors import VerificationError
from model.compile.verify.browser import open_page
from model.evaluate.case import Case
from model.evaluate.files import FILES
from tests.browser.chromium import find_chromium

__all__ = ["replay"]

log = logging.getLogger("pywebllm.model")

# The engine stays loaded between calls; after each the log can tell how far it is.
_AT_ONCE: Final = 20
_CALL: Final = """async ([cases, options]) =>
    (await import("/replay.js")).replay(cases, options)"""


def replay(model: Path, cases: Sequence[Case], *, pages: int, out: Path) -> Path:
    """Write what the model in the folder `model` answers to `out`, a file of one part a line.

    Raises:
        ToolError: Chromium or WebLLM is missing.
        VerificationError: The model does not load.
    """
    find_chromium()  # only where nothing drives a browser yet
    shares = [list(cases[page::pages]) for page in range(pages)]
    with ThreadPoolExecutor(pages) as threads:
        parts = list(threads.map(lambda share: _answered(model, share), shares))
    out.write_text("".join(json.dumps(part, ensure_ascii=False) + "\n" for part in parts), "utf-8")
    return out


def _answered(model: Path, cases: Sequence[Case]) -> dict[str, Any]:
    whole: dict[str, Any] = {"adapter": "", "seconds": 0.0, "transcripts": []}
    with open_page(model, FILES) as (page, url):
        for start in range(0, len(cases), _AT_ONCE):
            some = [asdict(case) for case in cases[start : start + _AT_ONCE]]
            try:
                part = page.evaluate(_CALL, [some, {"url": url}])
            except Error as error:
                raise VerificationError(
                    f"The replay failed in the browser: {error.message[:1000]}. Does the model "
                    "load in the demo page?"
                ) from error
            whole["adapter"] = part["adapter"]
            whole["seconds"] += part["seconds"]
            whole["transcripts"] += part["transcripts"]
            log.info("%d of %d cases, %.0f s", start + len(some), len(cases), whole["seconds"])
    return whole

"""Replay cases with the real engine in headless Chromium, in several browsers in parallel."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TextIO

from playwright.sync_api import Error, Page

from model.browser.chromium import find_chromium
from model.browser.page import open_page
from model.compile.errors import VerificationError
from model.evaluate.case import Case
from model.evaluate.files import FILES

__all__ = ["replay"]

log = logging.getLogger("pywebllm.model")

# The engine stays loaded between calls; progress is logged after each.
_CASES_PER_CALL: Final = 20
_CALL: Final = """async ([cases, options]) =>
    (await import("/replay.js")).replay(cases, options)"""


def replay(
    model: Path, cases: Sequence[Case], *, pages: int, out: Path, engine: str = "webllm"
) -> Path:
    """Write the answers of the model in the folder `model` to `out`, one part per line.

    The `engine` "wllama" takes minutes where WebLLM without a GPU takes hours.

    Parts are written immediately, so that those of an interrupted run can be judged.

    Raises:
        ToolError: Chromium or WebLLM is missing.
        VerificationError: The model does not load.
    """
    find_chromium()  # caches the path before Playwright runs in the threads
    shares = [list(cases[page::pages]) for page in range(pages)]
    with out.open("w", encoding="utf-8") as file, ThreadPoolExecutor(pages) as threads:
        list(threads.map(lambda share: _answer(model, share, file, engine), shares))
    return out


def _answer(model: Path, cases: Sequence[Case], out: TextIO, engine: str) -> None:
    """Write parts of at most `_CASES_PER_CALL` cases; their seconds count from the first part."""
    seconds = 0.0
    with open_page(model, FILES) as (page, url):
        for start in range(0, len(cases), _CASES_PER_CALL):
            part = _part(page, cases[start : start + _CASES_PER_CALL], url=url, engine=engine)
            seconds = part["seconds"] = seconds + part["seconds"]
            # A single call of write(), because the threads of other pages write, too.
            out.write(json.dumps(part, ensure_ascii=False) + "\n")
            out.flush()
            done = start + len(part["transcripts"])
            log.info("%d of %d cases, %.0f s", done, len(cases), seconds)


def _part(page: Page, cases: Sequence[Case], **options: str) -> dict[str, Any]:
    try:
        return dict(page.evaluate(_CALL, [[asdict(case) for case in cases], options]))
    except Error as error:
        raise VerificationError(
            f"The replay failed in the browser: {error.message[:1000]}. Check whether the model "
            "loads in the demo page."
        ) from error

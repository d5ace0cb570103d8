"""Run the scripts of a folder that a benchmark has staged, each in a new browser.

    .venv/bin/python -m bench.staged SITE [--gpu]

It needs Chromium, Playwright and filelock. Each file `NAME.run.js` of the folder is a single
expression; for each, a JSON object with `name`, `value`, and the most memory in MiB is printed in
a line; what fails, and the console, on stderr. With `--gpu`, Chromium uses the GPU (on Linux);
without it, SwiftShader.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import ConsoleMessage, Error

from bench.memory import peaks
from bench.page import chromium, wait_for_adapter
from model.browser.server import QuietHandler, serving

__all__ = ["Found", "evaluate_staged", "run_staged"]

_SUFFIX: Final = ".run.js"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a script gave.

    Attributes:
        name: The script's, without `.run.js`.
        value: The value of its expression; None if it failed.
        memory: The most memory in MiB while it ran, of `processes`, and of `gpu` where it is known.
    """

    name: str
    value: Any
    memory: dict[str, int]


class _IsolatedHandler(QuietHandler):
    """Makes pages cross-origin isolated."""

    def end_headers(self) -> None:
        """Send the headers; an isolated page has a clock resolution of 5 µs instead of 100."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


def run_staged(site: Path, *, gpu: bool = False) -> Iterator[Found]:
    """Run all scripts of a staged folder, in the order of their names, without a limit of time.

    Raises:
        SystemExit: Chromium is not installed, or has no adapter.
    """
    for file in sorted(site.glob(f"*{_SUFFIX}")):
        value = None
        with peaks() as memory:
            try:
                value = evaluate_staged(site, file.name, gpu=gpu)
            except Error as error:
                sys.stderr.write(f"{file.name} failed: {error.message}\n")
        yield Found(name=file.name.removesuffix(_SUFFIX), value=value, memory=dict(memory))


def evaluate_staged(site: Path, script: str, *, gpu: bool = False) -> Any:
    """Return what a script of a staged folder gives in a new browser.

    Raises:
        SystemExit: Chromium is not installed, or has no adapter.
    """
    handler = partial(_IsolatedHandler, directory=str(site))
    with serving(handler) as origin, chromium(gpu=gpu) as browser:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.on("console", _say)
        page.goto(origin)
        wait_for_adapter(page)
        return page.evaluate((site / script).read_text("utf-8"))


def _say(message: ConsoleMessage) -> None:
    sys.stderr.write(f"{message.text}\n")


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.staged", description=description)
    parser.add_argument("site", type=Path, metavar="SITE")
    parser.add_argument("--gpu", action="store_true", help="on the GPU, on Linux")
    given = parser.parse_args()
    for found in run_staged(given.site, gpu=given.gpu):
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()

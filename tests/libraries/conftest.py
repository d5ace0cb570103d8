"""Pages with the libraries and the programs; one page for each version of the SDK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from model.browser.pyodide_wheels import pure_wheels, pyodide_wheels
from model.browser.python import PagePython
from tests.browser.offline import offline_python
from tests.libraries.sets import PURE, REQUIREMENTS

FILES = ("agents", "programs", "run", "site", "stand_ins")


@pytest.fixture(scope="module")
def newest(chromium: Browser, site: str) -> Iterator[PagePython]:
    """Python in a page with the libraries and the newest SDK."""
    yield from _with_libraries(chromium, site, "newest")


@pytest.fixture(scope="module")
def of_lock(chromium: Browser, site: str) -> Iterator[PagePython]:
    """Python in a page with the libraries and the SDK of Pyodide's lock file."""
    yield from _with_libraries(chromium, site, "lock file")


def _with_libraries(chromium: Browser, site: str, sdk: str) -> Iterator[PagePython]:
    wheels = [*pyodide_wheels(*REQUIREMENTS[sdk]), *pure_wheels(PURE)]
    files = {name: (Path(__file__).parent / f"{name}.py").read_text("utf-8") for name in FILES}
    with offline_python(chromium, site, wheels) as python:
        python.run(prepare, files=files)
        yield python


async def prepare(files: dict[str, str]) -> None:
    """Write the programs into the page."""
    import importlib
    import os
    import sys
    import warnings
    from pathlib import Path

    # For agent_framework, which otherwise looks for a collector of traces.
    os.environ["OTEL_SDK_DISABLED"] = "true"
    warnings.simplefilter("ignore")
    root = Path("/programs")
    folder = root / "tests/libraries"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    from tests.libraries.stand_ins import install_stand_ins

    install_stand_ins()

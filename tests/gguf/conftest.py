"""Fixtures of the tests with GGUF files of others; `tests/gguf/run` downloads them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from model.browser.site import ROOT
from tests.gguf.bert import Bert

FILES = ROOT / "build/gguf"


@pytest.fixture(scope="session")
def smollm2(site: str) -> Iterator[str]:
    """The URL of SmolLM2-135M-Instruct, on the site's origin."""
    source = FILES / "smollm2.gguf"
    assert source.is_file(), f"{source} is missing: run tests/gguf/run"
    target = ROOT / "build/site/smollm2.gguf"
    target.unlink(missing_ok=True)
    os.link(source, target)
    yield site + target.name
    target.unlink()


@pytest.fixture(scope="session")
def bert() -> Bert:
    """all-MiniLM-L6-v2, to compute vectors."""
    return Bert(FILES / "minilm")


@pytest.fixture(scope="session")
def minilm(site: str, bert: Bert) -> Iterator[str]:
    """The URL of all-MiniLM-L6-v2 as a GGUF file, on the site's origin."""
    target = ROOT / "build/site/minilm.gguf"
    bert.write(target)
    yield site + target.name
    target.unlink()

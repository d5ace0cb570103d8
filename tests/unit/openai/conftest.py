"""Fixtures for the tests of the server in the page."""

from __future__ import annotations

from types import ModuleType

import httpx
import httpx2
import pytest

from tests.unit.openai.page import Page


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture(params=[httpx2, httpx], ids=["httpx2", "httpx"])
def library(request: pytest.FixtureRequest) -> ModuleType:
    found: ModuleType = request.param
    return found

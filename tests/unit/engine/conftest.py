"""The fixture that tests of the engine and of its requests share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.engine.engines import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.engine.dispose()

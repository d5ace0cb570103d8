"""Many generations leave no proxy, and the memories of page and worker stay as large as they were.

A run of its own: `FAULTS_GENERATIONS=300`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.faults.conftest import CampaignPage, is_long, length_of

GENERATIONS = length_of("FAULTS_GENERATIONS", 6)

pytestmark = pytest.mark.timeout(1200 + 4 * GENERATIONS)

# Bytes by which the page's JavaScript heap may differ after its garbage is collected; what V8 keeps
# for itself varies by less. A generation that leaks is several kB of chunks.
SLACK = 400_000 if is_long("FAULTS_GENERATIONS") else 100_000

COUNT = """
import gc, json
from pyodide_js import _module
if not hasattr(_module, "pyproxy_alloc_map"):
    _module.enable_pyproxy_allocation_tracing()
gc.collect()
json.dumps({
    "JavaScript objects in Python": int(_module._hiwire_num_refs()),
    "Python objects in JavaScript": int(_module.pyproxy_alloc_map.size),
    "Pyodide's memory": int(_module.HEAP8.length),
    "tasks": len(asyncio.all_tasks()),
    "Python objects": len(gc.get_objects()),
})
"""


def measure(campaign: CampaignPage) -> dict[str, Any]:
    """Count what is alive in the page and in the engine's worker."""
    counts: dict[str, Any] = json.loads(campaign.run(COUNT))
    (worker,) = campaign.page.workers
    counts["the engine's memories"] = worker.evaluate(
        "() => memories.map(memory => memory.buffer.byteLength)"
    )
    return counts


def heap(campaign: CampaignPage) -> int:
    """Return how many bytes of the page's JavaScript heap are in use after garbage collection."""
    session = campaign.page.context.new_cdp_session(campaign.page)
    session.send("HeapProfiler.collectGarbage")
    size: int = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return size


def test_generations_leave_no_proxy_and_no_memory(campaign: CampaignPage) -> None:
    campaign.call("generations", 2)
    before, heap_before = measure(campaign), heap(campaign)
    campaign.call("generations", GENERATIONS)
    after, heap_after = measure(campaign), heap(campaign)
    sys.stdout.write(f"{GENERATIONS} generations: {after}, heap {heap_before} -> {heap_after}\n")
    # A cache may have a few more; an object that each generation leaves shows.
    assert after.pop("Python objects") < before.pop("Python objects") + GENERATIONS
    assert after == before
    assert heap_after < heap_before + SLACK

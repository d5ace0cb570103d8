"""Every operation meets every fault: it ends in time by a documented error, and work continues."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from pywebllm.builtin import BUILTIN_PATH

from model.browser.site import ROOT
from tests.faults.conftest import CampaignPage, is_long
from tests.faults.server import Cut, Fault, Stall, Status, faulty_server

pytestmark = pytest.mark.timeout(180)

# Seconds. The operation ends at once; the bound is for a busy machine.
AT_ONCE = 20

# The outcome of an operation that the fault meets in its middle.
OUTCOMES = {
    "cancel": "CancelledError",
    "timeout": "TimeoutError",
    "option": "RequestTimeoutError",
    "close": "DisposedError",
    "unload": "DisposedError",
    "kill": "WorkerError",
    "lose": "DeviceLostError",
}
ANSWERS = ("create", "stream", "parse", "completion")
# A load takes no `timeout`.
EVERY_ROW = [
    *(("load", fault) for fault in OUTCOMES if fault != "option"),
    *itertools.product(ANSWERS, OUTCOMES),
]
# Where the model must be loaded again, each row takes seconds, and answers take the same path.
LEFT_OUT = {
    ("load", "unload"),
    ("stream", "unload"),
    *itertools.product(["parse", "completion"], ["close", "unload", "lose"]),
}
ROWS = [row for row in EVERY_ROW if is_long("FAULTS_ALL") or row not in LEFT_OUT]


@pytest.mark.parametrize(("operation", "fault"), ROWS, ids=["-".join(row) for row in ROWS])
def test_operation_ends_in_time_and_leaves_the_client_usable(
    campaign: CampaignPage, operation: str, fault: str
) -> None:
    outcome, seconds, usable = campaign.call("row", operation, fault)
    assert outcome == OUTCOMES[fault]
    assert seconds < AT_ONCE
    assert usable


def test_refused_embedding_leaves_the_client_usable(campaign: CampaignPage) -> None:
    """The built-in model is not an embedding model."""
    outcome, _, usable = campaign.call("row", "embedding", "cancel")
    assert outcome == "InvalidRequestError"
    assert usable


@pytest.mark.usefixtures("own_files")
@pytest.mark.parametrize(
    ("name", "fault", "outcome"),
    [
        ("mlc-chat-config.json", Status(503), "DownloadError"),
        ("model.wasm", Status(404), "DownloadError"),
        ("params_shard_0.bin", Cut(after=100_000), "DownloadError"),
        ("tokenizer.json", Stall(), "CancelledError"),
    ],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_server_that_fails_is_a_documented_error_and_the_next_load_works(
    campaign: CampaignPage, name: str, fault: Fault, outcome: str
) -> None:
    """Each row has a server of its own, so that no file is in the browser's cache yet."""
    with faulty_server(ROOT / "static") as server:
        server.faults[name] = fault
        url = server.url + BUILTIN_PATH
        campaign.call("start_load_from", 1, url)
        # Playwright serves the bridge while it waits, so the server's own wait would wait forever.
        while not server.count(name):
            campaign.page.wait_for_timeout(20)
        assert campaign.call("cancel" if isinstance(fault, Stall) else "finish", 1) == outcome
        server.faults.clear()
        campaign.call("start_load_from", 2, url)
        assert campaign.call("finish", 2) == "result"
        assert campaign.call("is_usable")


@pytest.fixture
def own_files(campaign: CampaignPage) -> Iterator[None]:
    """Let the campaign use the site's files again, when the test ends."""
    yield
    campaign.call("restore")

"""Every operation meets every fault: it ends in time by a documented error, and work continues."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from pywebllm.builtin import BUILTIN_PATH

from model.browser.site import ROOT
from tests.faults.conftest import CampaignPage
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
# A load takes no `timeout`; text completions take the path of chats.
ROWS = [
    *itertools.product(["create", "stream", "parse"], OUTCOMES),
    *(("load", fault) for fault in OUTCOMES if fault != "option"),
    *(("completion", fault) for fault in ("cancel", "timeout", "option", "kill")),
]


@pytest.mark.parametrize(("operation", "fault"), ROWS, ids="-".join)
def test_operation_ends_in_time_and_leaves_the_client_usable(
    campaign: CampaignPage, operation: str, fault: str
) -> None:
    outcome, seconds, usable = campaign.call("row", operation, fault)
    assert outcome == OUTCOMES[fault]
    assert seconds < AT_ONCE
    assert usable


@pytest.mark.parametrize("fault", ["cancel", "kill", "lose"])
def test_refused_embedding_leaves_the_client_usable_whatever_happens(
    campaign: CampaignPage, fault: str
) -> None:
    """The built-in model is no embedding model."""
    outcome, _, usable = campaign.call("row", "embedding", fault)
    assert outcome == "InvalidRequestError"
    assert usable


@pytest.mark.usefixtures("own_files")
@pytest.mark.parametrize(
    ("name", "fault", "seconds", "outcome"),
    [
        ("mlc-chat-config.json", Status(503), None, "DownloadError"),
        ("model.wasm", Status(404), None, "DownloadError"),
        ("params_shard_0.bin", Cut(after=100_000), None, "DownloadError"),
        ("tokenizer.json", Cut(after=1000), None, "DownloadError"),
        ("params_shard_0.bin", Stall(after=1000), 3, "TimeoutError"),
        ("tokenizer.json", Stall(), 3, "TimeoutError"),
    ],
    ids=lambda part: getattr(part, "__name__", None) or str(part),
)
def test_server_that_fails_is_a_documented_error_and_the_next_load_works(
    campaign: CampaignPage, name: str, fault: Fault, seconds: float | None, outcome: str
) -> None:
    """Each row has a server of its own, so that no file is in the browser's cache yet."""
    with faulty_server(ROOT / "static") as server:
        server.faults[name] = fault
        url = server.url + BUILTIN_PATH
        assert campaign.call("load_from", url, seconds) == outcome
        assert server.count(name)
        server.faults.clear()
        assert campaign.call("load_from", url, None) == "result"
        assert campaign.call("is_usable")


@pytest.fixture
def own_files(campaign: CampaignPage) -> Iterator[None]:
    """Let the campaign use the site's files again, when the test ends."""
    yield
    campaign.call("restore")

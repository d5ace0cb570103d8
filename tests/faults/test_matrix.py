"""Every operation meets every fault: it ends in time by a documented error, and work continues."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from pywebllm.builtin import BUILTIN_PATH

from model.browser.site import ROOT
from tests.faults.conftest import CampaignPage, is_long
from tests.faults.server import (
    Cut,
    Fault,
    Redirect,
    Slow,
    Stall,
    Status,
    Truncate,
    empty,
    faulty_server,
    html_page,
    wrong_bytes,
)

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
    # The worker is in an endless loop, and is asked to stop.
    "hang": "CancelledError",
}
ANSWERS = ("create", "stream", "parse", "completion")
EVERY_ROW = list(itertools.product(["load", *ANSWERS], OUTCOMES))
# Where the model must be loaded again, each row takes seconds, and answers take the same path. A
# worker that hangs while it answers is in `tests/browser/test_worker_life.py` too.
LEFT_OUT = {
    ("load", "unload"),
    ("stream", "unload"),
    *itertools.product(["parse", "completion"], ["close", "unload", "lose"]),
    *itertools.product(ANSWERS, ["hang"]),
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
    # Nothing happens to it meanwhile: a cancellation would race with the refusal.
    outcome, _, usable = campaign.call("row", "embedding", "none")
    assert outcome == "InvalidRequestError"
    assert usable


FOLDER = ROOT / "static"
SHARD, TOKENIZER = "params_shard_0.bin", "tokenizer.json"
SHARD_BYTES = (FOLDER / BUILTIN_PATH / SHARD).read_bytes()

# What is wrong with a file of the server, what ends the load, and its outcome. The long run adds
# rows that `tests/browser/test_downloads.py` has in other words.
SERVERS: list[tuple[str, Fault, str, str]] = [
    ("mlc-chat-config.json", Status(503), "", "DownloadError"),
    (TOKENIZER, Stall(), "cancel", "CancelledError"),
]
MORE_SERVERS: list[tuple[str, Fault, str, str]] = [
    ("model.wasm", Status(404), "", "DownloadError"),
    (SHARD, Cut(after=100_000), "", "DownloadError"),
    *(
        (name, fault, "", "IntegrityError")
        for name in (SHARD, TOKENIZER)
        for fault in (
            html_page(),
            empty(),
            Truncate(after=1000),
        )
    ),
    (SHARD, wrong_bytes(SHARD_BYTES), "", "IntegrityError"),
    (TOKENIZER, Redirect("/nowhere.json"), "", "DownloadError"),
    *((name, Stall(), "stall", "RequestTimeoutError") for name in (SHARD, TOKENIZER)),
    (SHARD, Stall(after=100_000), "stall", "RequestTimeoutError"),
    (SHARD, Stall(after=100_000), "timeout", "RequestTimeoutError"),
    (SHARD, Slow(1000), "timeout", "RequestTimeoutError"),
    (SHARD, Slow(1000), "cancel", "CancelledError"),
]
LIMITS: dict[str, dict[str, float]] = {"stall": {"stall": 3}, "timeout": {"limit": 8}}


@pytest.mark.usefixtures("own_files")
@pytest.mark.parametrize(
    ("name", "fault", "end", "outcome"),
    [*SERVERS, *(MORE_SERVERS if is_long("FAULTS_ALL") else [])],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_server_that_fails_is_a_documented_error_and_the_next_load_works(
    campaign: CampaignPage, name: str, fault: Fault, end: str, outcome: str
) -> None:
    """Each row has a server of its own, so that no file is in the browser's cache yet."""
    with faulty_server(FOLDER) as server:
        server.faults[name] = fault
        server.has_ranges = False  # a broken connection would be continued
        url = server.url + BUILTIN_PATH
        start_load(campaign, 1, url, **LIMITS.get(end, {}))
        # Playwright serves the bridge while it waits, so the server's own wait would wait forever.
        while not server.count(name):
            campaign.page.wait_for_timeout(20)
        assert campaign.call("cancel" if end == "cancel" else "finish", 1) == outcome
        server.faults.clear()
        start_load(campaign, 2, url)
        assert campaign.call("finish", 2) == "result"
        assert campaign.call("is_usable")


@pytest.mark.usefixtures("own_files")
def test_wrong_file_in_the_cache_is_an_integrity_error_and_the_next_load_fetches_it(
    campaign: CampaignPage,
) -> None:
    with faulty_server(FOLDER) as server:
        url = server.url + BUILTIN_PATH
        start_load(campaign, 1, url)
        assert campaign.call("finish", 1) == "result"
        for number, name in enumerate([SHARD, TOKENIZER], start=2):
            campaign.call("poison", url + name, "<!doctype html><title>Welcome</title>")
            start_load(campaign, number, url)
            assert campaign.call("finish", number) == "IntegrityError"
            assert server.count(name) == 1
            start_load(campaign, number, url)
            assert campaign.call("finish", number) == "result"
            assert server.count(name) == 2
        assert campaign.call("is_usable")


def start_load(
    campaign: CampaignPage, number: int, url: str, *, limit: float | None = None, stall: float = 60
) -> None:
    """Load the model's files from a server, in the background."""
    campaign.call("start_load_from", number, url, limit, stall)


@pytest.fixture
def own_files(campaign: CampaignPage) -> Iterator[None]:
    """Let the campaign use the site's files again, when the test ends."""
    yield
    campaign.call("restore")

"""Tests of the faulty server: each fault is what its name says."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.server import (
    Cut,
    Fault,
    FaultyServer,
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

CONTENT = bytes(range(200))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    """A server with one file, `folder/file.bin`."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file.bin").write_bytes(CONTENT)
    with faulty_server(tmp_path) as found:
        yield found


def get(server: FaultyServer, *, timeout: float = 10) -> tuple[int, str | None, bytes]:
    """Return the status, the address of a redirect, and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=timeout)
    try:
        connection.request("GET", "/folder/file.bin")
        response = connection.getresponse()
        return response.status, response.headers["Location"], response.read()
    finally:
        connection.close()


def test_file_without_a_fault_is_served(server: FaultyServer) -> None:
    assert get(server) == (200, None, CONTENT)
    assert server.requests == ["folder/file.bin"]
    assert server.count("file.bin") == 1


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Status(404), 404, b"Not Found"),
        (Status(500), 500, b"Internal Server Error"),
        (html_page(), 200, b"<!doctype html><title>Welcome</title><p>Please log in."),
        (empty(), 200, b""),
        (Truncate(after=10), 200, CONTENT[:10]),
        (Slow(4000), 200, CONTENT),
        (Redirect("/other"), 302, b""),
    ],
)
def test_fault_answers_with_its_status_and_body(
    server: FaultyServer, fault: Fault, status: int, body: bytes
) -> None:
    server.faults["file.bin"] = fault
    found, location, content = get(server)
    assert (found, content) == (status, body)
    assert location == ("/other" if isinstance(fault, Redirect) else None)


def test_wrong_bytes_have_the_right_length(server: FaultyServer) -> None:
    server.faults["*"] = wrong_bytes(CONTENT)
    _, _, content = get(server)
    assert len(content) == len(CONTENT)
    assert content != CONTENT


def test_cut_answer_ends_before_its_announced_length(server: FaultyServer) -> None:
    server.faults["file.bin"] = Cut(after=10)
    with pytest.raises(http.client.IncompleteRead) as raised:
        get(server)
    assert raised.value.partial == CONTENT[:10]


@pytest.mark.parametrize("after", [None, 10])
def test_stalled_answer_never_ends(server: FaultyServer, after: int | None) -> None:
    server.faults["file.bin"] = Stall(after=after)
    with pytest.raises(TimeoutError):
        get(server, timeout=0.3)
    server.faults.clear()
    assert get(server)[2] == CONTENT


def test_slow_answer_takes_its_time(server: FaultyServer) -> None:
    server.faults["file.bin"] = Slow(500)
    started = time.monotonic()
    assert get(server)[2] == CONTENT
    assert time.monotonic() - started > 0.3


def test_wait_for_reports_a_file_that_is_not_requested(server: FaultyServer) -> None:
    with pytest.raises(TimeoutError, match="was not requested"):
        server.wait_for("file.bin", seconds=0.05)
    get(server)
    server.wait_for("file.bin")


def test_range_is_the_rest_of_the_file_unless_the_file_is_another_one(server: FaultyServer) -> None:
    def ask(**headers: str) -> tuple[int, str | None, bytes, str]:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", "/folder/file.bin", headers=sent)
        response = connection.getresponse()
        found = response.headers["Content-Range"], response.read(), response.headers["ETag"]
        connection.close()
        return response.status, *found

    etag = ask()[3]
    part = (206, "bytes 150-199/200", CONTENT[150:], etag)
    assert ask(Range="bytes=150-") == part
    assert ask(Range="bytes=150-", If_Range=etag) == part
    assert ask(Range="bytes=150-", If_Range='"another"') == (200, None, CONTENT, etag)
    assert server.starts == [("file.bin", 150)] * 2
    server.has_ranges = False
    assert ask(Range="bytes=150-") == (200, None, CONTENT, etag)
    server.wait_until_idle()

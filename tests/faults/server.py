"""An HTTP server that serves a folder, and answers wrongly where a test says so.

    with faulty_server(folder) as server:
        server.faults["params_shard_0.bin"] = Stall(after=1000)
        …  # the page loads from `server.url`
        server.faults.clear()

It answers ranges with status 206, unless `server.has_ranges` is False, and sends an entity tag.

A key of `faults` is the name of a file, without its folder, or `"*"` for every file without a fault
of its own. Changes apply from the next request on. `server.requests` has the paths of all
requests, in their order, and `server.starts` the file and the first byte of those for a range.

    Status(404)                 an HTTP error with a short text as body
    Replace(b"…")               other bytes with status 200
    html_page(), empty(), wrong_bytes(content)      frequent ones of these
    Truncate(after=1000)        the beginning, complete as far as the client can tell
    Cut(after=1000)             the connection is closed before all announced bytes are sent
    Stall(after=1000)           no more bytes, the connection stays open; `after=None`: no answer
    Slow(1000)                  so many bytes per second
    Redirect("https://…")       status 302

A fault is any object with a method `answer(handler, body)`, so tests can add their own.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

__all__ = [
    "Cut",
    "Fault",
    "FaultyHandler",
    "FaultyServer",
    "Redirect",
    "Replace",
    "Slow",
    "Stall",
    "Status",
    "Truncate",
    "empty",
    "faulty_server",
    "html_page",
    "wrong_bytes",
]

_TYPES = {
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
}
_STEPS_PER_SECOND = 10


class Fault(Protocol):
    """A way to answer a request for a file."""

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Answer the request; `body` is what the file contains."""
        ...


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP error, or any other status without the file."""

    code: int

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Send the status, and its name as the body."""
        text = HTTPStatus(self.code).phrase.encode()
        handler.begin(len(text), status=self.code, content_type="text/plain")
        handler.wfile.write(text)


@dataclass(frozen=True, slots=True)
class Replace:
    """Other bytes, with status 200."""

    content: bytes
    content_type: str | None = None  # that of the file

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Send the bytes."""
        handler.begin(len(self.content), content_type=self.content_type)
        handler.wfile.write(self.content)


@dataclass(frozen=True, slots=True)
class Truncate:
    """The beginning of the file, with a `Content-Length` that fits it."""

    after: int

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Announce fewer bytes than the file has, and send all of the file, as such servers do."""
        handler.begin(min(self.after, len(body)))
        handler.wfile.write(body)


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is closed after so many bytes of those that are announced."""

    after: int

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Send the beginning; the handler closes the connection."""
        handler.begin(len(body))
        handler.wfile.write(body[: self.after])


@dataclass(frozen=True, slots=True)
class Stall:
    """No more bytes after so many; None: not even the status line."""

    after: int | None = None

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Send the beginning, and keep the connection open until the server ends."""
        if self.after is not None:
            handler.begin(len(body))
            handler.wfile.write(body[: self.after])
            handler.wfile.flush()
        handler.server.closing.wait()


@dataclass(frozen=True, slots=True)
class Slow:
    """So many bytes per second."""

    bytes_per_second: int

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Send the file in small steps."""
        handler.begin(len(body))
        step = max(1, self.bytes_per_second // _STEPS_PER_SECOND)
        for start in range(0, len(body), step):
            handler.wfile.write(body[start : start + step])
            handler.wfile.flush()
            if handler.server.closing.wait(step / self.bytes_per_second):
                return


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirect to another address."""

    location: str

    def answer(self, handler: FaultyHandler, body: bytes) -> None:
        """Send the status and the address."""
        handler.begin(0, status=HTTPStatus.FOUND, headers={"Location": self.location})


def html_page() -> Replace:
    """Return the login page of a captive portal, or the page of a host that knows no 404."""
    return Replace(b"<!doctype html><title>Welcome</title><p>Please log in.", "text/html")


def empty() -> Replace:
    """Return a file without any bytes."""
    return Replace(b"")


def wrong_bytes(content: bytes) -> Replace:
    """Return other bytes of the same length: the middle one is inverted."""
    middle = len(content) // 2
    return Replace(content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :])


class FaultyHandler(BaseHTTPRequestHandler):
    """Answers each request by its fault, or with the file; one request for each connection."""

    server: FaultyServer
    _etag = ""
    _start: int | None = None
    _size = 0

    def do_GET(self) -> None:
        """Answer a request for a file."""
        path = unquote(urlsplit(self.path).path).lstrip("/")
        self.server.requests.append(path)
        file = self.server.folder / path
        name = path.rpartition("/")[2]
        fault = self.server.faults.get(name) or self.server.faults.get("*")
        body = file.read_bytes() if file.is_file() else None
        if body is not None:
            body = self._rest(name, body)
        if fault is None:
            fault = Status(HTTPStatus.NOT_FOUND) if body is None else Replace(body)
        with self.server.answering():
            try:
                fault.answer(self, body or b"")
            except OSError:
                self.server.disconnects += 1  # the client has gone, as it should after an error

    def _rest(self, name: str, body: bytes) -> bytes:
        """Return what the requested range has of a file."""
        self._etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        is_same = self.headers.get("If-Range", self._etag) == self._etag
        if wanted is None or not is_same or not self.server.has_ranges:
            return body
        self._start, self._size = int(wanted[1]), len(body)
        self.server.starts.append((name, self._start))
        return body[self._start :]

    def begin(
        self,
        length: int,
        *,
        status: int = HTTPStatus.OK,
        content_type: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send the status line and the headers; any page may read the answer."""
        found = _TYPES.get(Path(urlsplit(self.path).path).suffix, "application/octet-stream")
        is_part = self._start is not None and status == HTTPStatus.OK
        self.send_response(HTTPStatus.PARTIAL_CONTENT if is_part else status)
        if is_part:
            last = (self._start or 0) + length - 1
            self.send_header("Content-Range", f"bytes {self._start}-{last}/{self._size}")
        if self._etag:
            self.send_header("ETag", self._etag)
            self.send_header("Access-Control-Expose-Headers", "ETag, Retry-After")
        self.send_header("Content-Type", content_type or found)
        self.send_header("Content-Length", str(length))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Write no log."""


class FaultyServer(ThreadingHTTPServer):
    """Serves `folder` on 127.0.0.1, on a free port.

    Attributes:
        folder: The folder.
        faults: The fault of each file name; `"*"` for all others.
        requests: The paths of all requests.
        starts: The names of the files of which a range was requested, and its first byte.
        has_ranges: False answers requests for a range with the whole file.
        disconnects: How many clients went away before they had the whole answer.
        closing: Set when the server ends, so that handlers that wait end too.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), FaultyHandler)
        self.folder = folder
        self.faults: dict[str, Fault] = {}
        self.requests: list[str] = []
        self.starts: list[tuple[str, int]] = []
        self.has_ranges = True
        self.disconnects = 0
        self.closing = threading.Event()
        self._idle = threading.Condition()
        self._answers = 0

    @property
    def url(self) -> str:
        """The address of the folder, with a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}/"

    def count(self, name: str) -> int:
        """Return how many requests there were for files of this name."""
        return sum(path.rpartition("/")[2] == name for path in self.requests)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count an answer while it is sent."""
        with self._idle:
            self._answers += 1
        try:
            yield
        finally:
            with self._idle:
                self._answers -= 1
                self._idle.notify_all()

    def wait_until_idle(self, *, seconds: float = 30) -> None:
        """Wait until no answer is being sent.

        Raises:
            TimeoutError: One still is, after `seconds`.
        """
        with self._idle:
            if not self._idle.wait_for(lambda: self._answers == 0, seconds):
                raise TimeoutError(f"an answer was still being sent after {seconds} s")

    def wait_for(self, name: str, *, seconds: float = 30) -> None:
        """Wait until a file of this name is requested.

        Raises:
            TimeoutError: It was not requested within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not self.count(name):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not requested within {seconds} s")
            time.sleep(0.01)


@contextmanager
def faulty_server(folder: Path) -> Iterator[FaultyServer]:
    """Serve a folder for the duration of the block."""
    with FaultyServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()

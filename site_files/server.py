"""The server of a site on this machine."""

from __future__ import annotations

import functools
import http.server
import io
import os
import re
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["MEDIA_TYPES", "SiteServer"]

# A page of another site whose name resolves to 127.0.0.1 (DNS rebinding) sends its own name.
LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?", re.IGNORECASE)

# Written out because the system's own table (the registry on Windows) can be wrong, and a browser
# refuses modules and WebAssembly of a wrong type.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


class SiteHandler(http.server.SimpleHTTPRequestHandler):
    """Answers with the site's files; the browser asks again each time, so an edit is seen."""

    protocol_version = "HTTP/1.1"
    extensions_map = MEDIA_TYPES

    def parse_request(self) -> bool:
        """Refuse a request that names another host than this machine."""
        if not super().parse_request():
            return False
        if LOOPBACK.fullmatch(self.headers.get("Host", "")):
            return True
        reason = "This server answers only 127.0.0.1, localhost and [::1]."
        self.send_error(HTTPStatus.MISDIRECTED_REQUEST, explain=reason)
        return False

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Treat a path that no file system takes, for example with NUL, as any missing file."""
        try:
            return super().send_head()
        except ValueError:
            self.send_error(HTTPStatus.NOT_FOUND, "File not found")
            return None

    def end_headers(self) -> None:
        """Add the headers every answer has."""
        self.send_header("Cache-Control", "no-cache")
        if isinstance(self.server, SiteServer) and self.server.isolated:
            # https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-isolation
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write failures only."""
        if isinstance(code, int) and code >= HTTPStatus.BAD_REQUEST:
            super().log_request(code, size)


class SiteServer(http.server.ThreadingHTTPServer):
    """Serves one folder on 127.0.0.1, each connection in a thread."""

    # On Windows this option would let two servers share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, site: Path, port: int, *, isolated: bool = False) -> None:
        self.isolated = isolated
        super().__init__(("127.0.0.1", port), functools.partial(SiteHandler, directory=str(site)))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a browser that went away in the middle of an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

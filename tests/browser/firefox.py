"""Firefox as it is installed, over Marionette: what geckodriver speaks to it, by sockets alone.

No package registry has geckodriver, and Playwright drives only a Firefox of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.browser.processes import started
from tests.contexts import PATIENCE

__all__ = ["Firefox", "find_firefox", "firefox"]

# Nothing is asked of Mozilla's servers.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "marionette.port": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "data:,",
}

_UNTIL = """
const [condition, done] = arguments;
const check = new Function(`return ${condition}`);
const timer = setInterval(() => {
  const found = check();
  if (!found) return;
  clearInterval(timer);
  done(found);
}, 50);
"""


def find_firefox() -> str | None:
    """Return the path of Firefox, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """A session with one page."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._count = 0
        self._receive()  # what it is
        self.capabilities = self._call("NewSession", {})["capabilities"]
        self._call("SetTimeouts", {"script": PATIENCE * 1000, "pageLoad": PATIENCE * 1000})

    def open(self, url: str) -> None:
        """Open a page."""
        self._call("Navigate", {"url": url})

    def evaluate(self, expression: str) -> Any:
        """Return the JSON-serializable value of an expression in the page."""
        return self._call("ExecuteScript", {"script": f"return {expression}", "args": []})["value"]

    def until(self, condition: str) -> Any:
        """Wait until an expression in the page is true; return its value."""
        arguments = {"script": _UNTIL, "args": [condition]}
        return self._call("ExecuteAsyncScript", arguments)["value"]

    def _call(self, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        message = json.dumps([0, self._count, f"WebDriver:{command}", parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._receive()
        assert error is None, error
        return dict(result) if isinstance(result, dict) else {}

    def _receive(self) -> Any:
        length = b""
        while (byte := self._socket.recv(1)) != b":":
            assert byte, "Firefox has ended"
            length += byte
        content = b""
        while len(content) < int(length):
            content += self._socket.recv(int(length) - len(content))
        return json.loads(content)


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Run Firefox without a window, with a new profile in this empty folder."""
    path = find_firefox()
    assert path is not None, "no Firefox found: run tests/run, which sets one up"
    lines = [f"user_pref({json.dumps(key)}, {json.dumps(it)});" for key, it in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [path, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    with (
        started(command, stderr=subprocess.STDOUT) as process,
        socket.create_connection(("127.0.0.1", _port(process)), PATIENCE) as connection,
    ):
        yield Firefox(connection)


def _port(process: subprocess.Popen[str]) -> int:
    """Return the port that Firefox has chosen, when it says so."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"Marionette\s+INFO\s+Listening on port (\d+)", line):
            return int(found[1])
    raise AssertionError("Firefox has ended")

"""A package index for the pages of a test, with wheels that are on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from playwright.sync_api import BrowserContext, Route

from model.browser.site import ROOT

__all__ = ["answer_index"]

_HEADERS = {"Access-Control-Allow-Origin": "*"}
_FILES = "https://wheels.invalid/packages/"
_KIND = "application/vnd.pypi.simple.v1+json"


def answer_index(context: BrowserContext, wheels: Iterable[Path]) -> None:
    """Answer requests for these wheels; every other project is unknown to the index.

    Pyodide's own packages, which are not on this machine, are left out of its lock file where the
    index has them.
    """
    found = {str(parse_wheel_filename(wheel.name)[0]): wheel for wheel in wheels}

    def project(route: Route) -> None:
        name = canonicalize_name(route.request.url.rstrip("/").rpartition("/")[2])
        if name not in found:
            route.fulfill(status=404, headers=_HEADERS)
            return
        body = json.dumps(_project(name, found[name]))
        route.fulfill(body=body, headers={**_HEADERS, "Content-Type": _KIND})

    def file(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        wheel = next(wheel for wheel in found.values() if wheel.name == name)
        route.fulfill(body=wheel.read_bytes(), headers=_HEADERS)

    def lock(route: Route) -> None:
        path = ROOT / "node_modules/pyodide/pyodide-lock.json"
        text = json.loads(path.read_text("utf-8"))
        kept = {name: it for name, it in text["packages"].items() if name not in found}
        route.fulfill(body=json.dumps({**text, "packages": kept}), content_type="application/json")

    context.route("**/simple/*/", project)
    context.route(_FILES + "*", file)
    context.route("**/vendor/pyodide/pyodide-lock.json", lock)


def _project(name: str, wheel: Path) -> dict[str, object]:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    file = {"filename": wheel.name, "url": _FILES + wheel.name, "hashes": {"sha256": digest}}
    return {"meta": {"api-version": "1.0"}, "name": name, "files": [file]}

"""Public addresses that the documentation's pages load from, answered with this machine's files.

A page runs exactly as it is printed: what it asks of a content delivery network comes from
`node_modules`, what it asks of a package index are wheels of this machine: the one that `serve.py`
built, and those that a test names.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Route

from model.browser.pyodide_wheels import project_of
from model.browser.python import wheels
from model.browser.site import ROOT

__all__ = ["answer_registries"]

_NODE = ROOT / "node_modules"
# A page of another origin may read the answer.
_HEADERS = {"Access-Control-Allow-Origin": "*"}
_MEDIA = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}


def answer_registries(
    context: BrowserContext, site: str, *, pyodide: str = "pyodide", more: Sequence[Path] = ()
) -> None:
    """Answer requests for PyScript, for Pyodide, and for `pywebllm` on a package index.

    Every other request is left as it is, and fails where there is no network.

    Args:
        context: The browser context.
        site: The address of the site, which serves the wheel.
        pyodide: The folder of Pyodide in `node_modules`, whatever version the page asks for.
        more: Further wheels that the package index has; Pyodide's lock file names them too, in
            place of its own builds.
    """
    micropip, wheel = (ROOT / "build/site" / path for path in wheels())
    found = {path.name: path for path in [micropip, *more]}
    # Of two wheels of a package, the one that the test names.
    projects = {project_of(path): path for path in [micropip, wheel, *more]}

    def pyscript(route: Route) -> None:
        _file(route, _NODE / "@pyscript/core/dist" / _name(route))

    def distribution(route: Route) -> None:
        name = _name(route)
        if name == "pyodide-lock.json":
            body = _lock(_NODE / pyodide, [micropip, *more])
            route.fulfill(body=body, content_type="application/json", headers=_HEADERS)
        else:
            _file(route, found.get(name, _NODE / pyodide / name))

    def index(route: Route) -> None:
        path = projects.get(route.request.url.rstrip("/").rpartition("/")[2])
        if path is None:
            route.fulfill(status=404, headers=_HEADERS)
            return
        url = site + path.name if path == wheel else f"{site}simple-files/{path.name}"
        kind = "application/vnd.pypi.simple.v1+json"
        route.fulfill(body=_listed(path, url), headers={**_HEADERS, "Content-Type": kind})

    context.route("**/npm/@pyscript/core@*/dist/*", pyscript)
    context.route("**/pyodide/v*/full/*", distribution)
    # marimo's.
    context.route("https://wasm.marimo.app/pyodide-lock.json*", distribution)
    context.route("**/simple/*/", index)
    context.route("**/simple-files/*", lambda route: _file(route, found[_name(route)]))


def _name(route: Route) -> str:
    return urlsplit(route.request.url).path.rpartition("/")[2]


def _file(route: Route, path: Path) -> None:
    if not path.is_file():
        route.fulfill(status=404, headers=_HEADERS)
        return
    kind = _MEDIA.get(path.suffix, "application/octet-stream")
    route.fulfill(body=path.read_bytes(), headers={**_HEADERS, "Content-Type": kind})


def _lock(pyodide: Path, found: Sequence[Path]) -> str:
    # Pyodide builds its own wheels; these are the package index's. Hosts have lock files of their
    # own, which name what they need besides.
    lock = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))
    there = {project_of(path) for path in found}
    for path in found:
        name, version, *_ = path.name.split("-")
        entry = lock["packages"].setdefault(project_of(path), {"name": name, "imports": []})
        entry.update(
            depends=sorted({*entry.get("depends", ()), *(_required(path) & there)}),
            file_name=path.name,
            sha256=_digest(path),
            version=version,
            install_dir="site",
            package_type="package",
        )
    return json.dumps(lock)


def _required(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (it for it in archive.namelist() if it.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    found = (re.match(r"Requires-Dist: ([\w.-]+)[^;]*$", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", it[1]).lower() for it in found if it is not None}


def _listed(wheel: Path, url: str) -> str:
    file: dict[str, Any] = {"filename": wheel.name, "url": url}
    file["hashes"] = {"sha256": _digest(wheel)}
    return json.dumps({"meta": {"api-version": "1.0"}, "name": project_of(wheel), "files": [file]})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

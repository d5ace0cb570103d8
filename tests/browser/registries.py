"""Public addresses that the documentation's pages load from, answered with this machine's files.

A page runs exactly as it is printed: what it asks of a content delivery network comes from
`node_modules`, what it asks of a package index is the wheel that `serve.py` built.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from playwright.sync_api import BrowserContext, Route

from model.browser.python import wheels
from model.browser.site import ROOT

__all__ = ["answer_registries"]

_NODE = ROOT / "node_modules"
# A page of another origin may read the answer.
_HEADERS = {"Access-Control-Allow-Origin": "*"}


def answer_registries(context: BrowserContext, site: str) -> None:
    """Answer requests for PyScript, for Pyodide, and for `pywebllm` on a package index.

    Every other request is left as it is, and fails where there is no network.
    """
    micropip, wheel = (ROOT / "build/site" / path for path in wheels())

    def pyscript(route: Route) -> None:
        _file(route, _NODE / "@pyscript/core/dist" / _name(route))

    def pyodide(route: Route) -> None:
        name = _name(route)
        if name == "pyodide-lock.json":
            route.fulfill(body=_lock(micropip), content_type="application/json", headers=_HEADERS)
        elif name == micropip.name:
            _file(route, micropip)
        else:
            _file(route, _NODE / "pyodide" / name)

    def index(route: Route) -> None:
        body = json.dumps(_project(wheel, url=site + wheel.name))
        kind = "application/vnd.pypi.simple.v1+json"
        route.fulfill(body=body, headers={**_HEADERS, "Content-Type": kind})

    context.route("**/npm/@pyscript/core@*/dist/*", pyscript)
    context.route("**/pyodide/v*/full/*", pyodide)
    context.route("**/simple/pywebllm/", index)


def _name(route: Route) -> str:
    return route.request.url.rpartition("/")[2]


def _file(route: Route, path: Path) -> None:
    media = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css"}
    kind = media.get(path.suffix, "application/octet-stream")
    kind = "application/wasm" if path.suffix == ".wasm" else kind
    route.fulfill(body=path.read_bytes(), headers={**_HEADERS, "Content-Type": kind})


def _lock(micropip: Path) -> str:
    # Pyodide builds its own wheel of micropip; this one is the package index's.
    lock = json.loads((_NODE / "pyodide/pyodide-lock.json").read_text("utf-8"))
    found = {
        "file_name": micropip.name,
        "sha256": hashlib.sha256(micropip.read_bytes()).hexdigest(),
    }
    lock["packages"]["micropip"].update(found)
    return json.dumps(lock)


def _project(wheel: Path, *, url: str) -> dict[str, object]:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    file = {"filename": wheel.name, "url": url, "hashes": {"sha256": digest}}
    return {"meta": {"api-version": "1.0"}, "name": "pywebllm", "files": [file]}

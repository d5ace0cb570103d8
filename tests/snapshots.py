"""Pages whose Python starts from a snapshot of its memory, as the page's does at a second visit.

The wheel is then imported after less than half of the work. Where its installation matters, a test
takes `PagePython`, which installs it as users do.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from model.browser.page import bare_page
from model.browser.python import PagePython, wheels
from model.browser.site import ROOT, site_lock

__all__ = ["RestoredPython", "keep_snapshot_of_page", "snapshot_of_wheel"]

_SITE = ROOT / "build/site"
_FOLDER = "snapshots"

# A snapshot has no files.
_UNPACK = """
  const archive = await (await fetch(new URL(wheel, document.baseURI))).arrayBuffer();
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  pyodide.unpackArchive(archive, "wheel", {extractDir});
  pyodide.runPython("import importlib; importlib.invalidate_caches()");
"""

_ENCODE = """
  const reader = new FileReader();
  reader.readAsDataURL(new Blob([snapshot]));
  await new Promise((resolve) => (reader.onload = resolve));
  return reader.result.split(",")[1];
"""

_MAKE = f"""async (wheel) => {{
  const {{loadPyodide}} = await import(new URL("vendor/pyodide/pyodide.mjs", document.baseURI));
  const pyodide = await loadPyodide({{_makeSnapshot: true}});
  {_UNPACK}
  pyodide.runPython("import pywebllm");
  const snapshot = pyodide.makeMemorySnapshot();
  {_ENCODE}
}}"""

_STORE = """
  const {keepSnapshot, noteSnapshot, readSnapshot} = await import(
    new URL("start/snapshot.js", document.baseURI));
  const html = await (await fetch(new URL("index.html", document.baseURI))).text();
  const {version} = new DOMParser().parseFromString(html, "text/html").documentElement.dataset;
"""

_MAKE_OF_PAGE = f"""async () => {{
  {_STORE}
  const file = new URL("start/snapshot_worker.js", document.baseURI);
  const worker = new Worker(file, {{type: "module"}});
  worker.postMessage(version);
  const {{data}} = await new Promise((resolve, reject) => {{
    worker.onmessage = resolve;
    worker.onerror = ({{message}}) => reject(new Error(message));
  }});
  worker.terminate();
  if (data) throw new Error(data);
  await noteSnapshot(version);
  const snapshot = await readSnapshot(version);
  {_ENCODE}
}}"""

_KEEP_OF_PAGE = f"""async (path) => {{
  {_STORE}
  const answer = await fetch(new URL(path, document.baseURI));
  await keepSnapshot(version, new Uint8Array(await answer.arrayBuffer()));
  if (!await noteSnapshot(version)) throw new Error("the snapshot was not kept");
}}"""

# As `static/start/python.js` does it: the snapshot is copied into the memory that is there.
_RESTORE = f"""async ([wheel, snapshot]) => {{
  const folder = new URL("vendor/pyodide/", document.baseURI).href;
  const {{loadPyodide}} = await import(folder + "pyodide.mjs");
  const {{default: create}} = await import(folder + "pyodide.asm.mjs");
  const answer = await fetch(new URL(snapshot, document.baseURI));
  const _loadSnapshot = new Uint8Array(await answer.arrayBuffer());
  const createPyodideModule = async (settings) => {{
    const module = await create(settings);
    while (module.HEAPU8.length < _loadSnapshot.length) {{
      const more = module._malloc(_loadSnapshot.length - module.HEAPU8.length);
      if (!more) throw new Error("no memory for the snapshot");
    }}
    return module;
  }};
  globalThis.pyodide = await loadPyodide({{createPyodideModule, _loadSnapshot}});
  {_UNPACK}
  pyodide.runPython("import random; random.seed()");
  pyodide.runPython("service = None");  // what a caller keeps between two runs
}}"""


def snapshot_of_wheel(context: BrowserContext, site: str) -> str:
    """Return the path, on the site, of a snapshot of Python that has imported the site's wheel."""
    return _kept(context, site, "wheel", _SITE / wheels()[-1], _MAKE)


def keep_snapshot_of_page(context: BrowserContext, site: str) -> None:
    """Put the snapshot of the page's Python into the profile, as a visit of the page does."""
    path = _kept(context, site, "page", _SITE / "app.zip", _MAKE_OF_PAGE)
    page = context.new_page()
    bare_page(page, site)
    page.evaluate(_KEEP_OF_PAGE, path)
    page.close()


def _kept(context: BrowserContext, site: str, name: str, modules: Path, make: str) -> str:
    # Made once for each version of the modules and of Pyodide, by one of several processes.
    made_from = [modules, *sorted((_SITE / "vendor/pyodide").glob("*.wasm"))]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in made_from)).hexdigest()
    file = _SITE / _FOLDER / f"{name}-{digest}.bin"
    with site_lock():
        if not file.is_file():
            page = context.new_page()
            bare_page(page, site)
            made = base64.b64decode(page.evaluate(make, wheels()[-1]))
            page.close()
            file.parent.mkdir(exist_ok=True)
            for old in file.parent.glob(f"{name}-*"):
                old.unlink()
            file.write_bytes(made)
    return file.relative_to(_SITE).as_posix()


class RestoredPython(PagePython):
    """As `PagePython`, from the snapshot at a path of the site, and without micropip."""

    def __init__(self, page: Page, site: str, snapshot: str) -> None:
        self._snapshot = snapshot
        super().__init__(page, site)

    def _start(self, more: Sequence[str] = ()) -> None:
        assert not more
        self._place.evaluate(_RESTORE, [wheels()[-1], self._snapshot])

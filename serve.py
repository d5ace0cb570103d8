"""Serve the demo page and the documentation on this machine, or write them as static files.

    python3 serve.py [--port N] [--no-open] [--isolated]
    python3 serve.py build DIR

Both first set up what is missing: npm's packages, and in `build/` the wheels Pyodide needs, the
bundled bridge, the wheel of this project and its documentation; nothing outside this folder. The
site is plain files with relative links: any static host serves it from any path, without special
headers. With `--isolated` the server sends the headers that isolate a page from other origins,
which gives it threads.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import venv
import webbrowser
import zipfile
from collections.abc import Callable, Mapping, Sequence, Set
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from bridge.bundle import BUNDLE, BundleError, bundle, sources
from hatch_build import BytecodeError, compile_python
from site_files.libraries import bundle_libraries, library_sources
from site_files.page import page_sources, write_pages

__all__ = [
    "SetupError",
    "SiteServer",
    "app_archive",
    "build_docs",
    "main",
    "npm_install",
    "site_sources",
    "write_site",
]

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build"
# A copy of the lock file, written when all of it is installed.
NPM_STAMP = ROOT / "node_modules/.pywebllm-lock.json"
# In a folder with a site: the paths of the site's own files, one a line.
MARKER = ".pywebllm-site"
ARCHIVE = "app.zip"
PYODIDE_PYTHON = "3.14"
# The npm package of Pyodide brings no wheels; micropip is what a bare page installs with.
PYODIDE_WHEELS = ("micropip==0.11.1",)
PYODIDE_FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
# A page of another site whose name resolves to 127.0.0.1 (DNS rebinding) sends its own name.
LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?", re.IGNORECASE)
# Without --port, the first of these that is free.
PORTS = range(8000, 8020)

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


class SetupError(Exception):
    """Something is missing or failed; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = _parser().parse_args(arguments)
    # Ctrl-C and a service manager's SIGTERM end both the set-up and the server in the same way.
    # Python sets no handler of SIGINT where it is ignored, as in a script's background commands.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if options.command == "build":
            _build_site(options.directory)
        else:
            _build_site(BUILD / "site", needs_docs=False)
            _serve(
                BUILD / "site",
                port=options.port,
                open_browser=options.open,
                isolated=options.isolated,
            )
    except (SetupError, OSError) as error:
        _say(f"serve.py: {error}")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def site_sources(root: Path) -> dict[str, Path]:
    """Map every path of the site but `ARCHIVE` to the file it is a copy of."""
    npm, build = root / "node_modules", root / "build"
    files = {
        **{path: file for path, file in _tree(root / "static").items() if not _is_source(path)},
        **_tree(build / "page"),
        **_tree(build / "libraries", "libraries/"),
        "css/modern-normalize.css": npm / "modern-normalize/modern-normalize.css",
        BUNDLE: build / "bridge" / BUNDLE,
        "webllm.js": npm / "@mlc-ai/web-llm/lib/index.js",
        "webllm.LICENSE": npm / "@mlc-ai/web-llm/LICENSE",
        "wllama/wllama.js": npm / "@wllama/wllama/esm/index.min.js",
        "wllama/wllama.wasm": npm / "@wllama/wllama/esm/wasm/wllama.wasm",
        **_licenses(npm / "@wllama/wllama", "wllama/"),
        **{f"vendor/pyodide/{name}": npm / "pyodide" / name for name in PYODIDE_FILES},
        **_tree(npm / "@pyscript/core/dist", "vendor/pyscript/"),
        "vendor/pyscript/LICENSE": npm / "@pyscript/core/LICENSE",
        **_tree(build / "wheels", "vendor/wheels/"),
        **_tree(build / "dist"),
        **_tree(build / "dist-wllama"),
        **_tree(build / "docs", "docs/"),
    }
    return {path: source for path, source in files.items() if source.suffix != ".map"}


def app_archive(app: Path, bytecode: Path) -> bytes:
    """Return the app's Python files and their bytecode as a zip archive.

    The same files give the same bytes.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for path, source in sorted((_tree(app) | _compiled(bytecode)).items()):
            # An entry made by hand has the fixed date of 1980.
            entry = zipfile.ZipInfo(path)
            bundle.writestr(entry, source.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def write_site(target: Path, sources: Mapping[str, Path], archive: bytes) -> None:
    """Make `target` contain this site; copy only what changed, and remove own files of before.

    All other files stay as they are: `MARKER` lists the site's own.

    Raises SetupError, and changes nothing, when `target` is not empty and no site of ours, or when
    a path of the site is taken by another file or leads through a symbolic link.
    """
    target = target.resolve()
    paths = {*sources, ARCHIVE}
    for path in _reserve(target, paths) - paths:
        if _is_plain(target, path) and (target / path).is_file():
            (target / path).unlink()
    _new(target / MARKER).write_text("\n".join(sorted(paths)) + "\n", encoding="utf-8")
    for path, source in sources.items():
        _copy(source, target / path)
    # A server that is running may be reading it.
    if not (target / ARCHIVE).is_file() or (target / ARCHIVE).read_bytes() != archive:
        _new(target / ARCHIVE).write_bytes(archive)


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Serve the demo page and the documentation, or write them."
    )
    parser.add_argument("--port", type=int, help=f"default: {PORTS[0]} or the next that is free")
    parser.add_argument("--no-open", dest="open", action="store_false", help="open no browser")
    parser.add_argument(
        "--isolated", action="store_true", help="isolate pages from other origins, for threads"
    )
    commands = parser.add_subparsers(dest="command")
    build = commands.add_parser("build", help="write the site as static files into a folder")
    build.add_argument("directory", type=Path)
    return parser


def _build_site(target: Path, *, needs_docs: bool = True) -> None:
    npm_install()
    _download_pyodide_wheels()
    _bundle()
    _write_pages()
    _compile_app()
    _build_wheel()
    _build_wllama_wheel()
    try:
        build_docs()
    except SetupError as error:
        if needs_docs:
            raise
        shutil.rmtree(BUILD / "docs", ignore_errors=True)
        _say(f"the site has no documentation: {error}")
    write_site(target.resolve(), site_sources(ROOT), app_archive(ROOT / "app", BUILD / "bytecode"))


def _serve(site: Path, *, port: int | None, open_browser: bool, isolated: bool) -> None:
    with _listen(site, port, isolated=isolated) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
        sys.stdout.write(f"pywebllm: {address} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        if open_browser:
            # A text browser would otherwise keep the server from starting.
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
        server.serve_forever()


def _listen(site: Path, port: int | None, *, isolated: bool = False) -> SiteServer:
    for number in PORTS if port is None else [port]:
        try:
            return SiteServer(site, number, isolated=isolated)
        except (OSError, OverflowError) as error:
            _say(f"port {number} cannot be used: {error}")
    raise SetupError("no port to listen on: name a free one with --port, or 0 for any")


def npm_install() -> None:
    """Install what the lock file names, unless it is there; SetupError when npm fails."""
    lock = ROOT / "package-lock.json"
    if NPM_STAMP.is_file() and NPM_STAMP.read_bytes() == lock.read_bytes():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SetupError("npm is missing: install Node.js 20 or newer (https://nodejs.org)")
    # engine-strict: refuse a Node.js older than package.json asks for.
    _run(npm, "ci", "--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund")
    shutil.copyfile(lock, NPM_STAMP)


def _download_pyodide_wheels() -> None:
    options = f"--no-deps --only-binary=:all: --python-version {PYODIDE_PYTHON}".split()
    wanted = [*options, *PYODIDE_WHEELS]
    _once("wheels", " ".join(wanted), lambda to: _pip("download", *wanted, "--dest", str(to)))


def _bundle() -> None:
    bridge = _made_from([*sources(ROOT), NPM_STAMP])
    files = [*library_sources(ROOT), ROOT / "site_files/libraries.py", NPM_STAMP]
    try:
        _once("bridge", bridge, lambda to: bundle(ROOT, to))
        _once("libraries", _made_from(files), lambda to: bundle_libraries(ROOT, to))
    except BundleError as error:
        raise SetupError(str(error)) from error


def _write_pages() -> None:
    files = [ROOT / "site_files/page.py", *page_sources(ROOT)]
    _once("page", _made_from(files), lambda to: write_pages(ROOT, to))


def _compile_app() -> None:
    files = [ROOT / "hatch_build.py", NPM_STAMP, *_tree(ROOT / "app").values()]
    try:
        _once("bytecode", _made_from(files), lambda to: compile_python(ROOT, ROOT / "app", to))
    except BytecodeError as error:
        raise SetupError(str(error)) from error


def _build_wheel() -> None:
    files = [ROOT / "pyproject.toml", ROOT / "hatch_build.py", ROOT / "README.md", NPM_STAMP]
    files += sources(ROOT)
    files += _tree(ROOT / "app/pywebllm").values()
    files += _tree(ROOT / "static/models").values()
    wheel = ["wheel", "--no-deps", str(ROOT), "--wheel-dir"]
    _once("dist", _made_from(files), lambda to: _pip(*wheel, str(to)))


def _build_wllama_wheel() -> None:
    folder = ROOT / "wllama"
    wheel = ["wheel", "--no-deps", str(folder), "--wheel-dir"]
    _once(
        "dist-wllama",
        _made_from([*_tree(folder).values(), NPM_STAMP]),
        lambda to: _pip(*wheel, str(to)),
    )


def build_docs() -> None:
    """Write the documentation into `build/docs`, unless it is there and nothing changed.

    Raises SetupError when Sphinx cannot be installed, or warns about anything.
    """
    files = [ROOT / "static/icon.svg", ROOT / "static/screenshot.png"]
    files += _tree(ROOT / "docs").values()
    files += _tree(ROOT / "app/pywebllm").values()
    _once("docs", _made_from(files), _write_docs)


def _write_docs(folder: Path) -> None:
    wanted = ROOT / "docs/requirements.txt"
    made_from = sys.version + wanted.read_text(encoding="utf-8")
    # Apart from pip's own: that one is made again for each Python.
    _once("docs-venv", made_from, lambda to: _install(wanted, to))
    # Warnings are errors, and all of them are said.
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "--builder", "html"]
    cache = ["--doctree-dir", str(BUILD / "docs-cache")]
    sphinx = [str(_python(BUILD / "docs-venv")), "-m", "sphinx", *options, *cache]
    _run(*sphinx, str(ROOT / "docs"), str(folder))


def _install(requirements: Path, folder: Path) -> None:
    venv.create(folder)
    _pip("--python", str(_python(folder)), "install", "--requirement", str(requirements))


def _made_from(files: Sequence[Path]) -> str:
    return "\n".join(f"{file} {_version(file)}" for file in sorted(files))


def _once(name: str, made_from: str, make: Callable[[Path], object]) -> None:
    # Fill build/<name>, unless it is there and was made from the same.
    folder = BUILD / name
    stamp = folder / ".made-from"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_from:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder)
    stamp.write_text(made_from, encoding="utf-8")


def _pip(*arguments: str) -> None:
    # A virtual environment of our own: the system's Python may lack pip, or refuse it (PEP 668).
    _once("venv", sys.version, _make_environment)
    pip = [str(_python(BUILD / "venv")), "-m", "pip", "--disable-pip-version-check"]
    _run(*pip, *arguments, "--quiet")


def _python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _make_environment(folder: Path) -> None:
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            "this Python cannot make a virtual environment: install its module venv"
            " (on Debian and Ubuntu the package python3-venv)"
        ) from error


def _run(*command: str) -> None:
    _say("setting up: " + " ".join([Path(command[0]).name, *command[1:]]))
    # Its output goes where our messages go: the first line of stdout is the address.
    result = subprocess.run(command, cwd=ROOT, stdout=sys.stderr.fileno(), check=False)
    if result.returncode != 0:
        raise SetupError("this step failed; the reason is above. It may be the network: try again")


def _tree(folder: Path, prefix: str = "") -> dict[str, Path]:
    # Path on the site -> file, for every file below the folder that is neither hidden nor a cache.
    files = {file.relative_to(folder): file for file in folder.rglob("*") if file.is_file()}
    return {
        prefix + path.as_posix(): file
        for path, file in files.items()
        if not any(part.startswith((".", "__pycache__")) for part in path.parts)
    }


def _is_source(path: str) -> bool:
    # What a file of `build` is made from, in `static`.
    return path == "index.html" or path.startswith(("views/", "libraries/"))


def _licenses(package: Path, prefix: str) -> dict[str, Path]:
    # Some packages spell the name of the file in the British way.
    return {f"{prefix}{package.name}.LICENSE": file for file in package.glob("LICEN?E")}


def _compiled(folder: Path) -> dict[str, Path]:
    return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.pyc")}


def _reserve(target: Path, paths: Set[str]) -> set[str]:
    # The paths of the site's own files there; the empty marker of an older version lists none.
    if target.is_relative_to(ROOT / "static"):
        raise SetupError(f"{target} is a part of the site's source: choose a folder outside static")
    target.mkdir(parents=True, exist_ok=True)
    marker = target / MARKER
    if any(target.iterdir()) and not marker.is_file():
        raise SetupError(f"{target} is not empty and no site of ours: choose a new or empty folder")
    listed = set(marker.read_text(encoding="utf-8").splitlines()) if marker.is_file() else set()
    own = listed or paths
    for path in [MARKER, *paths]:
        if not _is_plain(target, path):
            raise SetupError(f"{target / path} leads through a symbolic link: remove it")
    for path in paths - own:
        if (target / path).exists():
            raise SetupError(f"{target / path} is not a file of the site, which needs it: move it")
    return set(own)


def _is_plain(target: Path, path: str) -> bool:
    # Inside the target, with no symbolic link on the way.
    file = target / path
    return file.resolve() == file and file.is_relative_to(target)


def _copy(source: Path, target: Path) -> None:
    if not target.is_file() or _version(target) != _version(source):
        shutil.copy2(source, _new(target))


def _new(file: Path) -> Path:
    # Not the old file with new content: what is a hard link to that, as in a backup, stays.
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    return file


def _version(file: Path) -> tuple[int, int]:
    facts = file.stat()
    return facts.st_size, facts.st_mtime_ns


def _say(message: str) -> None:
    sys.stderr.write(message + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""Serve the demo page and the documentation on this machine, or write them as static files.

    python3 serve.py [--port N] [--no-open] [--isolated]
    python3 serve.py build DIR [--compress]

Both first set up what is missing: npm's packages, and in `build/` the wheels Pyodide needs, the
bundled bridge, the wheel of this project and its documentation; nothing outside this folder. The
site is plain files with relative links: any static host serves it from any path, without special
headers. With `--isolated` the server sends the headers that isolate a page from other origins,
which gives it threads. With `--compress` there are compressed copies beside the files.

`site_files/` has the parts of it.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from site_files.compression import compressed_copies
from site_files.packages import build_docs, build_wheels, download_pyodide_wheels, npm_install
from site_files.project import Project, SetupError, say
from site_files.server import SiteServer
from site_files.site import make_files, site_sources
from site_files.target import write_site

__all__ = ["BUILD", "PROJECT", "ROOT", "main"]

ROOT = Path(__file__).resolve().parent
PROJECT = Project(ROOT)
BUILD = PROJECT.build
# Without --port, the first of these that is free.
PORTS = range(8000, 8020)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = _parser().parse_args(arguments)
    # Ctrl-C and a service manager's SIGTERM end both the set-up and the server in the same way.
    # Python sets no handler of SIGINT where it is ignored, as in a script's background commands.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if options.command == "build":
            _build_site(options.directory, compresses=options.compress)
        else:
            _build_site(BUILD / "site", needs_docs=False)
            _serve(
                BUILD / "site",
                port=options.port,
                open_browser=options.open,
                isolated=options.isolated,
            )
    except (SetupError, OSError) as error:
        say(f"serve.py: {error}")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


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
    build.add_argument(
        "--compress",
        action="store_true",
        help="write .gz and .br files beside, for hosts like nginx",
    )
    return parser


def _build_site(target: Path, *, needs_docs: bool = True, compresses: bool = False) -> None:
    npm_install(PROJECT)
    download_pyodide_wheels(PROJECT)
    build_wheels(PROJECT)
    try:
        build_docs(PROJECT)
    except SetupError as error:
        if needs_docs:
            raise
        shutil.rmtree(BUILD / "docs", ignore_errors=True)
        say(f"the site has no documentation: {error}")
    make_files(PROJECT)
    files = site_sources(PROJECT)
    copies = compressed_copies(PROJECT, files) if compresses else {}
    write_site(target.resolve(), {**files, **copies})


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
            say(f"port {number} cannot be used: {error}")
    raise SetupError("no port to listen on: name a free one with --port, or 0 for any")


if __name__ == "__main__":
    sys.exit(main())

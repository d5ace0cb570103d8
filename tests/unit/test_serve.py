"""`serve.py`: the site it composes, the folder it writes it into, and how it serves."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import serve
from serve import SetupError, SiteServer, app_archive, site_sources, write_site

pytestmark = pytest.mark.timeout(60)


def put(folder: Path, *paths: str) -> None:
    """Write files whose content is their path."""
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that is set up, with the least of everything."""
    root = tmp_path / "project"
    put(root, "static/index.html", "static/models/m/model.wasm", "webllm_bridge.js")
    put(root / "build", "bridge/webllm_bridge.js", "bridge/.made-from")
    put(root / "node_modules", "@mlc-ai/web-llm/lib/index.js", "@mlc-ai/web-llm/LICENSE")
    put(root / "node_modules/pyodide", *serve.PYODIDE_FILES, "console.html")
    put(root / "node_modules/@pyscript/core", "LICENSE", "dist/core.js", "dist/core.js.map")
    put(root / "build", "wheels/micropip-1-py3-none-any.whl", "wheels/.made-from")
    put(root / "build/dist", "pywebllm-1-py3-none-any.whl", ".made-from")
    put(root / "build/docs", "index.html", "api/errors.html", ".made-from", ".buildinfo")
    return root


def served(site: Path) -> contextlib.AbstractContextManager[int]:
    """Serve a folder; gives the port."""

    @contextlib.contextmanager
    def running() -> Iterator[int]:
        with SiteServer(site, 0) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield server.server_port
            finally:
                server.shutdown()
                thread.join()

    return running()


def get(port: int, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_site_has_every_part_at_its_place(project: Path) -> None:
    paths = site_sources(project)
    assert set(paths) == {
        "index.html",
        "models/m/model.wasm",
        "webllm_bridge.js",
        "webllm.js",
        "webllm.LICENSE",
        *(f"vendor/pyodide/{name}" for name in serve.PYODIDE_FILES),
        "vendor/pyscript/LICENSE",
        "vendor/pyscript/core.js",
        "vendor/wheels/micropip-1-py3-none-any.whl",
        "pywebllm-1-py3-none-any.whl",
        "docs/index.html",
        "docs/api/errors.html",
    }
    assert paths["webllm.js"].read_text() == "@mlc-ai/web-llm/lib/index.js"
    assert paths["webllm_bridge.js"].read_text() == "bridge/webllm_bridge.js", "the bundled one"


def test_archive_contains_the_app_with_its_bytecode_and_is_reproducible(tmp_path: Path) -> None:
    app, bytecode = tmp_path / "app", tmp_path / "bytecode"
    put(app, "main.py", "page/view.py", "page/__pycache__/view.cpython-311.pyc", ".hidden")
    put(bytecode, "page/__pycache__/view.cpython-314.pyc", ".made-from")
    first = app_archive(app, bytecode)
    os.utime(app / "main.py", (0, 0))
    assert app_archive(app, bytecode) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert sorted(archive.namelist()) == [
            "main.py",
            "page/__pycache__/view.cpython-314.pyc",
            "page/view.py",
        ]


def test_rewritten_site_drops_removed_files(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    put(project, "static/old.css")
    write_site(target, site_sources(project), b"one")
    (project / "static/old.css").unlink()
    (project / "static/index.html").write_text("changed")
    (target / ".git").mkdir()
    write_site(target, site_sources(project), b"two")
    assert not (target / "old.css").exists()
    assert (target / "index.html").read_text() == "changed"
    assert (target / "app.zip").read_bytes() == b"two"
    assert (target / ".git").is_dir(), "hidden files are not ours to remove"


def test_folder_with_other_files_is_refused_and_untouched(project: Path, tmp_path: Path) -> None:
    put(tmp_path / "home", "thesis.txt")
    with pytest.raises(SetupError, match="not empty and no site of ours"):
        write_site(tmp_path / "home", site_sources(project), b"")
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["thesis.txt"]


def test_site_is_not_written_into_its_own_source(project: Path) -> None:
    with pytest.raises(SetupError, match="outside static"):
        write_site(serve.ROOT / "static/site", site_sources(project), b"")
    assert not (serve.ROOT / "static/site").exists()


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("page.html", "text/html; charset=utf-8"),
        ("core.js", "text/javascript; charset=utf-8"),
        ("pyodide.MJS", "text/javascript; charset=utf-8"),
        ("pyodide.asm.wasm", "application/wasm"),
        ("site.webmanifest", "application/manifest+json"),
        ("pywebllm-1-py3-none-any.whl", "application/octet-stream"),
        ("params_shard_0.bin", "application/octet-stream"),
    ],
)
def test_files_are_served_with_their_type_and_revalidated(
    tmp_path: Path, name: str, media_type: str
) -> None:
    put(tmp_path, name)
    with served(tmp_path) as port:
        response = get(port, f"/{name}")
    assert response.status == 200
    assert response.headers["Content-Type"] == media_type
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "//etc/passwd", "/nothing"])
def test_only_the_site_is_served(tmp_path: Path, path: str) -> None:
    put(tmp_path, "secret", "site/index.html")
    with served(tmp_path / "site") as port:
        assert get(port, path).status == 404


def test_busy_port_is_reported_and_the_next_one_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with SiteServer(tmp_path, 0) as taken:
        monkeypatch.setattr(serve, "PORTS", [taken.server_port, 0])
        with serve._listen(tmp_path, None) as server:
            assert server.server_port != taken.server_port
        assert f"port {taken.server_port} cannot be used" in capsys.readouterr().err
        with pytest.raises(SetupError, match="--port"):
            serve._listen(tmp_path, taken.server_port)


@pytest.mark.parametrize("port", [-1, 70000])
def test_invalid_port_is_refused_with_a_message(tmp_path: Path, port: int) -> None:
    with pytest.raises(SetupError, match="--port"):
        serve._listen(tmp_path, port)


def test_missing_npm_is_reported_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "NPM_STAMP", tmp_path / "never")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert serve.main(["build", str(tmp_path / "site")]) == 1
    assert "install Node.js" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_bridge_is_bundled_again_when_a_module_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    put(root, "webllm_bridge.js", "bridge/a.js", "bridge/bundle.py", "node_modules/stamp")
    monkeypatch.setattr(serve, "ROOT", root)
    monkeypatch.setattr(serve, "BUILD", root / "build")
    monkeypatch.setattr(serve, "NPM_STAMP", root / "node_modules/stamp")
    bundled: list[Path] = []
    monkeypatch.setattr(serve, "bundle", lambda _root, folder: bundled.append(folder))
    serve._bundle_bridge()
    serve._bundle_bridge()
    (root / "bridge/a.js").write_text("changed")
    serve._bundle_bridge()
    assert bundled == [root / "build/bridge"] * 2


def test_bridge_that_cannot_be_bundled_is_reported_with_what_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "bridge/bundle.py")
    monkeypatch.setattr(serve, "ROOT", project)
    monkeypatch.setattr(serve, "BUILD", project / "build")
    monkeypatch.setattr(serve, "NPM_STAMP", project / "webllm_bridge.js")
    with pytest.raises(SetupError, match=r"rollup.* is missing: run `npm ci --ignore-scripts`"):
        serve._bundle_bridge()


def test_step_runs_once_and_again_when_its_source_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "BUILD", tmp_path)
    made: list[str] = []

    def make(folder: Path) -> None:
        made.append("made")
        put(folder, f"{len(made)}.whl")

    for source in ("one", "one", "two"):
        serve._once("dist", source, make)
    assert len(made) == 2
    assert sorted(file.name for file in (tmp_path / "dist").iterdir()) == [".made-from", "2.whl"]


def test_failed_step_runs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "BUILD", tmp_path)

    def fail(folder: Path) -> None:
        put(folder, "half.whl")
        raise SetupError("no network")

    with pytest.raises(SetupError):
        serve._once("dist", "one", fail)
    serve._once("dist", "one", lambda folder: put(folder, "whole.whl"))
    assert not (tmp_path / "dist/half.whl").exists()
    assert (tmp_path / "dist/whole.whl").exists()


@pytest.fixture
def set_up(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let `serve` work on a project in which everything but the documentation is made."""
    put(project, "app/main.py", "app/pywebllm/client.py", "docs/index.md", "docs/requirements.txt")
    put(project, "static/icon.svg", "static/screenshot.png")
    monkeypatch.setattr(serve, "ROOT", project)
    monkeypatch.setattr(serve, "BUILD", project / "build")
    steps = "npm_install _download_pyodide_wheels _bundle_bridge _compile_app _build_wheel"
    for step in steps.split():
        monkeypatch.setattr(serve, step, lambda: None)
    return project


def test_documentation_is_built_again_when_a_page_or_a_docstring_changed(
    set_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Path] = []
    monkeypatch.setattr(serve, "_write_docs", built.append)
    serve.build_docs()
    serve.build_docs()
    assert len(built) == 1
    (set_up / "docs/index.md").write_text("another page")
    serve.build_docs()
    (set_up / "app/pywebllm/client.py").write_text("another docstring")
    serve.build_docs()
    assert built == [set_up / "build/docs"] * 3


def test_documentation_that_fails_stops_a_build_but_not_the_server(
    set_up: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(folder: Path) -> None:
        put(folder, "half.html")
        raise SetupError("a warning of Sphinx")

    monkeypatch.setattr(serve, "_write_docs", fail)
    with pytest.raises(SetupError, match="a warning of Sphinx"):
        serve._build_site(tmp_path / "built")
    serve._build_site(tmp_path / "served", needs_docs=False)
    assert "no documentation: a warning of Sphinx" in capsys.readouterr().err
    assert (tmp_path / "served/index.html").is_file()
    assert not (tmp_path / "served/docs").exists()
    assert set_up.is_dir()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_server_prints_its_address_first_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = (
        "import serve, sys, pathlib; serve._build_site = lambda target, needs_docs: None;"
        f"serve.BUILD = pathlib.Path({str(tmp_path)!r});"
        "sys.exit(serve.main(['--no-open', '--port', '0']))"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=serve.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""

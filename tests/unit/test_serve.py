"""`serve.py`: the site it composes, the folder it writes it into, and how it serves."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import serve
from model.browser.processes import started
from site_files import packages, site
from site_files.archive import app_archive
from site_files.compression import compressed_copies
from site_files.packages import build_docs, npm_install
from site_files.project import Project, SetupError
from site_files.server import SiteServer
from site_files.site import PYODIDE_FILES, make_files, site_sources
from site_files.style import join_styles, style_sources
from site_files.target import MARKER, write_site

pytestmark = pytest.mark.timeout(60)


def put(folder: Path, *paths: str) -> None:
    """Write files whose content is their path."""
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project that is set up, with the least of everything."""
    root = tmp_path / "project"
    put(root, "static/start.js", "static/models/m/model.wasm", "webllm_bridge.js")
    put(root, "build/page/index.html", "build/archive/app.zip", "build/libraries/storage.js")
    put(root, "build/style/style.css")
    put(root / "build", "worker/service_worker.js", "worker-bundle/LICENSES.txt")
    put(root / "build", "bridge/webllm_bridge.js", "bridge/.made-from")
    put(root / "node_modules", "@mlc-ai/web-llm/lib/index.js", "@mlc-ai/web-llm/LICENSE")
    put(root / "node_modules/pyodide", *PYODIDE_FILES, "console.html")
    put(root / "node_modules/@pyscript/core", "LICENSE", "dist/core.js", "dist/core.js.map")
    put(root / "node_modules/@wllama/wllama", "LICENSE", "esm/index.min.js", "esm/wasm/wllama.wasm")
    put(root / "build", "wheels/micropip-1-py3-none-any.whl", "wheels/.made-from")
    put(root / "build/dist", "pywebllm-1-py3-none-any.whl", ".made-from")
    put(root / "build/dist-wllama", "pywebllm_wllama-1-py3-none-any.whl", ".made-from")
    put(root / "build/pyscript", "pywebllm.toml", ".made-from")
    put(root / "build/docs", "index.html", "api/errors.html", ".made-from", ".buildinfo")
    return Project(root)


def served(site: Path, *, isolated: bool = False) -> contextlib.AbstractContextManager[int]:
    """Serve a folder; gives the port."""

    @contextlib.contextmanager
    def running() -> Iterator[int]:
        with SiteServer(site, 0, isolated=isolated) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield server.server_port
            finally:
                server.shutdown()
                thread.join()

    return running()


def get(port: int, path: str, host: str | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={} if host is None else {"Host": host})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_site_has_every_part_at_its_place(project: Project) -> None:
    paths = site_sources(project)
    assert set(paths) == {
        "index.html",
        "start.js",
        "app.zip",
        "service_worker.js",
        "service_worker.LICENSES.txt",
        "libraries/storage.js",
        "style.css",
        "models/m/model.wasm",
        "webllm_bridge.js",
        "webllm.js",
        "webllm.LICENSE",
        "wllama/wllama.js",
        "wllama/wllama.wasm",
        "wllama/wllama.LICENSE",
        *(f"vendor/pyodide/{name}" for name in PYODIDE_FILES),
        "vendor/pyscript/LICENSE",
        "vendor/pyscript/core.js",
        "vendor/wheels/micropip-1-py3-none-any.whl",
        "pywebllm-1-py3-none-any.whl",
        "pywebllm_wllama-1-py3-none-any.whl",
        "pywebllm.toml",
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
            "page/view.py",
            "page/view.pyc",
        ]


def test_rewritten_site_drops_removed_files(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "site"
    put(project.root, "static/old.css")
    write_site(target, site_sources(project))
    (project.root / "static/old.css").unlink()
    (project.root / "build/page/index.html").write_text("changed")
    (target / ".git").mkdir()
    write_site(target, site_sources(project))
    assert not (target / "old.css").exists()
    assert (target / "index.html").read_text() == "changed"
    assert (target / ".git").is_dir(), "hidden files are not ours to remove"


def test_folder_with_other_files_is_refused_and_untouched(project: Project, tmp_path: Path) -> None:
    put(tmp_path / "home", "thesis.txt")
    with pytest.raises(SetupError, match="not empty and no site of ours"):
        write_site(tmp_path / "home", site_sources(project))
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["thesis.txt"]


def test_files_that_a_user_added_stay_when_the_site_is_built_again(
    project: Project, tmp_path: Path
) -> None:
    target = tmp_path / "site"
    put(project.root, "static/old.css")
    write_site(target, site_sources(project))
    put(target, "CNAME", "notes/old.css", "vendor/mine.js")
    (project.root / "static/old.css").unlink()
    write_site(target, site_sources(project))
    kept = [target / path for path in ("CNAME", "notes/old.css", "vendor/mine.js")]
    assert all(file.is_file() for file in kept)
    assert not (target / "old.css").exists()


def test_file_that_a_user_added_is_not_overwritten_by_a_new_file_of_the_site(
    project: Project, tmp_path: Path
) -> None:
    target = tmp_path / "site"
    write_site(target, site_sources(project))
    (target / "robots.txt").write_text("mine")
    put(project.root, "static/robots.txt")
    with pytest.raises(SetupError, match=r"robots.txt is not a file of the site"):
        write_site(target, site_sources(project))
    assert (target / "robots.txt").read_text() == "mine"


def test_isolated_server_sends_the_headers_that_give_a_page_threads(tmp_path: Path) -> None:
    put(tmp_path, "index.html")
    found = []
    for isolated in (False, True):
        with served(tmp_path, isolated=isolated) as port:
            answer = get(port, "/index.html")
        names = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy")
        found.append([answer.headers.get(name) for name in names])
    assert found == [[None, None], ["same-origin", "require-corp"]]


@pytest.mark.parametrize("path", ["index.html", "app.zip", "models", MARKER])
def test_symbolic_link_is_not_written_through(project: Project, tmp_path: Path, path: str) -> None:
    target, outside = tmp_path / "site", tmp_path / "outside"
    write_site(target, site_sources(project))
    (target / path).rename(outside)
    before = sorted((file, file.stat().st_mtime_ns) for file in [outside, *outside.rglob("*")])
    (target / path).symlink_to(outside)
    put(project.root, "static/models/m/more.bin")
    (project.root / "build/page/index.html").write_text("changed")
    with pytest.raises(SetupError, match="symbolic link"):
        write_site(target, site_sources(project))
    after = sorted((file, file.stat().st_mtime_ns) for file in [outside, *outside.rglob("*")])
    assert after == before


def test_removed_file_of_the_site_that_is_now_outside_stays(
    project: Project, tmp_path: Path
) -> None:
    target, outside = tmp_path / "site", tmp_path / "outside"
    put(project.root, "static/old/style.css")
    write_site(target, site_sources(project))
    (target / "old").rename(outside)
    (target / "old").symlink_to(outside)
    with (target / MARKER).open("a") as marker:
        marker.write(f"{tmp_path}/thesis.txt\n../thesis.txt\n")
    put(tmp_path, "thesis.txt")
    (project.root / "static/old/style.css").unlink()
    write_site(target, site_sources(project))
    assert (outside / "style.css").is_file()
    assert (tmp_path / "thesis.txt").is_file()


def test_hard_link_to_a_file_of_the_site_keeps_its_content(
    project: Project, tmp_path: Path
) -> None:
    target, backup = tmp_path / "site", tmp_path / "backup.html"
    write_site(target, site_sources(project))
    backup.hardlink_to(target / "index.html")
    (project.root / "build/page/index.html").write_text("changed")
    write_site(target, site_sources(project))
    assert backup.read_text() == "build/page/index.html"
    assert (target / "index.html").read_text() == "changed"


def test_site_of_an_older_version_is_taken_over(project: Project, tmp_path: Path) -> None:
    """Its marker is empty."""
    target = tmp_path / "site"
    put(target, "index.html", "CNAME")
    (target / MARKER).touch()
    write_site(target, site_sources(project))
    assert (target / "index.html").read_text() == "build/page/index.html"
    assert (target / "CNAME").is_file()


def test_site_is_not_written_into_its_own_source(project: Project) -> None:
    with pytest.raises(SetupError, match="outside static"):
        write_site(serve.ROOT / "static/site", site_sources(project))
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


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8000", 200),
        ("rebound.example", 421),
        ("rebound.example:8000", 421),
        ("127.0.0.1.rebound.example", 421),
        ("localhost@rebound.example", 421),
        ("127.0.0.1:8000, rebound.example", 421),
        ("", 421),
    ],
)
def test_server_answers_loopback_names_only(tmp_path: Path, host: str, status: int) -> None:
    put(tmp_path, "index.html")
    with served(tmp_path) as port:
        response = get(port, "/index.html", host)
    assert response.status == status


@pytest.mark.parametrize("path", ["/%00", "/a%00/index.html", "/%ed%a0%80", "/" + "a" * 5000])
def test_path_that_no_file_system_takes_is_not_found(
    tmp_path: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, "index.html")
    with served(tmp_path) as port:
        assert get(port, path).status == 404
        assert get(port, "/index.html").status == 200
    assert "Traceback" not in capsys.readouterr().err


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
    put(tmp_path / "project", "package-lock.json")
    monkeypatch.setattr(serve, "PROJECT", Project(tmp_path / "project"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert serve.main(["build", str(tmp_path / "site")]) == 1
    assert "install Node.js" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_npm_installs_once_for_each_lock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "package-lock.json", "node_modules/.keep")
    ran: list[str] = []
    monkeypatch.setattr("site_files.packages.shutil.which", lambda name: name)
    monkeypatch.setattr(Project, "run", lambda _self, *command: ran.append(command[1]))
    for lock in ("one", "one", "two"):
        (tmp_path / "package-lock.json").write_text(lock)
        npm_install(Project(tmp_path))
    assert ran == ["ci", "ci"]


# In their order.
_STEPS = ("bundle", "bundle_libraries", "compile_python", "write_pages", "join_styles")


@pytest.fixture
def made(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the steps that run to make the files of a project; Node.js does none."""
    put(project.root, "bridge/a.js", "bridge/bundle.py", "site_files/libraries.py")
    put(project.root, "bridge/errors.js", "bridge/files.js", "bridge/urls.js")
    put(project.root, "static/index.html", "static/libraries/a.js", "hatch_build.py", "app/main.py")
    put(project.root, "static/css/base.css", "node_modules/.pywebllm-lock.json")
    put(project.root, "node_modules/modern-normalize/modern-normalize.css")
    names: list[str] = []

    def step(name: str) -> Callable[..., None]:
        return lambda *_given: names.append(name)

    # It reads what the other steps write, and has tests of its own.
    monkeypatch.setattr(site, "_write_worker", lambda _project: None)
    for name in _STEPS:
        monkeypatch.setattr(site, name, step(name))
    return names


def test_files_are_made_again_when_what_they_are_made_from_changed(
    project: Project, made: list[str]
) -> None:
    make_files(project)
    assert made == list(_STEPS)
    made.clear()
    make_files(project)
    assert made == []
    (project.root / "bridge/a.js").write_text("changed")
    make_files(project)
    assert made == ["bundle"]
    (project.root / "app/main.py").write_text("changed")
    make_files(project)
    assert made == ["bundle", "compile_python", "write_pages"]
    put(project.root, "static/css/chat.css")
    make_files(project)
    assert made[-1] == "join_styles"


def test_style_sheet_has_the_base_before_the_views(tmp_path: Path) -> None:
    npm = tmp_path / "node_modules"
    names = ("static/css/base.css", "static/css/chat.css", "static/css/about.css")
    put(tmp_path, *names, "node_modules/modern-normalize/modern-normalize.css")
    files = style_sources(tmp_path, npm)
    assert [file.name for file in files] == [
        "modern-normalize.css",
        "base.css",
        "about.css",
        "chat.css",
    ]
    for file in files:
        file.write_text(f"/* {file.stem} */")
    join_styles(files, tmp_path / "style.css")
    expected = "/* modern-normalize */\n/* base */\n/* about */\n/* chat */"
    assert (tmp_path / "style.css").read_text() == expected


def test_bridge_that_cannot_be_bundled_is_reported_with_what_to_do(project: Project) -> None:
    put(project.root, "bridge/bundle.py", "node_modules/.pywebllm-lock.json")
    with pytest.raises(SetupError, match=r"rollup.* is missing: run `npm ci --ignore-scripts`"):
        make_files(project)


def test_step_runs_once_and_again_when_its_source_changed(tmp_path: Path) -> None:
    made: list[str] = []

    def make(folder: Path) -> None:
        made.append("made")
        put(folder, f"{len(made)}.whl")

    for source in ("one", "one", "two"):
        Project(tmp_path).once("dist", source, make)
    assert len(made) == 2
    names = sorted(file.name for file in (tmp_path / "build/dist").iterdir())
    assert names == [".made-from", "2.whl"]


def test_failed_step_runs_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        put(folder, "half.whl")
        raise SetupError("no network")

    with pytest.raises(SetupError):
        Project(tmp_path).once("dist", "one", fail)
    Project(tmp_path).once("dist", "one", lambda folder: put(folder, "whole.whl"))
    assert not (tmp_path / "build/dist/half.whl").exists()
    assert (tmp_path / "build/dist/whole.whl").exists()


@pytest.fixture
def set_up(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let `serve` work on a project in which everything but the documentation is made."""
    put(project.root, "app/main.py", "app/pywebllm/client.py", "docs/index.md")
    put(project.root, "docs/requirements.txt", "static/icon.svg", "static/screenshot.png")
    monkeypatch.setattr(serve, "PROJECT", project)
    monkeypatch.setattr(serve, "BUILD", project.build)
    for step in ("npm_install", "download_pyodide_wheels", "build_wheels", "make_files"):
        monkeypatch.setattr(serve, step, lambda _project: None)
    return project.root


def test_documentation_is_built_again_when_a_page_or_a_docstring_changed(
    set_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Path] = []
    monkeypatch.setattr(packages, "_write_docs", lambda _project, folder: built.append(folder))
    build_docs(Project(set_up))
    build_docs(Project(set_up))
    assert len(built) == 1
    (set_up / "docs/index.md").write_text("another page")
    build_docs(Project(set_up))
    (set_up / "app/pywebllm/client.py").write_text("another docstring")
    build_docs(Project(set_up))
    assert built == [set_up / "build/docs"] * 3


def test_documentation_that_fails_stops_a_build_but_not_the_server(
    set_up: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_project: Project, folder: Path) -> None:
        put(folder, "half.html")
        raise SetupError("a warning of Sphinx")

    monkeypatch.setattr(packages, "_write_docs", fail)
    with pytest.raises(SetupError, match="a warning of Sphinx"):
        serve._build_site(tmp_path / "built")
    serve._build_site(tmp_path / "served", needs_docs=False)
    assert "no documentation: a warning of Sphinx" in capsys.readouterr().err
    assert (tmp_path / "served/index.html").is_file()
    assert not (tmp_path / "served/docs").exists()
    assert set_up.is_dir()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("inherited", ["SIG_DFL", "SIG_IGN"])
def test_server_prints_its_address_first_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals, inherited: str
) -> None:
    """Also where the signal is ignored from the start, as in the background of a script."""
    program = (
        f"import signal; signal.signal({number.value}, signal.{inherited});"
        "import serve, sys, pathlib; serve._build_site = lambda *given, **options: None;"
        f"serve.BUILD = pathlib.Path({str(tmp_path)!r});"
        "sys.exit(serve.main(['--no-open', '--port', '0']))"
    )
    with started([sys.executable, "-c", program], stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal to ignore")
def test_process_that_ignores_signals_is_ended_with_its_block() -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('ready', flush=True); time.sleep(600)"
    )
    with started([sys.executable, "-c", program], patience=0.1) as process:
        assert process.stdout is not None
        process.stdout.readline()
    assert process.returncode == -signal.SIGKILL
    assert process.stdout.closed


def test_compressed_copies_are_beside_the_files_that_shrink(project: Project) -> None:
    large = "wasm " * 1000
    (project.root / "static/large.wasm").write_text(large)
    copies = compressed_copies(project, site_sources(project))
    assert set(copies) == {"large.wasm.gz", "large.wasm.br"}, "not what is tiny"
    assert gzip.decompress(copies["large.wasm.gz"].read_bytes()).decode() == large
    assert copies["large.wasm.br"].stat().st_size < 100

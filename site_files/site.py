"""The files of the site: what is made in `build/`, and the place of each file."""

from __future__ import annotations

from pathlib import Path

from bridge.bundle import BUNDLE, BundleError, bundle, sources
from hatch_build import BytecodeError, compile_python

from .archive import ARCHIVE, app_archive
from .libraries import bundle_libraries, library_sources
from .offline import WORKER, bundle_worker, worker_sources, write_worker
from .page import page_sources, write_pages
from .project import Project, SetupError, made_from, tree
from .style import STYLE, join_styles, style_sources

__all__ = ["PYODIDE_FILES", "make_files", "site_sources"]

PYODIDE_FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)


def make_files(project: Project) -> None:
    """Make the files of the site that are not copies; SetupError says what is missing."""
    try:
        _bundle(project)
        _write_archive(project)
        _write_pages(project)
        _write_style(project)
        _write_pyscript_config(project)
        _write_worker(project)
    except (BundleError, BytecodeError) as error:
        raise SetupError(str(error)) from error


def site_sources(project: Project) -> dict[str, Path]:
    """Map every path of the site to the file it is a copy of."""
    return {**_files(project), WORKER: project.build / "worker" / WORKER}


def _files(project: Project) -> dict[str, Path]:
    # All but the service worker, which has a list of them.
    npm, build = project.npm, project.build
    static = tree(project.root / "static").items()
    files = {
        **{path: file for path, file in static if not _is_source(path)},
        **tree(build / "page"),
        **tree(build / "archive"),
        **tree(build / "libraries", "libraries/"),
        STYLE: build / "style" / STYLE,
        "service_worker.LICENSES.txt": build / "worker-bundle/LICENSES.txt",
        BUNDLE: build / "bridge" / BUNDLE,
        "webllm.js": npm / "@mlc-ai/web-llm/lib/index.js",
        "webllm.LICENSE": npm / "@mlc-ai/web-llm/LICENSE",
        "wllama/wllama.js": npm / "@wllama/wllama/esm/index.min.js",
        "wllama/wllama.wasm": npm / "@wllama/wllama/esm/wasm/wllama.wasm",
        **_licenses(npm / "@wllama/wllama", "wllama/"),
        **{f"vendor/pyodide/{name}": npm / "pyodide" / name for name in PYODIDE_FILES},
        **tree(npm / "@pyscript/core/dist", "vendor/pyscript/"),
        "vendor/pyscript/LICENSE": npm / "@pyscript/core/LICENSE",
        **tree(build / "wheels", "vendor/wheels/"),
        **tree(build / "dist"),
        **tree(build / "dist-wllama"),
        **tree(build / "pyscript"),
        **tree(build / "docs", "docs/"),
    }
    return {path: source for path, source in files.items() if source.suffix != ".map"}


def _bundle(project: Project) -> None:
    root, stamp = project.root, project.npm_stamp
    files = [*library_sources(root), stamp]
    project.once("bridge", made_from([*sources(root), stamp]), lambda to: bundle(root, to))
    project.once("libraries", made_from(files), lambda to: bundle_libraries(root, to))


def _write_archive(project: Project) -> None:
    app, bytecode = project.root / "app", project.build / "bytecode"
    files = [project.root / "hatch_build.py", project.npm_stamp, *tree(app).values()]
    source = made_from(files)
    project.once("bytecode", source, lambda to: compile_python(project.root, app, to))
    source += made_from([Path(__file__).with_name("archive.py")])
    project.once(
        "archive", source, lambda to: (to / ARCHIVE).write_bytes(app_archive(app, bytecode))
    )


def _write_pages(project: Project) -> None:
    archive = project.build / "archive" / ARCHIVE
    code = [Path(__file__).with_name(name) for name in ("page.py", "early.py")]
    files = [*code, archive, project.npm_stamp, *page_sources(project.root)]
    project.once("page", made_from(files), lambda to: write_pages(project.root, to, archive))


def _write_style(project: Project) -> None:
    files = style_sources(project.root, project.npm)
    source = made_from([Path(__file__).with_name("style.py"), *files])
    project.once("style", source, lambda to: join_styles(files, to / STYLE))


def _write_pyscript_config(project: Project) -> None:
    # With it, another page takes the wheel by one line: `config="https://…/pywebllm.toml"`.
    wheel = next((project.build / "dist").glob("*.whl")).name
    config = (
        f'# PyScript unpacks the wheel, which is beside this file.\n[files]\n"./{wheel}" = "./*"\n'
    )
    project.once("pyscript", config, lambda to: (to / "pywebllm.toml").write_text(config, "utf-8"))


def _write_worker(project: Project) -> None:
    root, files = project.root, _files(project)
    source = made_from([*worker_sources(root), project.npm_stamp])
    project.once("worker-bundle", source, lambda to: bundle_worker(root, to))
    bundle = project.build / "worker-bundle" / WORKER
    source = made_from([bundle, Path(__file__), *files.values()])
    project.once("worker", source, lambda to: write_worker(bundle, files, to))


def _is_source(path: str) -> bool:
    # What a file of `build` is made from, in `static`.
    return path == "index.html" or path.startswith(("css/", "libraries/", "offline/", "views/"))


def _licenses(package: Path, prefix: str) -> dict[str, Path]:
    # Some packages spell the name of the file in the British way.
    return {f"{prefix}{package.name}.LICENSE": file for file in package.glob("LICEN?E")}

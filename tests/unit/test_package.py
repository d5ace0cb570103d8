"""The package as a whole: public names, docstrings, the border, versions, the bundle."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

import pytest
import pywebllm
from pywebllm import builtin

from bridge.bundle import BUNDLE, BundleError, bundle
from hatch_build import BytecodeError, compile_python, get_build_hook

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "app/pywebllm"
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if path.stem != "__init__"
)


def module(name: str) -> ModuleType:
    return importlib.import_module(f"pywebllm.{name}")


def source(name: str) -> Path:
    return PACKAGE.joinpath(*name.split(".")).with_suffix(".py")


def test_the_public_names_are_these() -> None:
    assert pywebllm.__all__ == [
        "BUILTIN_MODEL",
        "BUILTIN_REVISION",
        "AbortedError",
        "AssetsError",
        "AsyncWebLLM",
        "Backend",
        "ChatStream",
        "CompletionStream",
        "ContextWindowError",
        "DeviceLostError",
        "DisposedError",
        "DownloadError",
        "Engine",
        "EngineChoice",
        "EngineError",
        "EngineSupport",
        "Event",
        "FeatureSupportError",
        "IntegrityError",
        "InvalidRequestError",
        "Lending",
        "LoadProgress",
        "ModelNotFoundError",
        "ModelNotLoadedError",
        "ModelRecord",
        "ModelUnloadedError",
        "OutOfMemoryError",
        "ParseError",
        "Persona",
        "ProgressBar",
        "RequestTimeoutError",
        "SessionNotFoundError",
        "StorageError",
        "Support",
        "SupportError",
        "TextStream",
        "ToolRoundsError",
        "ToolRun",
        "Toolbox",
        "TruncatedError",
        "Usage",
        "WebLLM",
        "WebLLMError",
        "WebLLMService",
        "WorkerError",
        "__version__",
        "borrow_models",
        "check_support",
        "connect",
        "lend_models",
        "open_bridge",
    ]


def test_every_public_name_is_there_and_nothing_else_is() -> None:
    assert dir(pywebllm) == sorted(pywebllm.__all__)
    assert all(hasattr(pywebllm, name) for name in pywebllm.__all__)
    helpers = {"TYPE_CHECKING", "annotations", "lazy_attributes"}
    there = {
        name
        for name, value in vars(pywebllm).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert there - helpers == set(pywebllm.__all__) - {"__version__"}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_names_what_is_public_and_has_it(name: str) -> None:
    found = module(name)
    assert found.__doc__
    assert all(hasattr(found, public) for public in found.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_object_has_a_docstring(name: str) -> None:
    found = module(name)
    public = [getattr(found, public) for public in found.__all__]
    undocumented = [it.__name__ for it in public if isinstance(it, type) and not it.__doc__]
    assert undocumented == []


@pytest.mark.parametrize("name", MODULES)
def test_every_public_coroutine_documents_cancellation(name: str) -> None:
    tree = ast.parse(source(name).read_text())
    silent = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and (text := ast.get_docstring(node)) is not None
        and "cancel" not in text.lower()
        and "at once" not in text
    ]
    assert silent == []


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("name", MODULES)
def test_only_the_border_imports_from_the_browser(name: str) -> None:
    foreign = {"js", "pyodide", "pyodide_js", "pyscript"}
    crosses = bool(imported(source(name)) & foreign)
    assert crosses == (name in {"browser.host", "browser.importing"})


def test_the_library_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert pywebllm.__version__ == project["version"]
    assert project["dependencies"] == []
    wllama = tomllib.loads((ROOT / "wllama/pyproject.toml").read_text())["project"]
    required = f"{wllama['name']}=={wllama['version']}"
    assert project["optional-dependencies"]["wllama"] == [required]


def test_built_in_model_has_a_path_that_webllm_keeps() -> None:
    parts = ("models", builtin.BUILTIN_MODEL, "resolve", builtin.BUILTIN_REVISION, "")
    assert builtin.BUILTIN_PATH.split("/") == list(parts)


def test_bundle_is_one_file_that_imports_nothing(tmp_path: Path) -> None:
    source = bundle(ROOT, tmp_path).read_text("utf-8")
    assert re.findall(r"^import\b.*", source, re.MULTILINE) == []
    names = "checkBrowserModel, checkSupport, openBridge, openBrowserModel, openSharedBridge"
    assert re.findall(r"^export\b.*", source, re.MULTILINE) == [f"export {{ {names} }};"]
    # The URL of the file itself, which the engine worker runs too.
    assert source.count("import.meta.url") == 1
    assert [file.stem for file in tmp_path.iterdir()] == [Path(BUNDLE).stem]


def test_bundle_without_node_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BundleError, match=r"install Node\.js"):
        bundle(ROOT, tmp_path)


def test_bundle_without_rollup_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"rollup.* is missing: run `npm ci --ignore-scripts`"):
        bundle(tmp_path, tmp_path / "out")


def test_bundle_with_an_import_cycle_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "bridge").mkdir(parents=True)
    (root / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    (root / "package.json").write_text('{"type": "module"}')
    (root / "bridge/rollup.config.js").write_bytes((ROOT / "bridge/rollup.config.js").read_bytes())
    (root / BUNDLE).write_text('export { one } from "./bridge/one.js";')
    for name, other in (("one", "two"), ("two", "one")):
        code = f'import {{ {other} }} from "./{other}.js";\nexport const {name} = () => {other}();'
        (root / f"bridge/{name}.js").write_text(code)
    with pytest.raises(BundleError, match="Circular dependency"):
        bundle(root, tmp_path / "out")


_Config = TypeVar("_Config")


class FakeBuildHook(Generic[_Config]):
    """What `BuildHookInterface` of hatchling gives to a hook."""

    root = str(ROOT)


def test_wheel_build_adds_generated_files_and_removes_them_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interface = ModuleType("interface")
    monkeypatch.setattr(interface, "BuildHookInterface", FakeBuildHook, raising=False)
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", interface)
    hook: Any = get_build_hook()
    build = hook()
    data: dict[str, Any] = {"force_include": {}}
    build.initialize("standard", data)
    files = {path: Path(file) for file, path in data["force_include"].items()}
    assert "openBridge" in files[f"pywebllm/assets/{BUNDLE}"].read_text("utf-8")
    modules = (ROOT / "app/pywebllm").rglob("*.py")
    folders = {path: path.parent.relative_to(ROOT / "app").as_posix() for path in modules}
    assert set(files) - {f"pywebllm/assets/{BUNDLE}"} == {
        f"{folder}/__pycache__/{path.stem}.cpython-314.pyc" for path, folder in folders.items()
    }
    build.finalize("standard", data, "")
    assert not any(file.exists() for file in files.values())


def test_wheel_build_uses_the_hook() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    # Without a path it is hatch_build.py.
    assert wheel["targets"]["wheel"]["hooks"]["custom"] == {}


def test_bytecode_is_of_the_pinned_pyodides_python_and_checks_no_source(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "package").mkdir(parents=True)
    (source / "package/module.py").write_text("answer = 42")
    target.mkdir()
    files = compile_python(ROOT, source, target)
    assert list(files) == ["package/__pycache__/module.cpython-314.pyc"]
    (bytecode,) = (file.read_bytes() for file in files.values())
    # PEP 552: bit 0 of the flags, a hash instead of a time; bit 1, that it is checked.
    assert bytecode[4:8] == b"\x01\0\0\0"


def test_bytecode_of_a_file_that_is_not_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("def")
    with pytest.raises(BytecodeError, match="SyntaxError"):
        compile_python(ROOT, tmp_path, tmp_path)


def test_bytecode_without_pyodide_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BytecodeError, match="npm ci"):
        compile_python(tmp_path, tmp_path, tmp_path)

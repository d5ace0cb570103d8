"""The tool chain: missing, old or unpinned tools are reported."""

from __future__ import annotations

import hashlib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from model.compile import runtime
from model.compile.build import check_tvm
from model.compile.errors import ChecksumError
from model.compile.linker import Emcc, Linker, find_emcc
from model.compile.runtime import WHEELS, Wheel, build_runtime
from model.tools import ToolError

pytestmark = pytest.mark.recipe


def fake_emcc(folder: Path, script: str) -> Path:
    path = folder / "emcc"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def wheel(path: Path, *files: str) -> str:
    """Write a wheel with `files` and return its checksum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in files:
            archive.writestr(name, "// source")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_missing_emcc_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install"):
        find_emcc()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'emcc (Emscripten) 2.0.12'", r"must be version 3\.1\.6 or newer, got 2\.0\.12"),
        ("echo broken >&2; exit 1", "does not print its version: broken"),
    ],
)
def test_unusable_emcc_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    fake_emcc(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(ToolError, match=message):
        find_emcc()


def test_error_of_the_linker_contains_its_output(tmp_path: Path) -> None:
    emcc = Emcc(path=fake_emcc(tmp_path, "echo no such symbol >&2; exit 3"), version=(3, 1, 6))
    with pytest.raises(ToolError, match="no such symbol"):
        Linker(emcc=emcc, runtime=[])(str(tmp_path / "out.wasm"), ["a.o"])


@pytest.mark.parametrize("version", ["0.26.0", None])
def test_other_version_of_tvm_is_rejected(
    monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    def find(_: str) -> str:
        if version is None:
            raise metadata.PackageNotFoundError
        return version

    monkeypatch.setattr(metadata, "version", find)
    with pytest.raises(ToolError, match=r"pip install apache-tvm==0\.27\.0\.post1"):
        check_tvm()


def test_wheel_with_another_checksum_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "wheels" / "apache_tvm-0.27.0.post1-py3-none-any.whl"
    wheel(path, "tvm/web/emcc/wasm_runtime.cc")
    with pytest.raises(ChecksumError, match="SHA-256"):
        build_runtime(tmp_path, Emcc(path=Path("/bin/false"), version=(3, 1, 6)))
    assert not path.exists()


def test_runtime_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wheels" / "apache_tvm-1-py3-none-any.whl"
    checksum = wheel(path, "tvm/web/emcc/wasm_runtime.cc")
    pins = Wheel(
        requirement="apache-tvm==1", sha256=checksum, folders=(("tvm/web/emcc/", "web/emcc/"),)
    )
    monkeypatch.setattr(runtime, "WHEELS", (pins,))
    # This emcc records its last argument, the output, and creates it.
    script = f'for last; do :; done; echo "$last" >> {tmp_path}/calls; touch "$last"'
    emcc = Emcc(path=fake_emcc(tmp_path, script), version=(3, 1, 6))
    first = build_runtime(tmp_path, emcc)
    assert [path.name for path in first] == [
        "wasm_runtime.o",
        "tvmjs_support.o",
        "webgpu_runtime.o",
    ]
    assert build_runtime(tmp_path, emcc) == first
    assert len((tmp_path / "calls").read_text().splitlines()) == 3
    other = build_runtime(tmp_path, Emcc(path=emcc.path, version=(4, 0, 0)))
    assert other != first


def test_wheel_without_the_sources_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checksum = wheel(tmp_path / "wheels" / "apache_tvm-1-py3-none-any.whl", "tvm/other.cc")
    pins = Wheel(requirement="apache-tvm==1", sha256=checksum, folders=(("tvm/web/", "web/"),))
    monkeypatch.setattr(runtime, "WHEELS", (pins,))
    with pytest.raises(ToolError, match="no folder tvm/web/"):
        build_runtime(tmp_path, Emcc(path=Path("/bin/false"), version=(3, 1, 6)))


def test_pins_of_the_runtime_equal_those_of_the_requirements() -> None:
    path = Path(__file__).parents[2] / "model" / "requirements.txt"
    lines = path.read_text("utf-8").splitlines()
    for pinned in WHEELS[:2]:
        assert pinned.requirement in lines

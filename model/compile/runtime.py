"""TVM's WebAssembly runtime, compiled to objects from three wheels of PyPI.

The wheel of TVM contains the sources of the runtime, but not all headers that they include: two
folders come from tilelang, which also contains headers of TVM, and two headers that are in no wheel
are in `stand_ins/`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.compile.errors import ChecksumError
from model.compile.linker import Emcc
from model.tools import ToolError

__all__ = ["WHEELS", "Wheel", "build_runtime"]

_OBJECTS: Final = ("wasm_runtime", "tvmjs_support", "webgpu_runtime")
_STAND_INS: Final = Path(__file__).with_name("stand_ins")
_INCLUDES: Final = (
    ".",
    "include",
    "3rdparty/tvm-ffi/include",
    "3rdparty/tvm-ffi/3rdparty/dlpack/include",
    "3rdparty/compiler-rt",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A pinned wheel, and the destinations of its folders in the source tree."""

    requirement: str
    sha256: str
    folders: tuple[tuple[str, str], ...]


# The sources are the same for every Python version and platform; these are pinned for a checksum
# that is the same everywhere.
_PLATFORM: Final = (
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
    "--abi=abi3",
    "--abi=none",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux_2_27_x86_64",
)
WHEELS: Final = (
    Wheel(
        requirement="apache-tvm==0.27.0.post1",
        sha256="f503fc903b6e16fda5daacac6698ecb8bc38937f57da7aa29f6c7ab169d08657",
        folders=(
            ("tvm/web/emcc/", "web/emcc/"),
            ("tvm/src/runtime/", "src/runtime/"),
            ("tvm/include/", "include/"),
        ),
    ),
    Wheel(
        requirement="apache-tvm-ffi==0.1.15.post2",
        sha256="8ecebe749834f6ac0f2693d5964acf9ac75d0bc26e6ba64c46eb7ab00ea50fac",
        folders=(("tvm_ffi/", "3rdparty/tvm-ffi/"),),
    ),
    Wheel(
        requirement="tilelang==0.1.15",
        sha256="ca021a3450ad84b8fe7deb1b659c8d3d2e4b0855fdb59e2992a5349acf019881",
        folders=(
            ("tilelang/3rdparty/tvm/src/support/", "src/support/"),
            ("tilelang/3rdparty/tvm/include/tvm/support/", "include/tvm/support/"),
        ),
    ),
)


def build_runtime(folder: Path, emcc: Emcc) -> list[Path]:
    """Return the objects of the runtime in `folder`, compiled unless they exist.

    Compiling downloads 150 MB and takes one or two minutes. Objects of other pins or of another
    emcc are in another subfolder, whose name depends on both.

    Raises:
        ToolError: pip or emcc failed.
        ChecksumError: A wheel differs from its pin.
    """
    home = folder / _fingerprint(emcc)
    objects = [home / f"{name}.o" for name in _OBJECTS]
    if all(path.is_file() for path in objects):
        return objects
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    _unpack([_fetch(wheel, folder / "wheels") for wheel in WHEELS], tree)
    home.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        # The list raises the error of a thread here.
        list(threads.map(lambda path: _compile(path, tree, emcc), objects))
    shutil.rmtree(tree)
    return objects


def verify_checksum(path: Path, expected: str) -> None:
    """Check that the file is the pinned one, and remove it otherwise.

    Raises:
        ChecksumError: The checksum differs.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found == expected:
        return
    path.unlink()
    raise ChecksumError(
        f"{path.name} must have the SHA-256 {expected}, got {found}. The file was removed. Try "
        "again; if the checksum still differs, do not trust the package index."
    )


def _fingerprint(emcc: Emcc) -> str:
    pins = "".join(wheel.sha256 for wheel in WHEELS)
    stand_ins = b"".join(path.read_bytes() for path in sorted(_STAND_INS.rglob("*.h")))
    digest = hashlib.sha256(pins.encode() + stand_ins).hexdigest()[:12]
    return f"objects-{digest}-emcc-{'.'.join(map(str, emcc.version))}"


def _fetch(wheel: Wheel, folder: Path) -> tuple[Wheel, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    pattern = wheel.requirement.replace("-", "_").replace("==", "-") + "-*.whl"
    if not any(folder.glob(pattern)):
        _download(wheel.requirement, folder)
    found = sorted(folder.glob(pattern))
    if not found:
        raise ToolError(f"pip wrote no {pattern} to {folder}. Check its output.")
    verify_checksum(found[0], wheel.sha256)
    return wheel, found[0]


def _download(requirement: str, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        *_PLATFORM,
        "--dest",
        str(folder),
        requirement,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(
            f"pip could not download {requirement}:\n{done.stderr[-2000:]}\n"
            "Check the network and the package index, then try again."
        )


def _unpack(wheels: Iterable[tuple[Wheel, Path]], tree: Path) -> None:
    """Extract and copy; no links, because an include path goes up five folders."""
    for wheel, path in wheels:
        with zipfile.ZipFile(path) as archive:
            for source, target in wheel.folders:
                _extract(archive, source, tree / target)
    shutil.copytree(_STAND_INS, tree / "3rdparty" / "compiler-rt")


def _extract(archive: zipfile.ZipFile, source: str, target: Path) -> None:
    names = [name for name in archive.namelist() if name.startswith(source)]
    if not names:
        raise ToolError(f"{archive.filename} has no folder {source}. Pin a version that has it.")
    for name in names:
        if name.endswith("/"):
            continue
        path = target / name.removeprefix(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive.read(name))


def _compile(path: Path, tree: Path, emcc: Emcc) -> None:
    """Compile under a temporary name, so that an interrupted run leaves no partial object."""
    draft = path.with_suffix(".partial.o")
    emcc.run(
        *(f"-I{include}" for include in _INCLUDES),
        "-O2",
        "-std=c++17",
        "-Wno-ignored-attributes",
        "-c",
        f"web/emcc/{path.stem}.cc",
        "-o",
        draft.resolve(),
        cwd=tree,
    )
    draft.rename(path)

"""Finding emcc, and compiling and linking with it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from model.tools import ToolError

__all__ = ["OLDEST_EMCC", "Emcc", "Linker", "find_emcc"]

OLDEST_EMCC: Final = (3, 1, 6)
_INSTALL: Final = (
    "Install it with `apt-get install --no-install-recommends emscripten`, or from "
    "https://emscripten.org, and put it on the PATH."
)
_FLAGS: Final = (
    "--no-entry",
    "-sWASM_BIGINT=1",
    "-sSTANDALONE_WASM=1",
    "-sALLOW_MEMORY_GROWTH=1",
    "-sINITIAL_MEMORY=160MB",
    # The linker does not know the functions that WebLLM's JavaScript provides.
    "-sERROR_ON_UNDEFINED_SYMBOLS=0",
    "-Wno-undefined",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emcc:
    """An installed emcc."""

    path: Path
    version: tuple[int, int, int]

    def run(self, *arguments: str | Path, cwd: Path | None = None) -> None:
        """Run emcc.

        Raises:
            ToolError: It failed; the message has the end of its output.
        """
        command = [str(self.path), *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolError(
                f"emcc failed with status {done.returncode}:\n{done.stderr[-2000:]}\n"
                f"The command was: {' '.join(command)}\n"
                f"Run `{self.path} --check` to check the installation; if it succeeds, try another "
                "version of emcc."
            )


def find_emcc() -> Emcc:
    """Return the emcc on the PATH.

    Raises:
        ToolError: It is missing, does not run, or is older than 3.1.6.
    """
    path = shutil.which("emcc")
    if path is None:
        raise ToolError(f"emcc, the Emscripten compiler, is not installed. {_INSTALL}")
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    if done.returncode or not found:
        raise ToolError(f"{path} does not print its version: {done.stderr[-500:]}. {_INSTALL}")
    version = (int(found[1]), int(found[2]), int(found[3]))
    if version < OLDEST_EMCC:
        oldest = ".".join(map(str, OLDEST_EMCC))
        raise ToolError(f"{path} must be version {oldest} or newer, got {found[0]}. {_INSTALL}")
    return Emcc(path=Path(path), version=version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linker:
    """Links objects of TVM with those of its runtime; TVM calls it as a function."""

    # TVM reads this attribute. Its LLVM is newer than that of emcc, whose linker can still read
    # the object file: its format is defined by the WebAssembly conventions.
    object_format: ClassVar[str] = "o"

    emcc: Emcc
    runtime: Sequence[Path]

    def __call__(self, output: str, objects: Sequence[str] | str, **_options: object) -> None:
        """Link `objects` with the runtime to `output`."""
        compiled = [objects] if isinstance(objects, str) else list(objects)
        self.emcc.run("-O2", *_FLAGS, "-o", output, *self.runtime, *compiled)
        Path(output).chmod(0o644)  # emcc makes it executable.

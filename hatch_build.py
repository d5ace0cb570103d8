"""The wheel's build: adds the bundled bridge, and bytecode for the pinned Pyodide.

hatchling finds `get_build_hook` here by its default name. `serve.py` compiles the page's Python
in the same way. Both need Node.js, and the packages that `npm ci` installs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

# hatchling runs this file by its path, without the repository on the module search path.
sys.path.insert(0, str(Path(__file__).parent))

from bridge.bundle import BUNDLE, bundle

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["BytecodeError", "compile_python", "get_build_hook"]

_PYODIDE = "node_modules/pyodide/pyodide.mjs"

# A browser would otherwise compile each module when it imports it: about 40 % of the time of
# `import pywebllm`. Another Python than Pyodide's ignores these files by the tag in their names.
# Unchecked: the times of the source files are not kept by every way of installing a wheel.
_COMPILE = """
import importlib.util, pathlib, py_compile
for source in sorted(pathlib.Path("/source").rglob("*.py")):
    path = source.relative_to("/source")
    py_compile.compile(
        str(source),
        cfile=f"/target/{importlib.util.cache_from_source(str(path))}",
        dfile=str(path),
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
"""

# Only the message: by itself Node.js would print the whole of Pyodide's one-line source first.
_NODE = """
const [pyodideUrl, source, target, code] = process.argv.slice(1);
try {
  const { loadPyodide } = await import(pyodideUrl);
  const pyodide = await loadPyodide();
  pyodide.mountNodeFS("/source", source);
  pyodide.mountNodeFS("/target", target);
  pyodide.runPython(code);
} catch (error) {
  process.stderr.write(error.message);
  process.exitCode = 1;
}
"""


class BytecodeError(Exception):
    """The Python files cannot be compiled; the message says what to do."""


def compile_python(root: Path, source: Path, folder: Path) -> dict[str, Path]:
    """Compile the Python files below `source` by the Pyodide of the repository at `root`.

    Args:
        root: The repository.
        source: The folder of the Python files.
        folder: The folder for the bytecode.

    Returns:
        The bytecode files in `folder`, by their paths below it, for example
        `pywebllm/__pycache__/errors.cpython-314.pyc`.

    Raises:
        BytecodeError: Node.js or Pyodide is missing, or a file cannot be compiled.
    """
    node = shutil.which("node")
    if node is None:
        raise BytecodeError("node is missing: install Node.js 20 or newer (https://nodejs.org)")
    if not (root / _PYODIDE).is_file():
        raise BytecodeError(
            f"{root / _PYODIDE} is missing: run `npm ci --ignore-scripts` in {root}"
        )
    arguments = [(root / _PYODIDE).as_uri(), str(source), str(folder), _COMPILE]
    command = [node, "--input-type=module", "--eval", _NODE, *arguments]
    result = subprocess.run(  # noqa: S603 - the repository's own files
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if result.returncode != 0:
        raise BytecodeError(f"Pyodide could not compile {source}: {result.stderr[-2000:].strip()}")
    return {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*.pyc"))}


def get_build_hook() -> type[BuildHookInterface[Any]]:
    """Return the build hook of the wheel; hatchling looks for this name."""
    # Only a build has hatchling, and serve.py imports this module without it.
    from hatchling.builders.hooks.plugin.interface import (  # noqa: PLC0415
        BuildHookInterface,
    )

    class WheelHook(BuildHookInterface[Any]):
        """Adds generated files to the wheel."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Make the files before the build of the wheel."""
            del version
            self._folder = tempfile.TemporaryDirectory()
            root, folder = Path(self.root), Path(self._folder.name)
            files = {f"pywebllm/assets/{BUNDLE}": bundle(root, folder)}
            compiled = compile_python(root, root / "app/pywebllm", _made(folder / "bytecode"))
            files |= {f"pywebllm/{path}": file for path, file in compiled.items()}
            build_data["force_include"] |= {str(file): path for path, file in files.items()}

        def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
            """Remove the temporary folder after the build."""
            self._folder.cleanup()

    return WheelHook


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder

#!/usr/bin/env bash
# micropip.install("app[web]") does nothing when app is already installed.
#
# Packages: pyodide 314.0.7 (npm), micropip 0.11.1 (PyPI).
# A requirement whose name is installed counts as satisfied before its extras are considered, so the
# packages of the extra are not installed and no message says so; a later import fails.
# Expected: the missing packages are installed, as pip does, and as micropip does in a fresh interpreter.
# Instead: name the extra the first time the package is installed, or install its packages by name.
. "$(dirname "$0")/lib.sh"

npm_install pyodide@314.0.7
pyodide_wheels micropip==0.11.1
# Two wheels of one line each: demo_app, whose extra "web" needs demo_helper.
seen=$(node_run <<'JS'
import fs from "node:fs";
import { loadPyodide } from "pyodide";

async function installed(...requirements) {
  const pyodide = await loadPyodide();
  const micropip = fs.readFileSync("wheels/micropip-0.11.1-py3-none-any.whl");
  pyodide.unpackArchive(new Uint8Array(micropip), "wheel");
  pyodide.globals.set("requirements", requirements);
  return pyodide.runPythonAsync(`
import zipfile, micropip

def make(name, extra=""):
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(f"/{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n{extra}")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")

where = "emfs:/demo_helper-1.0-py3-none-any.whl"
make("demo_app", f"Provides-Extra: web\\nRequires-Dist: demo_helper @ {where} ; extra == 'web'\\n")
make("demo_helper")
for requirement in requirements:
    await micropip.install(requirement)
" ".join(sorted(micropip.list()))
`);
}

const app = "emfs:/demo_app-1.0-py3-none-any.whl";
console.log("the extra at once:", await installed(`demo_app[web] @ ${app}`));
console.log("the extra after the package:", await installed(app, "demo_app[web]"));
JS
)
finding "micropip 0.11.1 in pyodide 314.0.7" \
  "an extra of a package that is installed is ignored" "$seen" <<'SEEN'
the extra at once: demo-app demo-helper
the extra after the package: demo-app
SEEN

#!/usr/bin/env bash
# A snapshot of Pyodide's memory can be restored only while the memory has its first size.
#
# Packages: pyodide 314.0.7 (npm), in Node.js.
# loadPyodide({ _makeSnapshot: true }) gives makeMemorySnapshot(), whose bytes _loadSnapshot takes. Pyodide then
# sets Emscripten's INITIAL_MEMORY to the size of the snapshot, but its module exports a memory of its own, on which
# the setting has no effect.
# Expected: a Python that has grown, here by a list that stays alive, starts from its snapshot as any other.
# Instead: RangeError. Memory allocated before the restore, in `createPyodideModule`, avoids it.
. "$(dirname "$0")/lib.sh"

npm_install pyodide@314.0.7
seen=$(node_run <<'JS'
import { loadPyodide } from "pyodide";

async function restore(code) {
  const first = await loadPyodide({ _makeSnapshot: true });
  first.runPython(code);
  const snapshot = first.makeMemorySnapshot();
  const second = await loadPyodide({ _loadSnapshot: snapshot });
  return second.runPython("str(len(kept))");
}
const cases = { small: "kept = [0] * 10", grown: "kept = [0.0] * 10_000_000" };
for (const [name, code] of Object.entries(cases)) {
  const outcome = await restore(code).catch((error) => `${error.name}: ${error.message}`);
  console.log(`${name}: ${outcome}`);
}
JS
)
finding "pyodide 314.0.7" "a snapshot of a memory that has grown cannot be restored" "$seen" <<'SEEN'
small: 10
grown: RangeError: offset is out of bounds
SEEN

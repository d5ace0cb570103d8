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

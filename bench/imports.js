/**
 * The time of `import pywebllm` and of a client, for each wheel of `globalThis.wheels`. All times in
 * seconds; the ratios are to the `loadPyodide` right before.
 */

const ROUNDS = 5;

const IMPORT = `
import sys, time
_before, _start = set(sys.modules), time.perf_counter()
import pywebllm
_imported = time.perf_counter()
pywebllm.AsyncWebLLM()
[_imported - _start, time.perf_counter() - _start, len(set(sys.modules) - _before)]
`;

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** @param {string} wheel */
async function measure(wheel) {
  const { loadPyodide } = await import(new URL("vendor/pyodide/pyodide.mjs", document.baseURI).href);
  const start = performance.now();
  const pyodide = await loadPyodide();
  const load = (performance.now() - start) / 1000;
  await pyodide.loadPackage(new URL(wheel, document.baseURI).href, { messageCallback: () => {} });
  const [imported, client, modules] = pyodide.runPython(IMPORT).toJs();
  return { load, imported, client, modules };
}

export async function run() {
  const wheels = /** @type {any} */ (globalThis).wheels;
  /** @type {Map<string, Awaited<ReturnType<typeof measure>>[]>} */
  const found = new Map(wheels.map((/** @type {string} */ wheel) => [wheel, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [wheel, rows] of found) rows.push(await measure(wheel));
  }
  return Object.fromEntries([...found].map(([wheel, rows]) => [wheel, {
    modules: rows[0]?.modules,
    load_pyodide: median(rows.map(({ load }) => load)),
    import: median(rows.map(({ imported }) => imported)),
    import_and_client: median(rows.map(({ client }) => client)),
    import_to_load: median(rows.map(({ load, imported }) => imported / load)),
  }]));
}

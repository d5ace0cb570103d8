/** The time of a load of the model in `globalThis.folder`, in seconds, with and without checks of its files. */

const ROUNDS = 5;

const BRIDGES = { checked: "webllm_bridge.js", unchecked: "unchecked.js" };

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** @param {string} file */
async function measure(file) {
  const { openBridge } = await import(new URL(file, document.baseURI).href);
  const bridge = openBridge(JSON.stringify({ webllmUrl: new URL("webllm.js", document.baseURI).href }));
  const { folder } = /** @type {any} */ (globalThis);
  const model = { model_id: "measured", model: folder, model_lib: `${folder}model.wasm` };
  const start = performance.now();
  const stream = bridge.load(JSON.stringify({ model }));
  while ((await stream.next()) !== undefined);
  const seconds = (performance.now() - start) / 1000;
  await bridge.dispose();
  for (const name of await caches.keys()) await caches.delete(name);
  return seconds;
}

export async function run() {
  /** @type {{ checked: number, unchecked: number }[]} */
  const rounds = [];
  // The first loads of a page also compile WebLLM's own module.
  for (const file of Object.values(BRIDGES)) await measure(file);
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ checked: await measure(BRIDGES.checked), unchecked: await measure(BRIDGES.unchecked) });
  }
  return {
    checked: median(rounds.map(({ checked }) => checked)),
    unchecked: median(rounds.map(({ unchecked }) => unchecked)),
    checked_to_unchecked: median(rounds.map(({ checked, unchecked }) => checked / unchecked)),
    rounds,
  };
}

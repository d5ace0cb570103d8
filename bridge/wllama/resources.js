/** What of this browser limits llama.cpp: memory, threads, and features of WebAssembly. */

/** The largest memory of WebAssembly that wllama 3.13.0 reserves, in bytes; a part is for the state of an answer. */
const MEMORY = 4 * 2 ** 30;
const RESERVED = 512 * 2 ** 20;

const MOST_THREADS = 8;

/** @returns {number} the most bytes that a model's files may have */
export function memoryLimit() {
  // In GiB, rounded, and not in every browser.
  const { deviceMemory } = /** @type {{ deviceMemory?: number }} */ (/** @type {unknown} */ (globalThis.navigator ?? {}));
  const device = deviceMemory === undefined ? Infinity : deviceMemory * 2 ** 30 * 0.75;
  return Math.min(MEMORY - RESERVED, device);
}

/** @param {{ crossOriginIsolated?: boolean, navigator?: { hardwareConcurrency?: number } }} [scope] @returns {number} */
export function threadCount(scope = globalThis) {
  if (!scope.crossOriginIsolated) return 1;
  const cores = scope.navigator?.hardwareConcurrency ?? 1;
  // More than half of the cores are slower: the threads wait for each other, and for the page.
  return Math.min(MOST_THREADS, Math.max(1, Math.floor(cores / 2)));
}

/** @returns {"" | "no-worker" | "no-memory64" | "no-simd"} what prevents llama.cpp here */
export function problemOfWllama() {
  if (!globalThis.Worker) return "no-worker";
  if (!hasMemory64()) return "no-memory64";
  return WebAssembly.validate(SIMD) ? "" : "no-simd";
}

/** An instruction of 128-bit SIMD in a module of one function. */
const SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
);

function hasMemory64() {
  try {
    new WebAssembly.Memory(/** @type {any} */ ({ address: "i64", initial: 1n }));
    return true;
  } catch {
    return false;
  }
}

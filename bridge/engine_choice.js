/** Which engine runs the built-in model: WebLLM on a GPU, or llama.cpp on the processor where there is none worth using. */

import { checkSupport } from "./support.js";
import { problemOfWllama, threadCount } from "./wllama/resources.js";

/** @typedef {{ engine: "webllm" | "wllama", reason?: string }} Choice `reason` is a code, if it is not WebLLM */
/** @typedef {{ problem?: string, threads: number }} WllamaSupport */

/** How often the device of a GPU may be lost before llama.cpp is chosen. */
const LOSSES = 2;

/**
 * @param {string | boolean} wllama whether wllama is there, or a URL that answers if it is
 * @param {typeof fetch} [fetchFile]
 * @returns {Promise<WllamaSupport>}
 */
export async function wllamaSupport(wllama, fetchFile = fetch) {
  const problem = problemOfWllama() || ((await exists(wllama, fetchFile)) ? "" : "not-installed");
  return { threads: threadCount(), ...(problem && { problem }) };
}

/**
 * @param {{ problem?: string, adapter?: { fallback: boolean } }} support of the GPU, see `checkSupport`
 * @param {WllamaSupport} wllama
 * @param {number} losses of the device so far
 * @returns {Choice}
 */
export function chooseEngine(support, wllama, losses) {
  const reason = reasonAgainstGpu(support, losses);
  return reason && !wllama.problem ? { engine: "wllama", reason } : { engine: "webllm" };
}

/**
 * The choice for a load: it neither starts a worker nor asks for wllama unless the answer depends on that.
 * @param {typeof globalThis} scope @param {string | boolean} wllama @param {number} losses
 * @returns {Promise<Choice>}
 */
export async function chooseForLoad(scope, wllama, losses) {
  if (wllama === false || problemOfWllama()) return { engine: "webllm" };
  const support = JSON.parse(await checkSupport(scope));
  if (!reasonAgainstGpu(support, losses)) return { engine: "webllm" };
  return chooseEngine(support, await wllamaSupport(wllama), losses);
}

/** @param {{ problem?: string, adapter?: { fallback: boolean } }} support @param {number} losses */
function reasonAgainstGpu({ problem, adapter }, losses) {
  if (problem) return problem;
  if (adapter?.fallback) return "software-adapter";
  return losses >= LOSSES ? "device-lost" : "";
}

/** @param {string | boolean} wllama @param {typeof fetch} fetchFile */
async function exists(wllama, fetchFile) {
  if (typeof wllama !== "string") return wllama;
  try {
    return (await fetchFile(wllama, { method: "HEAD" })).ok;
  } catch {
    return false;
  }
}

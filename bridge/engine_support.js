/** Checks for a GPU adapter where the engine runs: after crashes of its GPU process a browser may give a page one, and a worker none. */

import { BridgeError } from "./errors.js";
import { TAG, WORKER_NAME } from "./protocol.js";
import { checkSupport } from "./support.js";
import { withTimeout } from "./timeout.js";

/** @import { Environment } from "./environment.js" */

/** @typedef {Parameters<typeof checkSupport>[0]} SupportScope */

/** Seconds, more than a request for an adapter may take. */
const WORKER_TIMEOUT = 40;

/** The problems of {@link checkSupport} that leave an engine without an adapter. */
const WITHOUT_ADAPTER = ["insecure-context", "no-webgpu", "no-adapter"];

/**
 * Report whether a model can run here, and in which thread. Nothing is downloaded but the bridge itself.
 * @param {SupportScope} scope @param {string} workerUrl @param {Environment["createWorker"]} createWorker
 * @returns {Promise<string>} JSON text
 */
export async function checkEngineSupport(scope, workerUrl, createWorker) {
  const support = JSON.parse(await checkSupport(scope));
  if (!createWorker) return JSON.stringify({ ...support, thread: "main" });
  const inWorker = support.problem ? undefined : await supportInWorker(() => createWorker(workerUrl, workerName()));
  const problem = WITHOUT_ADAPTER.includes(inWorker?.problem ?? "") ? "no-worker-adapter" : support.problem;
  return JSON.stringify({ ...support, thread: "worker", ...(problem && { problem }) });
}

/**
 * Check that the engine can get an adapter, which WebLLM 0.2.86 reports by errors without a name.
 * @param {unknown} gpu `navigator.gpu` where the engine runs
 * @returns {Promise<import("./libraries.js").Adapter | undefined>} how {@link checkSupport} describes it
 */
export async function requireAdapter(gpu) {
  const navigator = /** @type {{ gpu?: GPU }} */ ({ gpu });
  const support = JSON.parse(await checkSupport({ isSecureContext: true, navigator }));
  requireNoProblem(support);
  return support.adapter;
}

/** @param {{ problem?: string }} support of the thread that runs the engine */
export function requireNoProblem({ problem = "" }) {
  if (!WITHOUT_ADAPTER.includes(problem)) return;
  throw new BridgeError("WebGPUNotAvailableError", `The browser gives the engine no GPU adapter (${problem}).`);
}

export function workerName() {
  return `${WORKER_NAME}:${Math.random().toString(36).slice(2)}`;
}

/**
 * @param {() => import("./workers.js").EngineWorker} create
 * @returns {Promise<{ problem?: string } | undefined>} undefined if no worker answers: its load reports why
 */
async function supportInWorker(create) {
  /** @type {import("./workers.js").EngineWorker | undefined} */
  let worker;
  try {
    worker = create();
    return await withTimeout(WORKER_TIMEOUT, answerOf(worker));
  } catch {
    return undefined;
  } finally {
    worker?.terminate();
  }
}

/** @param {import("./workers.js").EngineWorker} worker @returns {Promise<{ problem?: string } | undefined>} */
function answerOf(worker) {
  return new Promise((resolve) => {
    worker.addEventListener("message", ({ data }) => data?.[TAG] === "support" && resolve(data.support));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(undefined);
    });
    worker.postMessage({ [TAG]: "support" });
  });
}

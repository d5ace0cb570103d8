/** The engine worker: runs WebLLM's engine, and reports what WebLLM does not. `worker_host.js` is its page's side. */

import { readEarly } from "./early_files.js";
import { browserOf } from "./patches/downloads.js";
import { watchDevices } from "./patches/device_loss.js";
import { patchDispatches } from "./patches/dispatches.js";
import { prepareGpu } from "./patches/early_gpu.js";
import { patchEngine } from "./patches/engine.js";
import { patchGpuWaits } from "./patches/gpu_waits.js";
import { patchWeightUploads } from "./patches/weight_uploads.js";
import { TAG, WORKER_NAME } from "./protocol.js";
import { checkSupport } from "./support.js";
import { WllamaHandler } from "./wllama/handler.js";

/** @import { ModelRecord, WebLLM } from "./types.js" */

/** @typedef {Pick<Worker, "postMessage" | "addEventListener"> & { name: string, navigator: Navigator }} EngineScope */

/** Run an engine if this is a worker that the bridge has started, and do nothing anywhere else. */
export function startInEngineWorker() {
  const WorkerScope = /** @type {any} */ (globalThis).DedicatedWorkerGlobalScope;
  const scope = /** @type {EngineScope} */ (/** @type {unknown} */ (globalThis));
  if (WorkerScope && scope instanceof WorkerScope && scope.name.startsWith(`${WORKER_NAME}:`)) void serveEngine(scope);
}

/** @param {EngineScope} scope */
async function serveEngine(scope) {
  /** @type {import("@mlc-ai/web-llm").WebWorkerMLCEngineHandler | WllamaHandler | undefined} */
  let handler;
  const send = (/** @type {string} */ kind, detail = {}) => scope.postMessage({ [TAG]: kind, ...detail });
  watchDevices(globalThis.GPUAdapter, (device) => {
    patchDispatches(device);
    patchGpuWaits(device);
    patchWeightUploads(device);
    void device.lost.then(({ message }) => send("lost", { message }));
  });
  scope.addEventListener("message", async (event) => {
    const kind = event.data?.[TAG];
    if (kind === "ping") return send("pong");
    if (kind === "support") return send("support", { support: JSON.parse(await checkSupport()) });
    if (kind === "prepare") return prepare(/** @type {any} */ (scope), event.data);
    if (kind !== "start") return handler?.onmessage(event);
    if (event.data.engine === "wllama") {
      handler = new WllamaHandler(browserOf(/** @type {any} */ (scope)), (message) => scope.postMessage(message));
      return send("ready");
    }
    try {
      const webllm = /** @type {WebLLM} */ (await import(event.data.webllmUrl));
      const created = new webllm.WebWorkerMLCEngineHandler();
      patchEngine(created.engine);
      handler = created;
      send("ready");
    } catch (error) {
      send("failed", { error: String(error) });
    }
  });
  send("hello", { locked: await holdLock(scope) });
}

/** Begin what a load will need. @param {any} scope @param {{ record: ModelRecord, gpu: boolean }} message */
function prepare(scope, { record, gpu }) {
  readEarly(browserOf(scope).openCache, record);
  if (gpu) prepareGpu(record);
}

/**
 * Take the lock that has the name of this worker, and never release it: it is released when the worker ends.
 * @param {EngineScope} scope
 * @returns {Promise<boolean>} false where there are no locks, as in a sandboxed frame
 */
export function holdLock({ navigator: { locks }, name }) {
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise(() => {});
    };
    if (locks) locks.request(name, hold).catch(() => resolve(false));
    else resolve(false);
  });
}

/** The worker for downloads and checks: they take processor time, and end with it. `host.js` is its page's side. */

import { defaultEnvironment } from "../environment.js";
import { nameAndMessage } from "../errors.js";
import { TAG } from "../protocol.js";
import { holdLock } from "../worker.js";
import { doFileWork } from "./work.js";

/** @import { EngineScope } from "../worker.js" */
/** @import { Site } from "./model_download.js" */

/** How the name of such a worker begins. */
export const WORKER_NAME = "pywebllm-files";

/** Serve if this is a worker that the bridge has started for this, and do nothing anywhere else. */
export function startInFilesWorker() {
  const WorkerScope = /** @type {any} */ (globalThis).DedicatedWorkerGlobalScope;
  const scope = /** @type {EngineScope} */ (/** @type {unknown} */ (globalThis));
  if (WorkerScope && scope instanceof WorkerScope && scope.name.startsWith(`${WORKER_NAME}:`)) void serveFiles(scope);
}

/** @param {EngineScope} scope */
async function serveFiles(scope) {
  const stop = new AbortController();
  const send = (/** @type {string} */ kind, detail = {}) => scope.postMessage({ [TAG]: kind, ...detail });
  scope.addEventListener("message", async ({ data }) => {
    if (data?.[TAG] === "stop") return stop.abort();
    if (data?.[TAG] !== "work") return;
    try {
      const report = (/** @type {object} */ progress) => send("progress", { progress });
      send("done", { result: await doFileWork(data.work, siteOf(defaultEnvironment()), report, stop.signal) });
    } catch (error) {
      send("failed", { error: nameAndMessage(error) });
    }
  });
  send("hello", { locked: await holdLock(scope) });
}

/** @param {Pick<import("../environment.js").Environment, "fetch" | "openCache" | "locks" | "storage">} environment @returns {Site} */
export function siteOf({ fetch, openCache, locks, storage }) {
  return { fetch, openCache, locks, storage };
}

/** What the bridge takes from the browser. Tests pass their own. */

import { createWorker, sharedWorkers } from "./workers.js";

/** @import { WebLLM } from "./types.js" */
/** @import { EngineWorker, SharedEngineWorker } from "./workers.js" */

/**
 * @typedef {object} Environment
 * @property {(url: string) => Promise<WebLLM>} importWebLLM
 * @property {((url: string, name: string) => EngineWorker) | undefined} createWorker undefined without workers, as in a SharedWorker
 * @property {Pick<LockManager, "request"> | undefined} locks
 * @property {((url: string, name: string) => SharedEngineWorker) | undefined} createSharedWorker undefined if none outlives its pages
 * @property {Pick<Storage, "getItem" | "setItem"> | undefined} localStorage of the origin
 * @property {Pick<EventTarget, "addEventListener" | "removeEventListener"> | undefined} pageEvents undefined in a worker
 * @property {(name: string) => Promise<Cache>} openCache
 * @property {typeof fetch} fetch
 * @property {Partial<StorageManager> | undefined} storage
 * @property {unknown} gpu `navigator.gpu`; undefined without WebGPU
 * @property {{ prototype: Pick<GPUAdapter, "requestDevice"> } | undefined} GPUAdapter
 * @property {number} startTimeout seconds that a worker may take until it runs the bridge
 * @property {number} answerTimeout seconds that an engine may take to answer when it is asked to stop, or idle
 * @property {number} busyTimeout seconds that it may take to answer while it generates, and to stop
 * @property {number} releaseTimeout seconds that a closed engine may take to release its resources
 */

/** @returns {Environment} */
export function defaultEnvironment() {
  const { navigator } = globalThis;
  return {
    importWebLLM: (url) => import(url),
    createWorker: canCreateWorkers() ? createWorker : undefined,
    createSharedWorker: sharedWorkers(globalThis.SharedWorker),
    localStorage: localStorageOf(globalThis),
    pageEvents: globalThis.document && globalThis,
    locks: navigator?.locks,
    // Looked up late, because a sandboxed frame throws when `caches` is only read.
    openCache: async (name) => caches.open(name),
    fetch: (...request) => globalThis.fetch(...request),
    storage: navigator?.storage,
    gpu: navigator?.gpu,
    GPUAdapter: globalThis.GPUAdapter,
    startTimeout: 30,
    answerTimeout: 10,
    busyTimeout: 60,
    releaseTimeout: 10,
  };
}

/**
 * A SharedWorker has no `Worker`. Where the origin is opaque, as in a frame with `sandbox="allow-scripts"`,
 * Chromium 156 runs no module worker from a `blob:` URL, and of another URL the script is of another origin.
 */
function canCreateWorkers() {
  return globalThis.Worker !== undefined && globalThis.origin !== "null";
}

/** A sandboxed frame throws when it is only read. @param {{ localStorage?: Storage }} scope */
function localStorageOf(scope) {
  try {
    return "document" in scope ? scope.localStorage : undefined;
  } catch {
    return undefined;
  }
}

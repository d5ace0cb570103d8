/** The page's side of the worker for downloads and checks. */

import { BridgeError, toBridgeError } from "../errors.js";
import { Lifeline } from "../lifeline.js";
import { TAG } from "../protocol.js";
import { withTimeout } from "../timeout.js";
import { doFileWork } from "./work.js";
import { WORKER_NAME, siteOf } from "./worker.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config } from "../requests.js" */
/** @import { Progress } from "./model_download.js" */
/** @import { FileWork } from "./work.js" */

/** Seconds that a stopped worker may take to store what has arrived. */
const STOP_TIMEOUT = 2;

/**
 * Do work in a worker, or here where there are none.
 * @param {Config} config @param {Environment} environment @param {FileWork} work
 * @param {(progress: Progress) => void} report @param {AbortSignal} signal
 * @returns {Promise<object>}
 */
export async function runFileWork(config, environment, work, report, signal) {
  const { createWorker } = environment;
  if (config.thread === "main" || !createWorker) return doFileWork(work, siteOf(environment), report, signal);
  const name = `${WORKER_NAME}:${Math.random().toString(36).slice(2)}`;
  return new FilesWorker(createWorker(config.workerUrl, name), name, environment).run(work, report, signal);
}

class FilesWorker {
  #worker;
  #name;
  #environment;
  #lifeline = new Lifeline();
  #ended = new AbortController();

  /** @param {import("../workers.js").EngineWorker} worker @param {string} name @param {Environment} environment */
  constructor(worker, name, environment) {
    this.#worker = worker;
    this.#name = name;
    this.#environment = environment;
  }

  /** @param {FileWork} work @param {(progress: Progress) => void} report @param {AbortSignal} signal @returns {Promise<object>} */
  async run(work, report, signal) {
    const result = new Promise((resolve) => this.#listen({ report, resolve }));
    const stop = () => this.#worker.postMessage({ [TAG]: "stop" });
    signal.addEventListener("abort", stop);
    this.#worker.postMessage({ [TAG]: "work", work });
    if (signal.aborted) stop();
    try {
      return await this.#untilStopped(this.#lifeline.guard(result), signal);
    } finally {
      signal.removeEventListener("abort", stop);
      this.#ended.abort();
      this.#worker.terminate();
    }
  }

  /** @param {Promise<any>} result @param {AbortSignal} signal */
  async #untilStopped(result, signal) {
    /** @type {Promise<never>} */
    const stopped = new Promise((_, reject) => {
      signal.addEventListener("abort", async () => {
        await withTimeout(STOP_TIMEOUT, result.catch(() => {}));
        reject(new BridgeError("AbortError", "The work was stopped."));
      });
    });
    return Promise.race([result, stopped]);
  }

  /** @param {{ report: (progress: Progress) => void, resolve: (result: any) => void }} callbacks */
  #listen({ report, resolve }) {
    this.#worker.addEventListener("message", ({ data }) => {
      const kind = data?.[TAG];
      if (kind === "hello" && data.locked) this.#watchLock();
      else if (kind === "progress") report(data.progress);
      else if (kind === "done") resolve(data.result);
      else if (kind === "failed") this.#lifeline.fail(failureOf(data.error));
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(event.message || "it could not run");
    });
  }

  /** The worker holds a lock until it ends, so this request is granted when it has ended. */
  #watchLock() {
    const options = { signal: this.#ended.signal };
    this.#environment.locks?.request(this.#name, options, async () => this.#fail("it has ended")).catch(() => {});
  }

  /** @param {string} reason */
  #fail(reason) {
    this.#lifeline.fail(new BridgeError("WorkerError", `The worker for downloads failed: ${reason}.`));
  }
}

/** @param {{ name: string, message: string }} error as it was in the worker */
function failureOf({ name, message }) {
  return toBridgeError(Object.assign(new Error(message), { name }), "load");
}

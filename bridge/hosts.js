/** Hosts: where an engine runs, and how it is closed. */

import { MainHost } from "./main_host.js";
import { WorkerHost } from "./worker_host.js";

/** @import { Environment } from "./environment.js" */
/** @import { BridgeError } from "./errors.js" */
/** @import { Lifeline } from "./lifeline.js" */
/** @import { Config } from "./requests.js" */
/** @import { Engine, WebLLM } from "./types.js" */

/**
 * Runs one engine with at most one model. `close` may be called at any time and more than once.
 * @typedef {object} Host
 * @property {Lifeline} lifeline
 * @property {(webllm: WebLLM) => Promise<Engine>} open
 * @property {(modelId: string) => Promise<void>} reload
 * @property {(seconds: number) => Promise<boolean>} answers whether the engine answers within this time; true if it is closed
 * @property {(reason: BridgeError) => Promise<void>} close
 */

/** @typedef {Environment & { createWorker: NonNullable<Environment["createWorker"]> }} WorkerEnvironment */

/** @param {Config} config @param {Environment} environment @returns {Host} */
export function createHost(config, environment) {
  const { createWorker } = environment;
  return config.thread === "main" || !createWorker
    ? new MainHost(environment)
    : new WorkerHost(config, { ...environment, createWorker });
}

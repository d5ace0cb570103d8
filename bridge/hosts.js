/** Hosts: where an engine runs, and how it is closed. */

import { BridgeError } from "./errors.js";
import { MainHost } from "./main_host.js";
import { WorkerHost } from "./worker_host.js";

/** @import { Environment } from "./environment.js" */
/** @import { Lifeline } from "./lifeline.js" */
/** @import { Config } from "./requests.js" */
/** @import { Engine, ModelRecord, WebLLM } from "./types.js" */

/**
 * Runs one engine with at most one model. `close` may be called at any time and more than once.
 * @typedef {object} Host
 * @property {Lifeline} lifeline
 * @property {(webllm: WebLLM | undefined, record: ModelRecord) => Promise<Engine>} open for a model; `webllm` is
 *   undefined for one of llama.cpp
 * @property {import("./libraries.js").Adapter | undefined} adapter that of the engine, when it is open
 * @property {(modelId: string) => Promise<void>} reload
 * @property {(seconds: number) => Promise<boolean>} answers whether the engine answers within this time; true if it is closed
 * @property {(reason: BridgeError) => Promise<void>} close
 */

/** @typedef {Environment & { createWorker: NonNullable<Environment["createWorker"]> }} WorkerEnvironment */

/** @param {Config} config @param {Environment} environment @param {boolean} isWllama whether llama.cpp runs the model @returns {Host} */
export function createHost(config, environment, isWllama) {
  const { createWorker } = environment;
  // llama.cpp starts a worker itself, wherever it runs.
  if (isWllama && createWorker) return new WorkerHost(config, { ...environment, createWorker });
  if (isWllama) throw new BridgeError("WorkerError", "The engine wllama needs workers, which this context cannot create.");
  return config.thread === "main" || !createWorker
    ? new MainHost(environment)
    : new WorkerHost(config, { ...environment, createWorker });
}

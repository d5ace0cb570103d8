/** Runs an engine in a module worker, which can be terminated in any state. */

import { requireNoProblem, workerName } from "./engine_support.js";
import { BridgeError, deviceLostError, nameAndMessage, toBridgeError } from "./errors.js";
import { isEmulated, libraryFor } from "./libraries.js";
import { Lifeline } from "./lifeline.js";
import { TAG } from "./protocol.js";
import { withAwakeTimeout } from "./timeout.js";
import { WllamaProxy } from "./wllama/proxy.js";

/** @import { WorkerEnvironment } from "./hosts.js" */
/** @import { Config } from "./requests.js" */
/** @import { Engine, ModelRecord, WebLLM } from "./types.js" */
/** @import { EngineWorker } from "./workers.js" */

/** The page's side of an engine worker; `worker.js` is the other. */
export class WorkerHost {
  lifeline = new Lifeline();
  /** @type {import("./libraries.js").Adapter | undefined} */
  adapter;
  #config;
  #environment;
  #closed = new AbortController();
  /** @type {EngineWorker | undefined} */
  #worker;
  /** @type {Engine | undefined} */
  #engine;
  /** Stands for the worker in WebLLM: the real one also carries messages of the bridge. */
  #port = {
    /** @type {((event: MessageEvent) => void) | undefined} */
    onmessage: undefined,
    postMessage: (/** @type {unknown} */ message) => this.#worker?.postMessage(message),
  };
  /** Who waits for a message of the worker, by its kind. @type {Map<string, (message: any) => void>} */
  #waiters = new Map();
  /** Who waits for any sign of life of the worker. @type {Set<() => void>} */
  #pinging = new Set();

  /** @param {Config} config @param {WorkerEnvironment} environment */
  constructor(config, environment) {
    this.#config = config;
    this.#environment = environment;
  }

  /** @param {WebLLM | undefined} webllm undefined for a model of llama.cpp @param {ModelRecord} record of the model that will be loaded */
  async open(webllm, record) {
    this.lifeline.throwIfFailed();
    const name = workerName();
    this.#worker = this.#start(name);
    const { locked } = await this.#hello();
    if (locked) this.#watchLock(name);
    this.#engine = await (webllm ? this.#startWebLLM(webllm, record) : this.#startWllama());
    return this.#engine;
  }

  /** @param {WebLLM} webllm @param {ModelRecord} record @returns {Promise<Engine>} */
  async #startWebLLM(webllm, record) {
    // The worker imports WebLLM while it waits for an adapter.
    const ready = this.#ask({ [TAG]: "start", webllmUrl: this.#config.webllmUrl }, "ready");
    ready.catch(() => {}); // without an adapter, nobody waits for it
    const { support } = await this.#ask({ [TAG]: "support" }, "support");
    requireNoProblem(support);
    this.adapter = support.adapter;
    this.#prepare(record);
    await ready;
    return new webllm.WebWorkerMLCEngine(this.#port);
  }

  /** The worker begins the load while it imports WebLLM. @param {ModelRecord} record */
  #prepare(record) {
    // Where a CPU emulates the GPU, the shaders would be compiled at the cost of the import.
    const gpu = !isEmulated(this.adapter);
    this.#worker?.postMessage({ [TAG]: "prepare", record: libraryFor(record, this.adapter), gpu });
  }

  /** @returns {Promise<Engine>} */
  async #startWllama() {
    await this.#ask({ [TAG]: "start", engine: "wllama" }, "ready");
    return /** @type {any} */ (new WllamaProxy(this.#port));
  }

  /** @param {string} modelId */
  async reload(modelId) {
    await this.lifeline.guard(this.#engine?.reload(modelId));
  }

  /** @param {number} seconds */
  async answers(seconds) {
    const pong = new Promise((resolve) => this.#pinging.add(() => resolve(undefined)));
    this.#worker?.postMessage({ [TAG]: "ping" });
    const answered = this.lifeline.guard(pong).then(() => true, () => true);
    return (await withAwakeTimeout(seconds, answered)) ?? false;
  }

  /** Terminate the worker, which frees the GPU and stops downloads in any state. @param {BridgeError} reason */
  async close(reason) {
    this.lifeline.fail(reason);
    this.#closed.abort();
    this.#worker?.terminate();
  }

  /** @param {string} name */
  #start(name) {
    const worker = this.#create(name);
    worker.addEventListener("message", (event) => this.#receive(event));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(`The engine worker failed: ${event.message || `could not run ${this.#config.workerUrl}`}`);
    });
    worker.addEventListener("messageerror", () => this.#fail("A message from the engine worker could not be read."));
    return worker;
  }

  /** @param {string} name */
  #create(name) {
    try {
      return this.#environment.createWorker(this.#config.workerUrl, name);
    } catch (error) {
      throw new BridgeError("WorkerError", `The engine worker could not be created: ${nameAndMessage(error).message}`);
    }
  }

  async #hello() {
    const { startTimeout } = this.#environment;
    const expire = () => this.#fail(`The engine worker did not start within ${startTimeout} s.`);
    const timer = setTimeout(expire, startTimeout * 1000);
    try {
      return await this.lifeline.guard(this.#message("hello"));
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {object} message @param {string} kind of the answer */
  async #ask(message, kind) {
    const answer = this.#message(kind);
    this.#worker?.postMessage(message);
    return this.lifeline.guard(answer);
  }

  /** The worker holds a lock until it ends, so this request is granted when it has ended. @param {string} name */
  #watchLock(name) {
    const granted = async () => this.#fail("The engine worker has ended.");
    const { locks } = this.#environment;
    locks?.request(name, { signal: this.#closed.signal }, granted).catch(() => {});
  }

  /** @param {string} message */
  #fail(message) {
    this.lifeline.fail(new BridgeError("WorkerError", message));
  }

  #pong() {
    for (const answered of this.#pinging) answered();
    this.#pinging.clear();
  }

  /** @param {string} kind @returns {Promise<any>} the next message of this kind */
  #message(kind) {
    return new Promise((resolve) => this.#waiters.set(kind, resolve));
  }

  /** @param {MessageEvent} event */
  #receive(event) {
    if (this.#closed.signal.aborted) return;
    const kind = event.data?.[TAG];
    if (kind === "pong") this.#pong();
    else if (kind === undefined) this.#port.onmessage?.(event);
    else if (kind === "lost") this.lifeline.fail(deviceLostError(event.data.message));
    else if (kind === "failed") this.lifeline.fail(toBridgeError(event.data.error, "load"));
    else this.#waiters.get(kind)?.(event.data);
  }
}

/** Runs an engine in the page's own thread, for pages that cannot have workers. It blocks the page while it works. */

import { requireAdapter } from "./engine_support.js";
import { BridgeError, deviceLostError } from "./errors.js";
import { Lifeline } from "./lifeline.js";
import { watchDevices } from "./patches/device_loss.js";
import { patchDispatches } from "./patches/dispatches.js";
import { patchEngine } from "./patches/engine.js";
import { patchGpuWaits } from "./patches/gpu_waits.js";
import { patchWeightUploads } from "./patches/weight_uploads.js";
import { withTimeout } from "./timeout.js";

/** @import { Environment } from "./environment.js" */
/** @import { WebLLM } from "./types.js" */

export class MainHost {
  lifeline = new Lifeline();
  /** @type {import("./libraries.js").Adapter | undefined} */
  adapter;
  #adapters;
  #gpu;
  #releaseTimeout;
  /** @type {Promise<void> | undefined} */
  #closing;
  /** @type {import("@mlc-ai/web-llm").MLCEngine | undefined} */
  #engine;
  /** @type {Set<GPUDevice>} */
  #devices = new Set();

  /** The last reload of all hosts. While one runs, each new GPU device is taken for its own: two must not overlap. */
  static #lastReload = Promise.resolve();

  /** The number of reloads that were abandoned after the timeout and may still request a device. */
  static #abandoned = 0;

  /** @param {Environment} environment */
  constructor({ GPUAdapter, gpu, releaseTimeout }) {
    this.#adapters = GPUAdapter;
    this.#gpu = gpu;
    this.#releaseTimeout = releaseTimeout;
  }

  /** @param {WebLLM | undefined} webllm */
  async open(webllm) {
    this.lifeline.throwIfFailed();
    if (!webllm) throw new BridgeError("WorkerError", "The engine wllama runs in a worker.");
    this.adapter = await this.lifeline.guard(requireAdapter(this.#gpu));
    this.#engine = new webllm.MLCEngine();
    patchEngine(this.#engine);
    return this.#engine;
  }

  /** @param {string} modelId */
  async reload(modelId) {
    const reload = MainHost.#lastReload.then(() => this.#reloadAlone(modelId));
    MainHost.#lastReload = reload.catch(() => {});
    await this.lifeline.guard(reload);
  }

  /** An engine that is stuck blocks this code too. */
  async answers() {
    return true;
  }

  /** @param {BridgeError} reason */
  close(reason) {
    this.lifeline.fail(reason);
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    // Aborts a reload that is running; the error with which that one ends does not matter.
    await withTimeout(this.#releaseTimeout, this.#unload());
    for (const device of this.#devices) device.destroy();
  }

  async #unload() {
    await this.#engine?.unload().catch(() => {});
  }

  /**
   * Reload while no other host does. Settles with the reload; if the host is closed, after the
   * timeout at the latest, and then the reload is abandoned.
   * @param {string} modelId
   */
  async #reloadAlone(modelId) {
    this.lifeline.throwIfFailed();
    const unwatch = watchDevices(this.#adapters, (device) => this.#own(device));
    const reload = this.#reload(modelId);
    const settled = reload.then(() => true, () => true);
    try {
      await this.lifeline.guard(reload);
    } finally {
      if (!(await withTimeout(this.#releaseTimeout, settled))) {
        MainHost.#abandoned += 1;
        void settled.then(() => (MainHost.#abandoned -= 1));
      }
      unwatch();
    }
  }

  /** @param {string} modelId */
  async #reload(modelId) {
    try {
      await this.#engine?.reload(modelId);
    } finally {
      // A reload of WebLLM 0.2.86 that fetches nothing when it is aborted loads the model all the same.
      if (this.#closing) await this.#unload();
    }
  }

  /** @param {GPUDevice} device */
  #own(device) {
    if (this.#closing) return device.destroy();
    patchDispatches(device);
    patchGpuWaits(device);
    patchWeightUploads(device);
    this.#devices.add(device);
    // The device may be that of an abandoned reload, which destroys it when it ends.
    const isUncertain = MainHost.#abandoned > 0;
    void device.lost.then(({ message, reason }) => {
      if (!isUncertain || reason !== "destroyed") this.lifeline.fail(deviceLostError(message));
    });
  }
}

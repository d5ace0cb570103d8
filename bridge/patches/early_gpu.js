/**
 * WebLLM 0.2.86 requests its GPU device in the middle of a load, and compiles the shaders at its end.
 * This patch does both as the last load did, with `early_device.js` and `early_shaders.js`: as soon as a
 * load begins, or, in a worker, before it has imported WebLLM.
 *
 * Guarded by tests/bridge/patches/early_gpu.test.mjs.
 */

import { watchDevices } from "./device_loss.js";
import { browserOf } from "./downloads.js";
import { EarlyDevice } from "./early_device.js";
import { EarlyShaders } from "./early_shaders.js";
import { wrapReload } from "./wrap.js";

/** @import { ModelRecord } from "../types.js" */

class EarlyGpu {
  #record;
  #shaders;
  #device;
  #restore;
  #unwatch;

  /** @param {ModelRecord} record */
  constructor(record) {
    const scope = /** @type {any} */ (globalThis);
    const { openCache } = browserOf(scope);
    this.#record = record;
    this.#shaders = new EarlyShaders(openCache, record);
    // They watch the device that is requested early.
    this.#unwatch = watchDevices(scope.GPUAdapter, (device) => this.#shaders.watch(device));
    this.#device = new EarlyDevice(openCache, scope);
    this.#restore = this.#device.start();
  }

  /** @param {ModelRecord} record */
  isFor({ model_id, model_lib }) {
    return this.#record.model_id === model_id && this.#record.model_lib === model_lib;
  }

  stop() {
    this.#restore();
    this.#unwatch();
  }

  /** Store what the next load begins with. */
  async store() {
    await Promise.all([this.#device.store(), this.#shaders.store()]);
  }
}

/** What was begun for the next load. @type {EarlyGpu | undefined} */
let prepared;

/** Begin what the load of a model will need. @param {ModelRecord} record */
export function prepareGpu(record) {
  prepared?.stop();
  prepared = new EarlyGpu(record);
}

/** @param {ModelRecord} record */
function takeEarlyGpu(record) {
  if (!prepared?.isFor(record)) prepareGpu(record);
  const taken = /** @type {EarlyGpu} */ (prepared);
  prepared = undefined;
  return taken;
}

/** @param {any} engine */
export function patchEarlyGpu(engine) {
  wrapReload(engine, async (reload, record) => {
    const early = takeEarlyGpu(record);
    try {
      return await reload();
    } finally {
      early.stop();
      await early.store();
    }
  });
}

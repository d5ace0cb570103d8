/**
 * WebLLM 0.2.86 requests its GPU device when it has read and compiled the library of a model, although
 * the browser's GPU process could prepare a device meanwhile, which takes as long as that. This patch
 * stores how WebLLM has asked for a device, and asks for one like it as soon as a load begins. WebLLM
 * gets it only if it asks for the same, of the same adapter.
 *
 * Guarded by tests/bridge/patches/early_device.test.mjs.
 */

import { SHADERS_CACHE } from "../downloads/catalog.js";
import { VIRTUAL_BASE } from "../files.js";

/** @import { OpenCache } from "../downloads/catalog.js" */

/** @typedef {{ navigator?: { gpu?: GPU }, GPUAdapter?: { prototype: Pick<GPUAdapter, "requestDevice"> } }} Scope */
/** @typedef {{ text: string, adapter: GPUAdapter, device: GPUDevice, isLost: boolean }} Early */

/** All models are computed on devices of one kind. */
const KEY = `${VIRTUAL_BASE}device`;

/** @type {(keyof GPUAdapterInfo)[]} */
const INFO = ["vendor", "architecture", "device", "description"];

export class EarlyDevice {
  #openCache;
  #scope;
  /** @type {Promise<string | undefined>} */
  #stored = Promise.resolve(undefined);
  /** The device that was not asked for yet. @type {Promise<Early | undefined> | undefined} */
  #early;
  /** How this load has asked for a device. @type {string | undefined} */
  #asked;

  /** @param {OpenCache} openCache @param {Scope} scope */
  constructor(openCache, scope) {
    this.#openCache = openCache;
    this.#scope = scope;
  }

  /** Ask for a device as the last load did. @returns {() => void} ends it */
  start() {
    const prototype = this.#scope.GPUAdapter?.prototype;
    const gpu = this.#scope.navigator?.gpu;
    if (!prototype || !gpu) return () => {};
    // Whoever watches devices sees this one now, and not again when WebLLM gets it.
    const { requestDevice } = prototype;
    this.#stored = this.#read();
    this.#early = this.#request(gpu, requestDevice);
    const take = (/** @type {GPUAdapter} */ adapter, /** @type {GPUDeviceDescriptor} */ descriptor) => this.#take(adapter, descriptor);
    /** @this {GPUAdapter} @param {GPUDeviceDescriptor} [descriptor] */
    const requested = async function (descriptor = {}) {
      return (await take(this, descriptor)) ?? requestDevice.call(this, descriptor);
    };
    prototype.requestDevice = requested;
    return () => {
      // Otherwise another watcher has replaced it since, and calls this one.
      if (prototype.requestDevice === requested) prototype.requestDevice = requestDevice;
      this.#early = undefined;
    };
  }

  /** Store how WebLLM has asked, unless it is stored. Where nothing can be stored, this does nothing. */
  async store() {
    try {
      if (this.#asked === undefined || this.#asked === (await this.#stored)) return;
      await (await this.#openCache(SHADERS_CACHE)).put(KEY, new Response(this.#asked));
    } catch {
      // The next load gets its device when it asks for it.
    }
  }

  async #read() {
    try {
      return await (await (await this.#openCache(SHADERS_CACHE)).match(KEY))?.text();
    } catch {
      return undefined;
    }
  }

  /** @param {GPU} gpu @param {GPUAdapter["requestDevice"]} requestDevice @returns {Promise<Early | undefined>} */
  async #request(gpu, requestDevice) {
    try {
      const text = await this.#stored;
      if (text === undefined) return undefined;
      const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
      if (!adapter) return undefined;
      const device = await requestDevice.call(adapter, JSON.parse(text));
      const early = { text, adapter, device, isLost: false };
      void device.lost.then(() => (early.isLost = true));
      return early;
    } catch {
      return undefined; // WebLLM asks itself, and reports the error
    }
  }

  /**
   * A device that nobody gets is left to the garbage collector: whoever watches devices would take it for a lost one
   * if it were destroyed.
   * @param {GPUAdapter} adapter @param {GPUDeviceDescriptor} descriptor
   */
  async #take(adapter, descriptor) {
    const pending = this.#early;
    this.#early = undefined;
    this.#asked = JSON.stringify(descriptor);
    const early = await pending;
    const fits = early && !early.isLost && early.text === this.#asked && isSameAdapter(early.adapter, adapter);
    return fits ? early.device : undefined;
  }
}

/** @param {GPUAdapter} left @param {GPUAdapter} right */
function isSameAdapter({ info: left }, { info: right }) {
  return INFO.every((name) => left[name] === right[name]);
}

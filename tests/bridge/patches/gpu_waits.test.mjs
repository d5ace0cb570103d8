import assert from "node:assert/strict";
import { patchGpuWaits } from "../../../bridge/patches/gpu_waits.js";
import { test } from "../fakes.mjs";
import { Device, contextOn } from "../webgpu_context.mjs";

const CHROMIUM = { navigator: { userAgentData: {} } };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A GPU in a browser that notices that it is done only when it gets the third question. */
class LateDevice extends Device {
  questions = 0;
  isLost = false;
  /** @type {(() => void)[]} */
  #waits = [];

  constructor(isFallbackAdapter = false) {
    super();
    this.adapterInfo = { isFallbackAdapter };
    this.queue.onSubmittedWorkDone = () => this.#done();
  }

  createBuffer(/** @type {any} */ descriptor) {
    const read = { mapAsync: () => this.#done(), getMappedRange: () => new ArrayBuffer(16), unmap() {} };
    return Object.assign(super.createBuffer(descriptor), read);
  }

  pushErrorScope(/** @type {string} */ _) {
    this.questions += 1;
  }

  async popErrorScope() {
    await turn();
    if (this.isLost) throw new Error("lost");
    if (this.questions % 3 === 0) for (const end of this.#waits.splice(0)) end();
    return null;
  }

  #done() {
    return /** @type {Promise<undefined>} */ (new Promise((resolve) => this.#waits.push(() => resolve(undefined))));
  }
}

/** @param {LateDevice} device @param {object} [scope] */
function contextWith(device, scope) {
  if (scope) patchGpuWaits(/** @type {any} */ (device), scope);
  const { context, a, ...rest } = contextOn(device);
  context.memory = { storeRawBytes() {} };
  return { context, read: () => context.deviceCopyFromGPU(a, 0, 0, 16), a, ...rest };
}

/** Whether a promise settles within some turns. @param {Promise<unknown>} promise */
async function ends(promise) {
  let isEnded = false;
  void promise.then(() => (isEnded = true));
  for (let count = 0; count < 20; count += 1) await turn();
  return isEnded;
}

test("WebLLM's own class still waits without a question", async () => {
  const device = new LateDevice();
  const { context, read } = contextWith(device);
  read();
  assert.equal(await ends(context.sync()), false);
  assert.equal(device.questions, 0);
});

test("with the patch, the browser is asked while something is read, and not after it", async () => {
  const device = new LateDevice();
  const { context, read } = contextWith(device, CHROMIUM);
  for (let count = 1; count <= 2; count += 1) {
    read();
    assert.equal(await ends(context.sync()), true);
    assert.equal(device.questions, 3 * count);
  }
});

test("with the patch, the browser is asked while all work is waited for", async () => {
  const device = new LateDevice();
  const { context, run, a, b } = contextWith(device, CHROMIUM);
  run(a, b, 1);
  assert.equal(await ends(context.sync()), true);
  assert.equal(device.questions, 3);
});

test("an emulated GPU and other browsers are left alone", async () => {
  for (const [device, scope] of /** @type {const} */ ([[new LateDevice(true), CHROMIUM], [new LateDevice(), { navigator: {} }]])) {
    const { context, read } = contextWith(device, scope);
    read();
    assert.equal(await ends(context.sync()), false);
    assert.equal(device.questions, 0);
  }
});

test("a lost device is not asked any more", async () => {
  const device = new LateDevice();
  const { read } = contextWith(device, CHROMIUM);
  device.isLost = true;
  read();
  for (let count = 0; count < 20; count += 1) await turn();
  assert.equal(device.questions, 1);
});

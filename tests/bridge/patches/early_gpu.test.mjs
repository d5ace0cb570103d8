import assert from "node:assert/strict";
import { patchEarlyGpu, prepareGpu } from "../../../bridge/patches/early_gpu.js";
import { FakeCaches, RECORD, settle, test } from "../fakes.mjs";

const WISH = { requiredFeatures: ["shader-f16"] };

/** The globals of a worker with a GPU, and an engine whose load requests a device. */
class Site {
  caches = new FakeCaches();
  requests = 0;
  GPUAdapter;
  /** What happens after the device was requested. @type {() => Promise<void>} */
  rest = async () => {};

  constructor() {
    const site = this;
    this.GPUAdapter = class {
      info = {};
      async requestDevice() {
        site.requests += 1;
        return { lost: new Promise(() => {}) };
      }
    };
  }

  /** @param {() => Promise<void>} work with the globals */
  async with(work) {
    const values = { GPUAdapter: this.GPUAdapter, caches: this.caches, navigator: { gpu: { requestAdapter: async () => new this.GPUAdapter() } } };
    const before = Object.keys(values).map((name) => /** @type {const} */ ([name, Object.getOwnPropertyDescriptor(globalThis, name)]));
    for (const [name, value] of Object.entries(values)) Object.defineProperty(globalThis, name, { value, configurable: true });
    try {
      await work();
    } finally {
      for (const [name, own] of before) {
        if (own) Object.defineProperty(globalThis, name, own);
        else delete (/** @type {any} */ (globalThis)[name]);
      }
    }
  }

  /** Load a model as a new engine does. */
  async load() {
    const engine = {
      appConfig: { model_list: [RECORD] },
      reloadInternal: async (/** @type {string} */ _id) => {
        await new this.GPUAdapter().requestDevice(.../** @type {[]} */ (/** @type {unknown} */ ([WISH])));
        await this.rest();
      },
    };
    patchEarlyGpu(engine);
    await engine.reloadInternal(RECORD.model_id);
  }
}

test("a load that was prepared gets the device that was requested before it began", async () => {
  const site = new Site();
  await site.with(async () => {
    await site.load();
    assert.equal(site.requests, 1);
    prepareGpu(RECORD);
    await settle();
    assert.equal(site.requests, 2);
    await site.load();
    assert.equal(site.requests, 2);
    await site.load();
    assert.equal(site.requests, 3, "the next one begins on its own");
  });
});

test("a load of another library begins on its own", async () => {
  const site = new Site();
  await site.with(async () => {
    await site.load();
    prepareGpu({ ...RECORD, model_lib: `${RECORD.model}model-gpu.wasm` });
    await settle();
    await site.load();
    assert.equal(site.requests, 3);
  });
});

test("a load that fails ends as before, and adapters request devices themselves again", async () => {
  const site = new Site();
  const { requestDevice } = site.GPUAdapter.prototype;
  site.rest = () => Promise.reject(new Error("no weights"));
  await site.with(() => assert.rejects(site.load(), { message: "no weights" }));
  assert.equal(site.GPUAdapter.prototype.requestDevice, requestDevice);
});

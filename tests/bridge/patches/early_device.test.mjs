import assert from "node:assert/strict";
import { watchDevices } from "../../../bridge/patches/device_loss.js";
import { EarlyDevice } from "../../../bridge/patches/early_device.js";
import { FakeCaches, test } from "../fakes.mjs";

const WISH = { requiredLimits: { maxBufferSize: 2 ** 30 }, requiredFeatures: ["shader-f16"] };

/** A browser with GPUs, whose devices are numbered in the order in which they are requested. */
class World {
  caches = new FakeCaches();
  /** How each device was requested. @type {any[]} */
  requests = [];
  /** Each loses a device. @type {(() => void)[]} */
  lose = [];
  card = "big";
  fails = false;
  GPUAdapter;
  navigator;

  constructor() {
    const world = this;
    this.GPUAdapter = class {
      info = { vendor: "v", architecture: "a", device: "d", description: world.card };
      /** @param {any} [wish] @returns {Promise<any>} */
      async requestDevice(wish) {
        if (world.fails) throw new Error("no device");
        world.requests.push(wish);
        const number = world.requests.length;
        return { number, lost: new Promise((resolve) => world.lose.push(() => resolve(undefined))) };
      }
    };
    this.navigator = { gpu: { requestAdapter: async () => new world.GPUAdapter() } };
  }

  openCache = async (/** @type {string} */ name) => /** @type {any} */ (this.caches.open(name));

  /**
   * What a load does; `meanwhile` is called before WebLLM asks for its device.
   * @param {{ wish?: any, meanwhile?: () => void, card?: string }} [more]
   * @returns {Promise<number>} the number of the device that WebLLM gets
   */
  async load({ wish = WISH, meanwhile = () => {}, card = this.card } = {}) {
    const early = new EarlyDevice(this.openCache, /** @type {any} */ (this));
    const restore = early.start();
    await turn();
    meanwhile();
    await turn();
    this.card = card;
    const adapter = await this.navigator.gpu.requestAdapter();
    try {
      return (await adapter.requestDevice(wish)).number;
    } finally {
      restore();
      await early.store();
    }
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

test("the second load requests its device at once, and WebLLM gets it when it asks for the same", async () => {
  const world = new World();
  assert.equal(await world.load(), 1);
  const meanwhile = () => assert.deepEqual(world.requests, [WISH, WISH]);
  assert.equal(await world.load({ meanwhile }), 2);
  assert.equal(world.requests.length, 2);
});

test("watchers see the device once, when it is there", async () => {
  const world = new World();
  await world.load();
  /** @type {number[]} */
  const seen = [];
  const unwatch = watchDevices(/** @type {any} */ (world.GPUAdapter), (device) => seen.push(/** @type {any} */ (device).number));
  assert.equal(await world.load({ meanwhile: () => assert.deepEqual(seen, [2]) }), 2);
  assert.deepEqual(seen, [2]);
  unwatch();
});

test("WebLLM gets a device of its own if it asks for another, or of another adapter, or the early one is lost", async () => {
  const world = new World();
  await world.load();
  const other = { ...WISH, requiredFeatures: [] };
  assert.equal(await world.load({ wish: other }), 3);
  assert.deepEqual(world.requests.at(-1), other);
  assert.equal(await world.load({ wish: other }), 4, "the next load asks like the last one");
  assert.equal(await world.load({ wish: other, card: "small" }), 6);
  assert.equal(await world.load({ wish: other, meanwhile: () => world.lose.at(-1)?.() }), 8);
});

test("a second device of one load is another one", async () => {
  const world = new World();
  await world.load();
  const early = new EarlyDevice(world.openCache, /** @type {any} */ (world));
  const restore = early.start();
  const adapter = await world.navigator.gpu.requestAdapter();
  const numbers = [(await adapter.requestDevice(WISH)).number, (await adapter.requestDevice(WISH)).number];
  assert.deepEqual(numbers, [2, 3]);
  restore();
});

test("without a GPU, a device or a cache, loads are as before", async () => {
  const world = new World();
  await world.load();
  world.fails = true;
  await assert.rejects(world.load(), { message: "no device" });
  world.fails = false;
  world.openCache = () => Promise.reject(new Error("no cache"));
  assert.equal(await world.load(), 2);
  const early = new EarlyDevice(world.openCache, {});
  early.start()();
  await early.store();
});

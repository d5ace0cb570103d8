import assert from "node:assert/strict";
import { openBridge } from "#bridge";
import { sharedWorkers } from "../../bridge/workers.js";
import { FakeWorker, OTHER, RECORD, World, drain, load, test } from "./fakes.mjs";

test("a worker file of another origin is started through one blob that imports it", async () => {
  const started = await startedWorkers({ location: { origin: "https://page.example" } });
  assert.equal(started.length, 2);
  assert.match(started[0] ?? "", /^blob:/);
  assert.equal(started[1], started[0]);
  assert.equal(await (await fetch(started[0] ?? "")).text(), 'import "https://site.example/webllm_bridge.js";');
});

test("where the origin is opaque the engine runs without a worker", async () => {
  // `location` has the origin of the address all the same.
  assert.deepEqual(await startedWorkers({ origin: "null", location: { origin: "https://page.example" } }), []);
});

/**
 * Load two models one after the other, with workers that the bridge creates by itself.
 * @param {Record<string, unknown>} globals of the page
 * @returns {Promise<string[]>} the URLs of the workers
 */
async function startedWorkers(globals) {
  const world = new World();
  /** @type {string[]} */
  const started = [];
  const Worker = class extends FakeWorker {
    /** @param {string} url @param {{ name: string }} options */
    constructor(url, { name }) {
      super(world, url, name);
      started.push(url);
    }
  };
  const cleanUp = setGlobals({ ...globals, Worker });
  try {
    const { importWebLLM, locks, GPUAdapter, gpu } = world;
    const config = JSON.stringify({
      webllmUrl: "https://site.example/webllm.js",
      workerUrl: "https://site.example/webllm_bridge.js",
    });
    const bridge = openBridge(config, /** @type {any} */ ({ importWebLLM, locks, GPUAdapter, gpu }));
    for (const model of [RECORD, OTHER]) assert.equal((await drain(load(bridge, model))).error, undefined);
  } finally {
    cleanUp();
  }
  return started;
}

/** A browser's `SharedWorker`, which reads the options that it knows. @param {string[]} known */
function sharedWorkerOf(known) {
  return class {
    /** @type {any[]} */
    static started = [];

    /** @param {string} url @param {any} options */
    constructor(url, options) {
      const read = Object.fromEntries(known.map((name) => [name, options[name]]));
      if (!url.startsWith("https:")) throw new SyntaxError("not a URL");
      /** @type {any} */ (this.constructor).started.push({ url, ...read });
    }
  };
}

test("a SharedWorker is used only if it outlives its pages, and none is started to find out", () => {
  const [plain, lasting] = [["name", "type"], ["extendedLifetime", "name", "type"]].map(sharedWorkerOf);
  assert.equal(sharedWorkers(/** @type {any} */ (plain)), undefined);
  assert.equal(sharedWorkers(undefined), undefined);
  const create = sharedWorkers(/** @type {any} */ (lasting));
  assert.deepEqual(lasting?.started, []);
  create?.("https://site.example/bridge.js", "shared");
  const expected = { url: "https://site.example/bridge.js", extendedLifetime: true, name: "shared", type: "module" };
  assert.deepEqual(lasting?.started, [expected]);
});

/** Put globals in place. @param {Record<string, unknown>} globals @returns {() => void} takes them away */
function setGlobals(globals) {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name);
  };
}

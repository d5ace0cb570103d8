import assert from "node:assert/strict";
import { openBridge } from "#bridge";
import { FakeWorker, OTHER, RECORD, World, drain, load, test } from "./fakes.mjs";

test("a worker file of another origin is started through one blob that imports it", async () => {
  const world = new World();
  /** @type {string[]} */
  const started = [];
  const browser = {
    location: { origin: "https://page.example" },
    Worker: class extends FakeWorker {
      /** @param {string} url @param {{ name: string }} options */
      constructor(url, { name }) {
        super(world, url, name);
        started.push(url);
      }
    },
  };
  const cleanUp = setGlobals(browser);
  try {
    const { importWebLLM, locks, GPUAdapter } = world;
    const config = JSON.stringify({
      webllmUrl: "https://site.example/webllm.js",
      workerUrl: "https://site.example/webllm_bridge.js",
    });
    const environment = /** @type {any} */ ({ importWebLLM, locks, GPUAdapter, gpu: {} });
    const bridge = openBridge(config, environment);
    for (const model of [RECORD, OTHER]) assert.equal((await drain(load(bridge, model))).error, undefined);
  } finally {
    cleanUp();
  }
  assert.equal(started.length, 2);
  assert.match(started[0] ?? "", /^blob:/);
  assert.equal(started[1], started[0]);
  assert.equal(await (await fetch(started[0] ?? "")).text(), 'import "https://site.example/webllm_bridge.js";');
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

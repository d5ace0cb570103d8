/** Where the engine runs, and whether it has a GPU adapter there. */

import assert from "node:assert/strict";
import { checkSupport } from "#bridge";
import { FakeWorker, World, chat, drain, load, test, textOf } from "./fakes.mjs";

/** @param {World} world @param {object} [environment] */
async function check(world, environment = {}) {
  const scope = /** @type {any} */ ({ isSecureContext: true, navigator: { gpu: world.gpu } });
  const createWorker = (/** @type {string} */ url, /** @type {string} */ name) => new FakeWorker(world, url, name);
  return JSON.parse(await checkSupport(scope, /** @type {any} */ ({ createWorker, ...environment })));
}

/** A page whose adapter has all that is needed. */
function capable() {
  const world = new World();
  world.gpu.requestAdapter = async () => ({ features: [], limits: new Proxy({}, { get: () => 2 ** 40 }) });
  return world;
}

test("the support check asks a worker, and ends it", async () => {
  const world = capable();
  const support = await check(world);
  assert.deepEqual([support.problem, support.thread], [undefined, "worker"]);
  assert.deepEqual(world.workers.map(({ terminated }) => terminated), [true]);
});

for (const problem of ["no-adapter", "no-webgpu"]) {
  test(`a worker that reports ${problem} is the problem, though the page has an adapter`, async () => {
    const world = capable();
    world.workerSupport = { problem };
    assert.equal((await check(world)).problem, "no-worker-adapter");
    const { error } = await drain(load(world.open()));
    assert.equal(error.name, "WebGPUNotAvailableError");
    assert.match(error.message, new RegExp(problem));
    assert.ok(world.workers.every(({ terminated }) => terminated));
  });
}

test("no worker is started for a page that has a problem itself", async () => {
  const world = new World();
  world.gpu.requestAdapter = async () => null;
  const support = await check(world);
  assert.deepEqual([support.problem, support.thread, world.workers.length], ["no-adapter", "worker", 0]);
});

test("a worker that cannot be started is not a problem of the GPU: its load reports it", async () => {
  const world = capable();
  world.startWorker = (worker) => worker.dispatchEvent(new Event("error", { cancelable: true }));
  assert.equal((await check(world)).problem, undefined);
  const createWorker = () => {
    throw new DOMException("no", "SecurityError");
  };
  assert.equal((await check(capable(), { createWorker })).problem, undefined);
});

for (const [how, requestAdapter] of /** @type {[string, () => Promise<null>][]} */ ([
  ["rejects", async () => Promise.reject(new DOMException("lost", "OperationError"))],
  ["finds none", async () => null],
])) {
  test(`a request for an adapter that ${how} fails a load in the page with the name of missing WebGPU`, async () => {
    const world = new World();
    world.gpu.requestAdapter = requestAdapter;
    const { error } = await drain(load(world.open({ thread: "main" })));
    assert.equal(error.name, "WebGPUNotAvailableError");
  });
}

test("without workers, as in a SharedWorker, the engine runs where the bridge is", async () => {
  const world = new World();
  const bridge = world.open({ thread: "worker" }, { createWorker: undefined });
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.equal(world.workers.length, 0);
  assert.equal((await check(capable(), { createWorker: undefined })).thread, "main");
});

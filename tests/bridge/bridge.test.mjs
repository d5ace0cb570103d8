import assert from "node:assert/strict";
import { FakeWorker, Gate, OTHER, RECORD, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

/** @param {World} world @returns {FakeWorker} */
function newestWorker(world) {
  const worker = world.workers.at(-1);
  assert.ok(worker);
  return worker;
}

test("a generation queued after a load survives the loss of the earlier model", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const usual = world.generate;
  world.generate = () => (world.generate = usual, neverYields());
  const lost = drain(chat(bridge));
  const loading = drain(load(bridge, OTHER));
  const saved = drain(chat(bridge));
  await settle();
  newestWorker(world).die();
  assert.equal((await lost).error.name, "WorkerError");
  assert.equal((await loading).error, undefined);
  assert.equal(textOf(await saved), "Hello");
});

async function* neverYields() {
  await new Promise(() => {});
}

test("dispose ends every stream, terminates the worker and may be called again", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.generate = neverYields;
  const watched = drain(bridge.watch());
  const streams = [chat(bridge), chat(bridge), load(bridge, OTHER)].map(drain);
  await settle();
  assert.equal(bridge.dispose(), bridge.dispose());
  await bridge.dispose();
  for (const { error } of await Promise.all(streams)) assert.equal(error.name, "DisposedError");
  assert.deepEqual((await watched).items, [[{ type: "disposed" }]]);
  assert.equal(world.count("terminate"), 1);
  assert.equal(world.workers.length, 1);
});

test("every call after dispose is a DisposedError and starts nothing", async () => {
  const world = new World();
  const bridge = world.open();
  await bridge.dispose();
  assert.equal((await drain(load(bridge))).error.name, "DisposedError");
  assert.equal((await drain(chat(bridge))).error.name, "DisposedError");
  await assert.rejects(bridge.publish("x", new Uint8Array(1)), { name: "DisposedError" });
  assert.deepEqual((await drain(bridge.watch())).items, [[{ type: "disposed" }]]);
  assert.equal(world.imports.length, 0);
});

for (const [moment, hold] of /** @type {[string, (world: World) => void][]} */ ([
  ["the import of WebLLM", (world) => (world.importWebLLM = () => new Promise(() => {}))],
  ["the start of the worker", (world) => (world.startWorker = () => {})],
  ["the reload", (world) => (world.reload = () => new Promise(() => {}))],
  ["the probe", (world) => (world.answer = () => new Promise(() => {}))],
])) {
  test(`dispose during ${moment} ends the load and the worker`, async () => {
    const world = new World();
    hold(world);
    const bridge = world.open();
    const loading = drain(load(bridge));
    await settle();
    await bridge.dispose();
    assert.equal((await loading).error.name, "DisposedError");
    assert.ok(world.workers.every(({ terminated }) => terminated));
  });
}

test("a stopped watch receives no more events, and dispose reports no loss", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const [stopped, watched] = [bridge.watch(), bridge.watch()];
  stopped.stop();
  await bridge.dispose();
  assert.equal(await stopped.next(), undefined);
  assert.deepEqual((await drain(watched)).items, [[{ type: "disposed" }]]);
});

test("stopping a watch does not disturb a generation", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.accept = () => gate.passed;
  const generation = drain(chat(bridge));
  bridge.watch().stop();
  gate.open();
  assert.equal(textOf(await generation), "Hello");
});

test("a bridge holds the loaded model, or the one requested last", async () => {
  const world = new World();
  const bridge = world.open();
  const holds = (/** @type {unknown} */ model) => bridge.holds(JSON.stringify({ model }));
  assert.equal(holds(RECORD), false);
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.deepEqual([holds(RECORD), holds(OTHER), holds(RECORD.model_id)], [true, false, false]);
  const gate = new Gate();
  world.reload = () => gate.passed;
  const loading = drain(load(bridge, OTHER));
  await settle();
  assert.deepEqual([holds(RECORD), holds(OTHER)], [false, true]);
  gate.fail("Error: no");
  await loading;
  assert.deepEqual([holds(RECORD), holds(OTHER)], [false, false]);
});

test("a bridge that lost its model holds none", async () => {
  const world = new World();
  const bridge = await world.loaded();
  world.workers[0]?.die();
  await settle();
  assert.equal(bridge.holds(JSON.stringify({ model: RECORD })), false);
});

test("the bridge exports what Python calls and nothing else", async () => {
  const bridge = await import("#bridge");
  assert.deepEqual(Object.keys(bridge).sort(), ["checkBrowserModel", "checkSupport", "openBridge", "openBrowserModel", "openSharedBridge"]);
});

test("a bridge starts nothing before the first load", async () => {
  const world = new World();
  world.open();
  await settle();
  assert.deepEqual([world.workers.length, world.imports.length], [0, 0]);
  await drain(load(world.open()));
  assert.deepEqual([world.workers.length, world.imports.length], [1, 1]);
});

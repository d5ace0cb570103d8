import assert from "node:assert/strict";
import { Gate, OTHER, RECORD, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

for (const [moment, hold] of /** @type {[string, (world: World) => void][]} */ ([
  ["the import of WebLLM", (world) => (world.importWebLLM = () => new Promise(() => {}))],
  ["the start of the worker", (world) => (world.startWorker = () => {})],
  ["the reload", (world) => (world.reload = () => new Promise(() => {}))],
  ["the probe", (world) => (world.answer = () => new Promise(() => {}))],
])) {
  test(`a load can be stopped during ${moment}, and the next load works`, async () => {
    const world = new World();
    const bridge = world.open();
    const usual = { ...world };
    hold(world);
    const stream = load(bridge);
    await settle();
    stream.stop();
    assert.equal(await stream.next(), undefined);
    Object.assign(world, { ...usual, workers: world.workers });
    assert.equal((await drain(load(bridge))).error, undefined);
    assert.ok(world.workers.slice(0, -1).every(({ terminated }) => terminated));
    assert.equal(textOf(await drain(chat(bridge))), "Hello");
  });
}

test("a queued load that is stopped never starts", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = () => gate.passed;
  const bridge = world.open();
  const first = drain(load(bridge));
  const waiting = load(bridge, OTHER);
  await settle();
  waiting.stop();
  gate.open();
  await first;
  await settle();
  assert.equal(world.count("reload other-q4f32_1"), 0);
  assert.equal(world.imports.length, 1);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

for (const ticks of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`a load stopped ${ticks} ticks before its end is either loaded or stopped`, async () => {
    const world = new World();
    const bridge = world.open();
    const watch = bridge.watch();
    const stream = load(bridge);
    world.resetChat = async () => {
      void stopAfter(ticks, stream);
    };
    await drain(stream);
    await settle();
    const { error } = await drain(chat(bridge));
    assert.equal(error?.name, world.workers[0]?.terminated ? "ModelNotLoadedError" : undefined);
    await bridge.dispose();
    assert.deepEqual((await drain(watch)).items, [[{ type: "disposed" }]]);
  });
}

/** @param {number} ticks @param {{ stop(): void }} stream */
async function stopAfter(ticks, stream) {
  for (let tick = 0; tick < ticks; tick += 1) await undefined;
  stream.stop();
}

for (const ticks of Array(8).keys()) {
  test(`a load stopped ${ticks} ticks after the import of WebLLM keeps the current model unless it was unloaded`, async () => {
    const world = new World();
    const bridge = await world.loaded();
    const gate = new Gate();
    const { importWebLLM } = world;
    world.importWebLLM = async (url) => {
      await gate.passed;
      return importWebLLM(url);
    };
    const stream = load(bridge, OTHER);
    await settle();
    gate.open();
    for (let tick = 0; tick < ticks; tick += 1) await null;
    const before = world.count("terminate");
    stream.stop();
    await settle();
    assert.equal(world.count("terminate"), before === 0 ? 0 : world.workers.length);
  });
}

test("a queued load whose model was loaded meanwhile is done", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = () => gate.passed;
  const bridge = world.open();
  const first = drain(load(bridge));
  load(bridge, OTHER).stop();
  const second = drain(load(bridge));
  gate.open();
  for (const { error } of await Promise.all([first, second])) assert.equal(error, undefined);
  assert.equal(world.count("reload tiny-q4f32_1"), 1);
});

test("loading the model that is loaded ends immediately", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const { items } = await drain(load(bridge));
  assert.deepEqual(items.map(({ phase, ratio }) => [phase, ratio]), [["ready", 1]]);
  assert.deepEqual(world.log, []);
});

test("another model replaces the first one in a new worker", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const watch = bridge.watch();
  await drain(load(bridge, OTHER));
  assert.deepEqual(world.log.filter((entry) => !entry.startsWith("start")), [
    "terminate",
    "reload other-q4f32_1",
    "resetChat",
  ]);
  assert.equal((await drain(chat(bridge, { model: RECORD.model_id }))).error.name, "ModelNotLoadedError");
  assert.equal(textOf(await drain(chat(bridge, { model: OTHER.model_id }))), "Hello");
  await bridge.dispose();
  assert.deepEqual((await drain(watch)).items, [[{ type: "disposed" }]], "nothing was lost");
});

test("a load of another model waits until the running generation has ended", async () => {
  const world = new World();
  const bridge = await world.loaded();
  const gate = new Gate();
  world.generate = async function* () {
    await gate.passed;
    yield { choices: [] };
  };
  const generation = drain(chat(bridge));
  const loading = drain(load(bridge, OTHER));
  await settle();
  assert.equal(world.count("terminate"), 0);
  gate.open();
  assert.equal((await generation).error, undefined);
  assert.equal((await loading).error, undefined);
});

test("the model that was requested last stays loaded", async () => {
  const world = new World();
  const bridge = world.open();
  await Promise.all([load(bridge), load(bridge, OTHER), load(bridge)].map(drain));
  assert.deepEqual(world.log.filter((entry) => entry.startsWith("reload")), [
    "reload tiny-q4f32_1",
    "reload other-q4f32_1",
    "reload tiny-q4f32_1",
  ]);
  assert.equal((await drain(chat(bridge, { model: RECORD.model_id }))).error, undefined);
  await Promise.all([load(bridge, OTHER), load(bridge)].map(drain));
  assert.equal((await drain(chat(bridge, { model: RECORD.model_id }))).error, undefined);
});

test("a failed load ends its worker and can be tried again", async () => {
  const world = new World();
  world.reload = async () => {
    throw "TypeError: Failed to fetch";
  };
  const bridge = world.open();
  const failures = await Promise.all([load(bridge), load(bridge)].map(drain));
  for (const { error } of failures) assert.equal(error.name, "DownloadError");
  assert.equal(world.workers[0]?.terminated, true);
  world.reload = async () => {};
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a load without WebGPU fails before anything is downloaded", async () => {
  const world = new World();
  const { error } = await drain(load(world.open({}, { gpu: undefined })));
  assert.equal(error.name, "WebGPUNotAvailableError");
  assert.equal(world.imports.length, 0);
});

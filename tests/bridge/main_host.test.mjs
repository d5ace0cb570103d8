import assert from "node:assert/strict";
import { FakeDevice, Gate, OTHER, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

const MAIN = { thread: "main" };

/** A world whose reload asks for a GPU device, as WebLLM's does. */
function worldWithDevices() {
  const world = new World();
  /** @type {FakeDevice[]} */
  const devices = [];
  world.reload = async () => {
    devices.push(await new world.GPUAdapter().requestDevice());
  };
  return { world, devices };
}

test("an engine in the main thread runs without a worker", async () => {
  const { world } = worldWithDevices();
  const bridge = await world.loaded(MAIN);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.equal(world.workers.length, 0);
});

test("a lost device is reported, and the next load works", async () => {
  const { world, devices } = worldWithDevices();
  const bridge = await world.loaded(MAIN);
  const next = bridge.watch().next();
  devices[0]?.lose({ message: "gone" });
  assert.equal(JSON.parse((await next) ?? "")[0].name, "DeviceLostError");
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a stopped load is aborted and its device destroyed, even one that is created later", async () => {
  const { world, devices } = worldWithDevices();
  const [before, after] = [new Gate(), new Gate()];
  const usual = world.reload;
  world.reload = async (engine, id) => {
    await before.passed;
    await usual(engine, id);
    await after.passed;
  };
  const bridge = world.open(MAIN);
  const stream = load(bridge);
  await settle();
  stream.stop();
  assert.equal(await stream.next(), undefined);
  await settle();
  assert.equal(world.count("unload"), 1);
  before.open();
  await settle();
  assert.equal(devices[0]?.destroyed, true);
  const again = drain(load(bridge));
  await settle();
  assert.equal(world.count("reload tiny-q4f32_1"), 1, "two reloads must not overlap");
  after.open();
  assert.equal((await again).error, undefined);
  assert.equal(devices[1]?.destroyed, false);
});

test("dispose unloads the model, destroys the device and reports no loss", async () => {
  const { world, devices } = worldWithDevices();
  const bridge = await world.loaded(MAIN);
  const watched = drain(bridge.watch());
  await bridge.dispose();
  assert.equal(world.count("unload"), 1);
  assert.equal(devices[0]?.destroyed, true);
  assert.deepEqual((await watched).items, [[{ type: "disposed" }]]);
});

test("a failed load destroys its device and can be tried again", async () => {
  const { world, devices } = worldWithDevices();
  const usual = world.reload;
  world.reload = async (engine, id) => {
    await usual(engine, id);
    throw new TypeError("Failed to fetch");
  };
  const bridge = world.open(MAIN);
  assert.equal((await drain(load(bridge))).error.name, "DownloadError");
  assert.equal(devices[0]?.destroyed, true);
  world.reload = usual;
  assert.equal((await drain(load(bridge))).error, undefined);
});

test("the page's own WebGPU devices are not watched after a load", async () => {
  const { world } = worldWithDevices();
  const { requestDevice } = world.GPUAdapter.prototype;
  const bridge = await world.loaded(MAIN);
  assert.equal(world.GPUAdapter.prototype.requestDevice, requestDevice);
  const own = await new world.GPUAdapter().requestDevice();
  own.destroy();
  await settle();
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

/** A load that was stopped while its reload hung, and a next one. @param {World} world @param {() => Promise<void>} hang */
async function stopAndLoadAgain(world, hang) {
  const usual = world.reload;
  world.reload = async (engine, id) => {
    await hang();
    await usual(engine, id);
  };
  const bridge = world.open(MAIN);
  const stream = load(bridge);
  await settle();
  stream.stop();
  world.reload = usual;
  return { bridge, again: drain(load(bridge)) };
}

test("a stopped load that never ends delays the next load until the timeout only", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { world, devices } = worldWithDevices();
  const hung = new Gate();
  const { bridge, again } = await stopAndLoadAgain(world, () => hung.passed);
  await settle();
  mock.timers.tick(9_999);
  await settle();
  assert.equal(world.count("reload tiny-q4f32_1"), 1);
  mock.timers.tick(1);
  assert.equal((await again).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.equal(devices[0]?.destroyed, false);
  const watch = bridge.watch();
  devices[0]?.lose({ message: "gone", reason: "unknown" });
  assert.equal(JSON.parse((await watch.next()) ?? "")[0].name, "DeviceLostError");
  hung.open();
  await settle();
  assert.equal((await drain(load(bridge, OTHER))).error, undefined);
  devices.at(-1)?.destroy();
  assert.equal(JSON.parse((await watch.next()) ?? "")[0].name, "DeviceLostError");
});

test("a model that an abandoned load still loads is unloaded and does not affect the next model", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { world, devices } = worldWithDevices();
  const { requestDevice } = world.GPUAdapter.prototype;
  const [hung, finish] = [new Gate(), new Gate()];
  const { bridge, again } = await stopAndLoadAgain(world, () => hung.passed);
  const usual = world.reload;
  world.reload = async (engine, id) => {
    await finish.passed;
    await usual(engine, id);
  };
  await settle();
  mock.timers.tick(10_000);
  await settle();
  // Now the old reload asks for its device, while the new one runs.
  hung.open();
  await settle();
  assert.equal(world.count("unload"), 2, "once to abort, once when it has ended");
  devices[0]?.destroy();
  finish.open();
  assert.equal((await again).error, undefined);
  await settle();
  assert.equal(world.GPUAdapter.prototype.requestDevice, requestDevice);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  devices[1]?.lose({ message: "gone", reason: "unknown" });
  await settle();
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
});

test("an engine that never unloads delays the next load and dispose until the timeout only", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { world, devices } = worldWithDevices();
  const bridge = await world.loaded(MAIN);
  world.unload = () => new Promise(() => {});
  const next = drain(load(bridge, OTHER));
  await settle();
  mock.timers.tick(10_000);
  assert.equal((await next).error, undefined);
  assert.equal(devices[0]?.destroyed, true);
  const disposal = bridge.dispose();
  await settle();
  mock.timers.tick(10_000);
  await disposal;
  assert.equal(devices[1]?.destroyed, true);
});

import assert from "node:assert/strict";
import { FakeDevice, Gate, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

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

test("the engine runs without a worker where the page wants that", async () => {
  const { world } = worldWithDevices();
  const bridge = await world.loaded(MAIN);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.equal(world.workers.length, 0);
});

test("a lost device is noticed, and the next load works", async () => {
  const { world, devices } = worldWithDevices();
  const bridge = await world.loaded(MAIN);
  const next = bridge.watch().next();
  devices[0]?.lose({ message: "gone" });
  assert.equal(JSON.parse((await next) ?? "")[0].name, "DeviceLostError");
  assert.equal((await drain(chat(bridge))).error.name, "ModelNotLoadedError");
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("a stopped load is aborted and its device destroyed, even one that comes late", async () => {
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

test("dispose unloads, frees the device, and reports no loss", async () => {
  const { world, devices } = worldWithDevices();
  const bridge = await world.loaded(MAIN);
  const watched = drain(bridge.watch());
  await bridge.dispose();
  assert.equal(world.count("unload"), 1);
  assert.equal(devices[0]?.destroyed, true);
  assert.deepEqual((await watched).items, [[{ type: "disposed" }]]);
});

test("a failed load frees its device and can be tried again", async () => {
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

test("the page's own use of WebGPU is left alone after a load", async () => {
  const { world } = worldWithDevices();
  const { requestDevice } = world.GPUAdapter.prototype;
  const bridge = await world.loaded(MAIN);
  assert.equal(world.GPUAdapter.prototype.requestDevice, requestDevice);
  const own = await new world.GPUAdapter().requestDevice();
  own.destroy();
  await settle();
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

import assert from "node:assert/strict";
import { RECORD, World, drain, load, settle, test } from "./fakes.mjs";

const REQUEST = JSON.stringify({ model: RECORD, stall_timeout: 0.05 });

test("a load without any progress fails, and the next load works", async () => {
  const world = new World();
  world.reload = () => new Promise(() => {});
  const bridge = world.open();
  const { error } = await drain(bridge.load(REQUEST));
  assert.equal(error.name, "LoadTimeoutError");
  assert.match(error.message, /no progress for 0\.05 s: the engine did not respond/);
  assert.equal(world.workers[0]?.terminated, true);
  world.reload = async () => {};
  assert.equal((await drain(load(bridge))).error, undefined);
});

test("a load that stops while a file is fetched names the file", async () => {
  const world = new World();
  world.reload = async (engine) => {
    engine.report({ progress: 0.1, timeElapsed: 0, text: "Fetching x", url: "https://models.example/x" });
    await new Promise(() => {});
  };
  const { error } = await drain(world.open().load(REQUEST));
  assert.match(error.message, /nothing arrived from https:\/\/models\.example\/x\.$/);
});

test("a load that makes progress may take any time, and so may its first token", async ({ mock }) => {
  mock.timers.enable({ apis: ["setInterval"] });
  const world = new World();
  const wait = async () => {
    for (let second = 0; second < 50; second += 1) mock.timers.tick(1000);
  };
  world.reload = async (engine) => {
    for (let step = 0; step < 6; step += 1) {
      await wait();
      engine.report({ progress: step / 6, timeElapsed: 0, text: "Fetching x" });
    }
  };
  world.answer = async () => {
    for (let step = 0; step < 6; step += 1) await wait();
    return { choices: [{}] };
  };
  assert.equal((await drain(load(world.open()))).error, undefined);
});

test("the limit is 60 seconds unless the request has another one", async ({ mock }) => {
  mock.timers.enable({ apis: ["setInterval"] });
  const world = new World();
  world.reload = () => new Promise(() => {});
  const loading = drain(load(world.open()));
  await settle();
  mock.timers.tick(59_000);
  await settle();
  assert.equal(world.workers[0]?.terminated, false);
  mock.timers.tick(1000);
  assert.equal((await loading).error.name, "LoadTimeoutError");
});

test("an import of WebLLM that never ends fails after ten times the limit", async () => {
  const world = new World();
  world.importWebLLM = () => new Promise(() => {});
  const { error } = await drain(world.open().load(REQUEST));
  assert.equal(error.message, "The load made no progress for 0.5 s: nothing arrived from https://site.example/webllm.js.");
});

test("a limit of 0 is none, and other values that are not seconds are refused", async () => {
  const world = new World();
  world.reload = () => new Promise(() => {});
  const bridge = world.open();
  const stream = bridge.load(JSON.stringify({ model: RECORD, stall_timeout: 0 }));
  await settle();
  stream.stop();
  for (const stall_timeout of [-1, "60", null]) {
    const { error } = await drain(bridge.load(JSON.stringify({ model: RECORD, stall_timeout })));
    assert.equal(error.name, "InvalidRequestError");
  }
});

test("loads of one model with different limits share one load", async () => {
  const world = new World();
  const bridge = world.open();
  await Promise.all([drain(load(bridge)), drain(bridge.load(JSON.stringify({ model: RECORD, stall_timeout: 9 })))]);
  assert.equal(world.count("reload tiny-q4f32_1"), 1);
  assert.equal(bridge.holds(JSON.stringify({ model: RECORD, stall_timeout: 1 })), true);
});

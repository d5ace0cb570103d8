import assert from "node:assert/strict";
import { Gate, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

test("callers that load the same model share one load", async () => {
  const world = new World();
  const bridge = world.open();
  const first = drain(load(bridge));
  await settle();
  const second = drain(load(bridge));
  for (const { items, error } of await Promise.all([first, second])) {
    assert.equal(error, undefined);
    assert.equal(items.at(-1).phase, "ready");
  }
  assert.equal(world.count("reload tiny-q4f32_1"), 1);
});

test("a caller that joins a load receives the current progress immediately", async () => {
  const world = new World();
  world.reload = async (engine) => {
    engine.report({ progress: 0.5, timeElapsed: 0, text: "Fetching param cache[1/2]: 1MB fetched." });
    await new Promise(() => {});
  };
  const bridge = world.open();
  load(bridge);
  await settle();
  assert.equal(JSON.parse((await load(bridge).next()) ?? "").phase, "fetch");
  // A load that is watched for stalls would keep the process alive for a minute.
  await bridge.dispose();
});

test("a load continues for the other caller when one stops", async () => {
  const world = new World();
  const gate = new Gate();
  world.reload = () => gate.passed;
  const bridge = world.open();
  const first = load(bridge);
  const second = drain(load(bridge));
  await settle();
  first.stop();
  gate.open();
  assert.equal((await second).items.at(-1).phase, "ready");
  assert.equal(world.count("terminate"), 0);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
});

test("the last caller to stop ends the worker, and the next load starts another", async () => {
  const world = new World();
  world.reload = () => new Promise(() => {});
  const bridge = world.open();
  const streams = [load(bridge), load(bridge)];
  await settle();
  const pending = streams.map((stream) => drain(stream));
  for (const stream of streams) stream.stop();
  assert.equal(world.workers[0]?.terminated, true);
  for (const { error } of await Promise.all(pending)) assert.equal(error, undefined);
  world.reload = async () => {};
  assert.equal((await drain(load(bridge))).items.at(-1).phase, "ready");
  assert.equal(world.workers.length, 2);
});

test("a stopped load is not joined", async () => {
  const world = new World();
  world.reload = () => new Promise(() => {});
  const bridge = world.open();
  const first = load(bridge);
  await settle();
  world.reload = async () => {};
  first.stop();
  assert.equal((await drain(load(bridge))).items.at(-1).phase, "ready");
});

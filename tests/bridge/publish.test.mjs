import assert from "node:assert/strict";
import { Gate, OTHER, RECORD, World, drain, load, settle, test } from "./fakes.mjs";

test("published files land where WebLLM looks for them, and only when they differ", async () => {
  const world = new World();
  const { caches } = world;
  const bridge = world.open();
  const bytes = Uint8Array.of(1, 2, 3);
  const names = ["m/mlc-chat-config.json", "m/model.wasm", "m/params_shard_0.bin", "m/tensor-cache.json"];
  const urls = [];
  for (const name of names) urls.push(await bridge.publish(name, bytes));
  assert.deepEqual(urls, names.map((name) => `https://pywebllm.invalid/${name}`));
  const scopes = [...caches.scopes].map(([scope, entries]) => [scope, entries.size]);
  assert.deepEqual(scopes, [["webllm/config", 1], ["webllm/wasm", 1], ["webllm/model", 2]]);
  await bridge.publish("m/model.wasm", Uint8Array.of(1, 2, 3));
  assert.equal(caches.puts, 4);
  await bridge.publish("m/model.wasm", Uint8Array.of(1, 2, 4));
  assert.equal(caches.puts, 5);
  const stored = await (await caches.open("webllm/wasm")).match("https://pywebllm.invalid/m/model.wasm");
  assert.deepEqual(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer(0)), Uint8Array.of(1, 2, 4));
});

test("publish refuses other places, other things, and a browser without a cache", async () => {
  const bridge = new World().open();
  await assert.rejects(bridge.publish("https://elsewhere.example/x", new Uint8Array(1)), { name: "InvalidRequestError" });
  await assert.rejects(bridge.publish("https://", new Uint8Array(1)), { name: "InvalidRequestError" });
  const text = /** @type {any} */ ("text");
  await assert.rejects(bridge.publish("x", text), { name: "InvalidRequestError" });
  const openCache = async () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  const bare = new World().open({}, { openCache });
  await assert.rejects(bare.publish("x", new Uint8Array(1)), { name: "EngineError" });
});

test("published files that the browser has forgotten or that differ are there again when they are published again", async () => {
  const world = new World();
  const bridge = world.open();
  const names = ["m/mlc-chat-config.json", "m/params_shard_0.bin"];
  const publishAll = async () => {
    for (const name of names) await bridge.publish(name, Uint8Array.of(1, 2, 3));
  };
  await publishAll();
  world.caches.scopes.clear();
  await publishAll();
  assert.deepEqual([...world.caches.scopes].map(([, entries]) => entries.size), [1, 1]);
  await publishAll();
  assert.equal(world.caches.puts, 4);
});

test("a bridge holds the model that is loaded, or that its last load is of", async () => {
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

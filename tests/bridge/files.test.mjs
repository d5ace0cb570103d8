import assert from "node:assert/strict";
import { World, drain, load, test } from "./fakes.mjs";

test("published files are put into the caches that WebLLM reads, and only if they differ", async () => {
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

test("publish refuses absolute URLs and strings", async () => {
  const bridge = new World().open();
  await assert.rejects(bridge.publish("https://elsewhere.example/x", new Uint8Array(1)), { name: "InvalidRequestError" });
  await assert.rejects(bridge.publish("https://", new Uint8Array(1)), { name: "InvalidRequestError" });
  const text = /** @type {any} */ ("text");
  await assert.rejects(bridge.publish("x", text), { name: "InvalidRequestError" });
});

for (const [what, openCache] of /** @type {[string, () => Promise<any>][]} */ ([
  ["without a cache", async () => { throw new DOMException("The operation is insecure.", "SecurityError"); }],
  ["with a full disk", async () => ({
    match: async () => undefined,
    put: async () => { throw new DOMException("Quota exceeded.", "QuotaExceededError"); },
  })],
])) {
  test(`published files are given to the engine in memory in a browser ${what}`, async () => {
    const world = new World();
    const bridge = world.open({}, { openCache });
    const url = await bridge.publish("m/params_shard_0.bin", Uint8Array.of(1, 2, 3));
    assert.equal((await drain(load(bridge))).error, undefined);
    const { publishedFiles } = world.engines[0]?.appConfig ?? {};
    assert.deepEqual([...publishedFiles.keys()], [url]);
    assert.deepEqual(new Uint8Array(await publishedFiles.get(url).arrayBuffer()), Uint8Array.of(1, 2, 3));
  });
}

test("published files that were evicted are restored when they are published again", async () => {
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

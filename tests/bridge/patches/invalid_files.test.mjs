import assert from "node:assert/strict";
import { RECORD, World, drain, load, settle, test } from "../fakes.mjs";

/** The stable names of errors that are not an `IntegrityError`. @type {Record<string, string>} */
const NAMES = {
  RuntimeError: "EngineError",
  TypeError: "EngineError",
  UnsupportedTokenizerFilesError: "InvalidRequestError",
};

test("the files of a model are deleted when one of them is invalid", async () => {
  const world = new World();
  const bridge = world.open();
  const cache = await world.caches.open("webllm/config");
  const elsewhere = await world.caches.open("webllm/wasm");
  await cache.put(`${RECORD.model}mlc-chat-config.json`, new Response("<html>"));
  await cache.put("https://models.example/another/", new Response(""));
  await elsewhere.put(RECORD.model_lib, new Response(""));
  world.reload = async () => {
    throw "SyntaxError: Unexpected token '<'";
  };
  assert.equal((await drain(load(bridge))).error.name, "IntegrityError");
  assert.deepEqual(await cache.keys(), [{ url: "https://models.example/another/" }]);
  assert.deepEqual(await elsewhere.keys(), []);
});

for (const [error, kept] of /** @type {[string, string[]][]} */ ([
  ["IntegrityError: Integrity check failed for x", []],
  ["LinkError: WebAssembly.instantiate(): Import #3", ["params_shard_0.bin"]],
  ["RuntimeError: Aborted(). Build with -sASSERTIONS for more info.", ["params_shard_0.bin"]],
  ["TypeError: Cannot read properties of undefined (reading 'buffer')", ["params_shard_0.bin"]],
  ["UnsupportedTokenizerFilesError: Cannot handle tokenizer files ", ["params_shard_0.bin"]],
])) {
  test(`a load that fails with ${error} keeps ${kept.length} files of its model and those of other models`, async () => {
    const world = new World();
    const cache = await world.caches.open("webllm/model");
    const base = "https://models.example/tiny";
    const other = `${base}-large/params_shard_0.bin`;
    for (const name of ["params_shard_0.bin", "tokenizer.json"]) await cache.put(`${base}/${name}`, new Response("x"));
    await cache.put(other, new Response("x"));
    world.reload = async () => {
      throw error;
    };
    const record = { ...RECORD, model: base };
    const { name } = (await drain(load(world.open(), record))).error;
    assert.equal(name, NAMES[error.replace(/:.*/, "")] ?? "IntegrityError");
    const urls = (await cache.keys()).map(({ url }) => url);
    assert.deepEqual(urls, [...kept.map((name) => `${base}/${name}`), other]);
  });
}

test("a cache that never answers does not delay an IntegrityError beyond the timeout", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const world = new World();
  world.reload = async () => {
    throw "SyntaxError: Unexpected token '<'";
  };
  const loading = drain(load(world.open({}, { openCache: () => new Promise(() => {}) })));
  await settle();
  mock.timers.tick(10_000);
  assert.equal((await loading).error.name, "IntegrityError");
});

test("a load that fails for another reason keeps the files of its model", async () => {
  const world = new World();
  const cache = await world.caches.open("webllm/config");
  await cache.put(`${RECORD.model}mlc-chat-config.json`, new Response("{}"));
  world.reload = async () => {
    throw "TypeError: Failed to fetch";
  };
  assert.equal((await drain(load(world.open()))).error.name, "DownloadError");
  assert.equal((await cache.keys()).length, 1);
});

test("published files are not deleted when one of them is invalid", async () => {
  const world = new World();
  const bridge = world.open();
  const model = (await bridge.publish("tiny/mlc-chat-config.json", new Uint8Array(1))).replace(/[^/]*$/, "");
  world.reload = async () => {
    throw "SyntaxError: Unexpected token '<'";
  };
  await drain(load(bridge, { ...RECORD, model }));
  assert.equal((await (await world.caches.open("webllm/config")).keys()).length, 1);
});

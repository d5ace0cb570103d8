import assert from "node:assert/strict";
import { RECORD, World, chat, drain, load, settle, test, textOf } from "./fakes.mjs";

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

for (const [thrown, name] of [
  ["TypeError: Failed to fetch", "DownloadError"],
  [new TypeError("Failed to execute 'add' on 'Cache': Request failed"), "DownloadError"],
  ["NetworkError: A network error occurred.", "DownloadError"],
  ["QuotaExceededError: Quota exceeded.", "DownloadError"],
  ["IntegrityError: Integrity check failed for x", "IntegrityError"],
  ["CompileError: WebAssembly.instantiate(): expected magic word", "IntegrityError"],
  ["SyntaxError: Unexpected token '<'", "IntegrityError"],
  ["ShaderF16SupportError: This model requires shader-f16", "ShaderF16SupportError"],
  ["FeatureSupportError: This model requires feature x", "FeatureSupportError"],
  ["Error: Cannot initialize runtime because of requested maxBufferSize exceeds limit.", "FeatureSupportError"],
  ["Error: Unable to find a compatible GPU.", "WebGPUNotAvailableError"],
  ["WebGPUNotAvailableError: WebGPU is not supported", "WebGPUNotAvailableError"],
  ["RangeError: Array buffer allocation failed", "OutOfMemoryError"],
  ["DeviceLostError: The WebGPU device was lost while loading the model, out of memory", "DeviceLostError"],
  ["MissingModelError: Missing `model_lib` for the model", "InvalidRequestError"],
  ["AbortError: signal is aborted without reason", "AbortError"],
  ["Error: something new", "EngineError"],
  ["nothing like an error", "EngineError"],
  [undefined, "EngineError"],
]) {
  test(`a load that fails with ${thrown} is a ${name}`, async () => {
    const world = new World();
    world.reload = async () => {
      throw thrown;
    };
    const { error } = await drain(load(world.open()));
    assert.ok(error instanceof Error);
    assert.equal(error.name, name);
  });
}

test("files that turned out to be spoiled are fetched again by the next load", async () => {
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

for (const [error, left] of /** @type {[string, string[]][]} */ ([
  ["IntegrityError: Integrity check failed for x", []],
  ["LinkError: WebAssembly.instantiate(): Import #3", ["params_shard_0.bin"]],
])) {
  test(`of the files of a model, and of no other, ${left.length} stays after: ${error}`, async () => {
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
    assert.equal((await drain(load(world.open(), record))).error.name, "IntegrityError");
    const urls = (await cache.keys()).map(({ url }) => url);
    assert.deepEqual(urls, [...left.map((name) => `${base}/${name}`), other]);
  });
}

test("a cache that never answers does not hold up the news that files are spoiled", async ({ mock }) => {
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

test("files that are good stay when a load fails for another reason", async () => {
  const world = new World();
  const cache = await world.caches.open("webllm/config");
  await cache.put(`${RECORD.model}mlc-chat-config.json`, new Response("{}"));
  world.reload = async () => {
    throw "TypeError: Failed to fetch";
  };
  assert.equal((await drain(load(world.open()))).error.name, "DownloadError");
  assert.equal((await cache.keys()).length, 1);
});

test("files that Python has published are never thrown away", async () => {
  const world = new World();
  const bridge = world.open();
  const model = (await bridge.publish("tiny/mlc-chat-config.json", new Uint8Array(1))).replace(/[^/]*$/, "");
  world.reload = async () => {
    throw "SyntaxError: Unexpected token '<'";
  };
  await drain(load(bridge, { ...RECORD, model }));
  assert.equal((await (await world.caches.open("webllm/config")).keys()).length, 1);
});

test("a WebLLM that cannot be fetched is a DownloadError, and is fetched anew by the next load", async () => {
  const world = new World();
  const { importWebLLM } = world;
  world.importWebLLM = async () => {
    throw new TypeError("Failed to fetch dynamically imported module: https://site.example/webllm.js");
  };
  const bridge = world.open();
  assert.equal((await drain(load(bridge))).error.name, "DownloadError");
  world.importWebLLM = importWebLLM;
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(new Set(world.imports).size, 2);
});

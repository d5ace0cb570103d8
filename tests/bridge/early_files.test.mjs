import assert from "node:assert/strict";
import { EarlyFiles, readEarly, takeEarlyFiles } from "../../bridge/early_files.js";
import { FakeCaches, RECORD, test } from "./fakes.mjs";

const WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const TOKENIZER = `${RECORD.model}tokenizer.json`;

/** The cache of a browser, with a library and a tokenizer, and the names of the files that are read. */
class Site {
  caches = new FakeCaches();
  /** @type {string[]} */
  read = [];

  /** @param {Uint8Array<ArrayBuffer>} [library] */
  async fill(library = WASM) {
    await (await this.caches.open("webllm/wasm")).put(RECORD.model_lib, new Response(library));
    await (await this.caches.open("webllm/model")).put(TOKENIZER, new Response("{}", { headers: { "X-Some": "1" } }));
    return new EarlyFiles(this.openCache, RECORD);
  }

  openCache = async (/** @type {string} */ name) => {
    const cache = await this.caches.open(name);
    const match = (/** @type {string} */ url) => (this.read.push(url.slice(RECORD.model.length)), cache.match(url));
    return /** @type {any} */ ({ ...cache, match });
  };
}

test("the small files and the library are read once, each from its cache", async () => {
  const site = new Site();
  const files = await site.fill();
  const found = await files.match(TOKENIZER);
  assert.equal(found?.response.headers.get("X-Some"), "1");
  assert.equal(new TextDecoder().decode(found?.buffer), "{}");
  assert.equal(await files.match(TOKENIZER), found);
  assert.equal(await files.match(`${RECORD.model}tensor-cache.json`), undefined, "it is not in the cache");
  assert.equal(await files.match(`${RECORD.model}params_shard_0.bin`), undefined, "nobody reads it early");
  assert.deepEqual(site.read.sort(), ["mlc-chat-config.json", "model.wasm", "tensor-cache.json", "tokenizer.json"]);
});

test("the library is compiled for those who have the same buffer", async () => {
  const files = await new Site().fill();
  const buffer = (await files.match(RECORD.model_lib))?.buffer ?? new ArrayBuffer(0);
  assert.ok((await files.moduleOf(buffer)) instanceof WebAssembly.Module);
  assert.equal(await files.moduleOf(buffer.slice(0)), undefined);
});

test("a library that does not compile is left to WebLLM", async () => {
  const files = await new Site().fill(Uint8Array.of(1, 2, 3));
  const buffer = (await files.match(RECORD.model_lib))?.buffer ?? new ArrayBuffer(0);
  assert.equal(buffer.byteLength, 3);
  assert.equal(await files.moduleOf(buffer), undefined);
});

test("a file that was forgotten, and those of a cache that fails, are left to WebLLM", async () => {
  const files = await new Site().fill();
  files.delete(TOKENIZER);
  assert.equal(await files.match(TOKENIZER), undefined);
  const denied = new EarlyFiles(() => Promise.reject(new Error("denied")), RECORD);
  assert.equal(await denied.match(RECORD.model_lib), undefined);
  assert.equal(await denied.moduleOf(WASM), undefined);
});

test("a load takes what was begun for its model, once", async () => {
  const site = new Site();
  const other = { ...RECORD, model_lib: `${RECORD.model}model-gpu.wasm` };
  readEarly(site.openCache, RECORD);
  assert.equal(takeEarlyFiles(other), undefined);
  readEarly(site.openCache, RECORD);
  assert.ok(takeEarlyFiles({ ...RECORD, model_id: "renamed" }));
  assert.equal(takeEarlyFiles(RECORD), undefined);
});

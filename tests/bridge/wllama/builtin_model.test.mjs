/** How the built-in model's files become what llama.cpp reads: the weights stay in the cache. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { MemoryCache } from "../../../bridge/memory_cache.js";
import { readBuiltinModel } from "../../../bridge/wllama/builtin_model.js";
import { collectGarbage } from "../../../bridge/wllama/garbage.js";
import { writeGguf } from "../../../bridge/wllama/gguf.js";

const MODELS = new URL("../../../static/models/", import.meta.url);
const [NAME = ""] = readdirSync(MODELS);
const RESOLVE = new URL(`${NAME}/resolve/`, MODELS);
const [REVISION = ""] = readdirSync(RESOLVE);
const BASE = "https://models.example/model/resolve/v1/";
const RECORD = { model_id: "built-in", model: BASE, model_lib: `${BASE}model.wasm` };
const SHARD = `${BASE}params_shard_0.bin`;

/** @param {string} name */
const bytesOf = (name) => readFileSync(new URL(`${REVISION}/${name}`, RESOLVE));

/** A cache that counts the bytes that are read of the weights at a time. */
class CountingCache extends MemoryCache {
  /** @type {number[]} */
  reads = [];

  /** @param {string} url @override */
  async match(url) {
    const response = await super.match(url);
    if (!response || url !== SHARD) return response;
    const blob = await response.blob();
    const arrayBuffer = async () => (this.reads.push(blob.size), blob.arrayBuffer());
    const slice = (/** @type {number} */ start, /** @type {number} */ end) => (this.reads.push(end - start), blob.slice(start, end));
    return /** @type {any} */ ({ headers: response.headers, arrayBuffer, blob: async () => ({ size: blob.size, slice }) });
  }
}

/** @param {MemoryCache} cache */
function read(cache) {
  const fetch = async (/** @type {Request} */ { url }) => new Response(bytesOf(url.slice(BASE.length)));
  const browser = /** @type {any} */ ({ fetch, openCache: async () => cache });
  return readBuiltinModel(RECORD, browser, () => {}, new Map());
}

test("no more of the weights is in memory than the largest matrix", async () => {
  const cache = new CountingCache();
  const { metadata, tensors } = await read(cache);
  assert.deepEqual(cache.reads, [], "they are read when llama.cpp asks for them");
  const file = writeGguf(metadata, tensors);
  // Larger than most tensors, and smaller than the file.
  const piece = 2 ** 22;
  for (let start = 0; start < file.size; start += piece) await file.slice(start, start + piece).arrayBuffer();
  const shard = bytesOf("params_shard_0.bin").length;
  const records = JSON.parse(bytesOf("tensor-cache.json").toString()).records[0].records;
  const largest = Math.max(...records.map((/** @type {{ nbytes: number }} */ { nbytes }) => nbytes));
  assert.equal(Math.max(...cache.reads), largest);
  assert.ok(largest < shard / 4);
  assert.ok(cache.reads.reduce((sum, size) => sum + size, 0) >= shard);
});

test("weights of a wrong size in the cache are deleted, and fetched by the next load", async () => {
  const cache = new MemoryCache();
  await read(cache);
  await cache.put(SHARD, new Response("cut"));
  const message = /params_shard_0\.bin.* it has 3 bytes instead of \d+, in this browser's cache/;
  await assert.rejects(read(cache), { name: "IntegrityError", message });
  assert.equal(await cache.match(SHARD), undefined);
  assert.ok((await read(cache)).tensors.length > 0);
});

test("a load does not fail where no memory can be reserved to have garbage collected", (context) => {
  const reserved = context.mock.method(globalThis, "ArrayBuffer", function (/** @type {number} */ size) {
    throw new RangeError(`Array buffer allocation failed: ${size}`);
  });
  collectGarbage();
  assert.equal(reserved.mock.callCount(), 1);
});

/** The files of models that are GGUF files: listed, downloaded, checked and deleted, over a server and caches. */

import assert from "node:assert/strict";
import { writeGguf } from "../../bridge/wllama/gguf.js";
import { World, drain, query, test } from "./fakes.mjs";
import { RangeServer, ReadingCaches } from "./ranges.mjs";

const FOLDER = "https://models.example/";
const FILE = new Uint8Array(await writeGguf({ "general.architecture": "llama" }, []).arrayBuffer());
const URLS = ["a-00001-of-00002.gguf", "a-00002-of-00002.gguf"].map((name) => FOLDER + name);
const MODEL = { model_id: "mine", gguf: URLS, wllama_url: "https://site/wllama.js", wasm_url: "https://site/wllama.wasm" };
const OTHER = { ...MODEL, model_id: "other", gguf: [`${FOLDER}other.gguf`] };

class Site {
  world = new World();
  server = new RangeServer(Object.fromEntries([...URLS, ...OTHER.gguf].map((url) => [url, FILE])));
  caches = new ReadingCaches();
  /** Whether the server says how large its files are. */
  saysSizes = true;

  /** @param {string} kind @param {object} [more] @returns {Promise<{ result: any, progress: any[], error: any }>} */
  async ask(kind, more = {}) {
    this.world.caches = this.caches;
    const fetch = async (/** @type {any} */ request, /** @type {any} */ options) => {
      if (options?.method !== "HEAD") return this.server.fetch(request);
      return new Response(null, { headers: this.saysSizes ? { "Content-Length": String(FILE.length) } : {} });
    };
    const environment = { storage: undefined, createWorker: undefined, fetch: /** @type {any} */ (fetch) };
    const { items, error } = await drain(query(this.world.open({}, environment), { kind, ...more }));
    return { result: items.at(-1)?.result, progress: items.flatMap((item) => item.progress ?? []), error };
  }

  /** @param {object} [model] */
  async download(model = MODEL) {
    const { error, progress } = await this.ask("files.download", { model });
    if (error) throw error;
    return progress;
  }

  async stored() {
    return (await this.ask("files.cached")).result.map((/** @type {any} */ { time: _, ...rest }) => rest);
  }

  /** @param {string} url @param {BodyInit} content */
  async damage(url, content) {
    const cache = /** @type {any} */ (await this.caches.open("webllm/model"));
    await cache.put(url, new Response(content, { headers: (await cache.match(url)).headers }));
  }
}

test("all parts are downloaded, with the sum of their sizes from the begin, and listed by the model's ID", async () => {
  const site = new Site();
  const progress = (await site.download()).filter(({ phase }) => phase === "download");
  assert.ok(progress.every(({ total }) => total === 2 * FILE.length));
  assert.equal(progress.at(-1).received, 2 * FILE.length);
  await site.download(OTHER);
  const size = FILE.length;
  assert.deepEqual(await site.stored(), [
    { id: "mine", url: URLS[0], size: 2 * size, total: 2 * size, complete: true, files: 2 },
    { id: "other", url: OTHER.gguf[0], size, total: size, complete: true, files: 1 },
  ]);
  await site.download();
  assert.equal(site.server.exchanges.length, 3);
});

for (const saysSizes of [true, false]) {
  test(`an incomplete model has a total ${saysSizes ? "that the server said" : "only if that is known"}`, async () => {
    const site = new Site();
    site.saysSizes = saysSizes;
    await site.download();
    await (await site.caches.open("webllm/model")).delete(URLS[1] ?? "");
    const [{ total, complete, size }] = await site.stored();
    assert.deepEqual([total, complete, size], [saysSizes ? 2 * FILE.length : undefined, false, FILE.length]);
  });
}

test("a model that this browser has is downloaded and checked by its ID", async () => {
  const site = new Site();
  await site.download();
  await (await site.caches.open("webllm/model")).delete(URLS[1] ?? "");
  await site.download(/** @type {any} */ ("mine"));
  assert.equal((await site.stored())[0].complete, true);
  assert.deepEqual((await site.ask("files.verify", { model: "mine" })).result.damaged, []);
  assert.equal((await site.ask("files.download", { model: "nobody" })).error.name, "ModelNotFoundError");
});

test("a model that is too large for the memory is refused before its download", async () => {
  const site = new Site();
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const small = { ...globalThis.navigator, deviceMemory: FILE.length / 2 ** 30 };
  Object.defineProperty(globalThis, "navigator", { value: small, configurable: true });
  try {
    await assert.rejects(site.download(), { name: "OutOfMemoryError" });
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else Reflect.deleteProperty(globalThis, "navigator");
  }
  assert.deepEqual(site.server.exchanges, []);
});

const other = FILE.slice();
other.fill(1, 30);
for (const [what, content, integrity] of /** @type {[string, BodyInit, object?][]} */ ([
  ["another beginning", "<html>"],
  ["another end", other],
  ["missing bytes", FILE.slice(0, 30)],
])) {
  test(`a stored file with ${what} is found and downloaded again`, async () => {
    const site = new Site();
    await site.download();
    await site.damage(URLS[1] ?? "", content);
    site.server.exchanges = [];
    const { result } = await site.ask("files.verify", { model: { ...MODEL, integrity } });
    assert.deepEqual([result.damaged, result.missing, result.repaired], [["a-00002-of-00002.gguf"], [], true]);
    assert.deepEqual(site.server.exchanges.map(({ url }) => url), [URLS[1]]);
  });
}

test("a deleted model leaves the files of others in the same folder", async () => {
  const site = new Site();
  await site.download();
  await site.download(OTHER);
  const { result } = await site.ask("files.delete", { id: "mine" });
  assert.deepEqual(result.map((/** @type {any} */ { id }) => id), ["mine"]);
  assert.deepEqual((await site.stored()).map((/** @type {any} */ { id }) => id), ["other"]);
});

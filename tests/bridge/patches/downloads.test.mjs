import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readEarly } from "../../../bridge/early_files.js";
import { patchDownloads } from "../../../bridge/patches/downloads.js";
import { FakeCaches, Gate, settle, test } from "../fakes.mjs";

const BASE = "https://models.example/tiny/resolve/v1/";
const RECORD = { model_id: "tiny", model: BASE, model_lib: `${BASE}model.wasm` };
const SHARD = new TextEncoder().encode("the weights");
const md5sum = createHash("md5").update(SHARD).digest("hex");
const WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** @type {Record<string, BodyInit>} */
const FILES = {
  "tensor-cache.json": JSON.stringify({ records: [{ dataPath: "s.bin", nbytes: SHARD.length, md5sum }] }),
  "mlc-chat-config.json": JSON.stringify({ tokenizer_files: [] }),
  "tokenizer.json": JSON.stringify({ model: {} }),
  "model.wasm": WASM,
  "s.bin": SHARD,
};

/** What WebLLM's `ArtifactCache` does, with the globals of the moment. @param {string} scope @param {string} url */
async function fetchWithCache(scope, url) {
  const cache = await globalThis.caches.open(scope);
  const request = new Request(url);
  if ((await cache.match(request)) === undefined) await cache.add(request);
  const found = await cache.match(new Request(url));
  if (!found) throw new Error(`Cannot fetch ${url}`);
  return found.arrayBuffer();
}

/** Reads what is put into it, as a real cache does. */
class ReadingCaches extends FakeCaches {
  /** @param {string} scope @override */
  async open(scope) {
    const cache = await super.open(scope);
    const put = async (/** @type {string} */ url, /** @type {Response} */ response) =>
      cache.put(url, new Response(await response.arrayBuffer(), { headers: response.headers }));
    return { ...cache, put };
  }
}

/** An engine that reads all files of its model, over a fake server. */
class Site {
  /** @type {string[]} */
  requests = [];
  /** @type {any[]} */
  reports = [];
  caches = new ReadingCaches();
  files = { ...FILES };
  /** @type {(url: string) => Response} */
  answer = (url) => new Response(this.files[url.slice(BASE.length)] ?? null);

  /** @param {object} [record] @param {object} [config] @param {any} [caches] */
  async load(record = {}, config = {}, caches = this.caches) {
    const engine = {
      appConfig: { model_list: [{ ...RECORD, ...record }], ...config },
      initProgressCallback: (/** @type {object} */ report) => this.reports.push(report),
      reloadInternal: async () => {
        await fetchWithCache("webllm/config", `${BASE}mlc-chat-config.json`);
        await fetchWithCache("webllm/wasm", `${BASE}model.wasm`);
        await fetchWithCache("webllm/model", `${BASE}tokenizer.json`);
        const keys = await (await globalThis.caches.open("webllm/model")).keys();
        assert.ok(keys.some(({ url }) => url === `${BASE}tensor-cache.json`));
        return new Uint8Array(await fetchWithCache("webllm/model", `${BASE}s.bin`));
      },
    };
    const realFetch = globalThis.fetch;
    const realCaches = Object.getOwnPropertyDescriptor(globalThis, "caches");
    const fakeFetch = /** @type {any} */ (async (/** @type {Request} */ { url }) => {
      this.requests.push(url.slice(BASE.length));
      return this.answer(url);
    });
    globalThis.fetch = fakeFetch;
    Object.defineProperty(globalThis, "caches", { value: caches, configurable: true, writable: true });
    try {
      patchDownloads(engine);
      return await /** @type {any} */ (engine).reloadInternal("tiny");
    } finally {
      assert.equal(globalThis.fetch, fakeFetch, "the browser's functions are restored");
      assert.equal(globalThis.caches, caches);
      globalThis.fetch = realFetch;
      if (realCaches) Object.defineProperty(globalThis, "caches", realCaches);
      else delete (/** @type {any} */ (globalThis).caches);
    }
  }

  /** The URLs in the caches. */
  get cached() {
    return [...this.caches.scopes.values()].flatMap((entries) => [...entries.keys()]).map((url) => url.slice(BASE.length));
  }
}

test("WebLLM reads and caches files through the globals that the patch replaces", () => {
  const source = readFileSync(new URL("../../../node_modules/@mlc-ai/web-llm/lib/index.js", import.meta.url), "utf8");
  for (const used of [
    "this.cache = yield caches.open(this.scope);",
    "yield this.cache.add(request);",
    "const result = yield this.cache.match(request);",
    "return this.cache.keys()",
    "reloadInternal(modelId, chatOpts) {",
    "return (yield fetch(wasmUrl)).arrayBuffer();",
    "this.reloadController = new AbortController();",
  ]) {
    assert.ok(source.includes(used), used);
  }
});

for (const first of [0, 1]) {
  test(`loads that overlap leave the browser's functions, the ${first === 0 ? "older" : "newer"} one ending first`, async () => {
    const real = Object.getOwnPropertyDescriptor(globalThis, "caches");
    const browser = { caches: new ReadingCaches(), fetch: globalThis.fetch };
    Object.defineProperty(globalThis, "caches", { value: browser.caches, configurable: true, writable: true });
    const gates = [new Gate(), new Gate()];
    const loads = gates.map(({ passed }) => {
      const engine = { appConfig: { model_list: [{ ...RECORD, model_manifest: null }] }, reloadInternal: async () => passed };
      patchDownloads(engine);
      return /** @type {any} */ (engine).reloadInternal("tiny");
    });
    await settle();
    assert.notEqual(globalThis.caches, browser.caches);
    gates[first]?.open();
    await loads[first];
    assert.notEqual(globalThis.caches, browser.caches, "the other load is served");
    gates[1 - first]?.open();
    await Promise.all(loads);
    assert.equal(globalThis.caches, browser.caches);
    assert.equal(globalThis.fetch, browser.fetch);
    if (real) Object.defineProperty(globalThis, "caches", real);
    else delete (/** @type {any} */ (globalThis).caches);
  });
}

test("files that are as expected are cached once, and read from the cache later", async () => {
  const site = new Site();
  assert.deepEqual(await site.load(), SHARD);
  assert.deepEqual(site.requests, Object.keys(FILES).toSorted(byRequest));
  assert.deepEqual(await site.load(), SHARD);
  assert.equal(site.requests.length, 5);
});

/** The list of the weights is read first. @param {string} left @param {string} right */
function byRequest(left, right) {
  const order = ["tensor-cache.json", "mlc-chat-config.json", "model.wasm", "tokenizer.json", "s.bin"];
  return order.indexOf(left) - order.indexOf(right);
}

for (const [name, content, problem] of /** @type {[string, BodyInit, RegExp][]} */ ([
  ["s.bin", "the weight", /it has 10 bytes instead of 11/],
  ["s.bin", "the WEIGHTS", /its MD5 checksum is a different one/],
  ["s.bin", "", /it is empty/],
  ["tokenizer.json", '{"mod', /it is not valid JSON/],
  ["tokenizer.json", '{"error": "not found"}', /it has no "model"/],
  ["tensor-cache.json", "[]", /it has no "records"/],
  ["tensor-cache.json", '{"records": [{}]}', /its records have no sizes/],
  ["tensor-cache.json", '{"records": 5}', /its records are not a list of files/],
  ["mlc-chat-config.json", "null", /it is not valid JSON/],
  ["model.wasm", WASM.slice(0, 6), /it is not valid WebAssembly/],
])) {
  test(`${name} is not cached when it is ${JSON.stringify(content)}`, async () => {
    const site = new Site();
    site.files[name] = content;
    await assert.rejects(site.load(), ({ name: kind, message }) => {
      assert.equal(kind, "IntegrityError");
      assert.match(message, problem);
      return message.startsWith(`${name} from ${BASE}${name} is not`);
    });
    assert.ok(!site.cached.includes(name));
    site.files = { ...FILES };
    assert.deepEqual(await site.load(), SHARD);
  });
}

test("a shard that does not match is forgotten with the list of the weights, which may be the older one", async () => {
  const site = new Site();
  await site.load();
  await (await site.caches.open("webllm/model")).delete(`${BASE}s.bin`);
  const weights = new TextEncoder().encode("newer ones");
  site.files["s.bin"] = weights;
  const sum = createHash("md5").update(weights).digest("hex");
  site.files["tensor-cache.json"] = JSON.stringify({ records: [{ dataPath: "s.bin", nbytes: 10, md5sum: sum }] });
  await assert.rejects(site.load(), { name: "IntegrityError" });
  assert.ok(!site.cached.includes("tensor-cache.json"));
  assert.deepEqual(await site.load(), weights);
});

for (const [name, content] of [["s.bin", "<html>"], ["tokenizer.json", "<html>"]]) {
  test(`a wrong ${name} that an earlier version has cached is deleted`, async () => {
    const site = new Site();
    const cache = await site.caches.open("webllm/model");
    await cache.put(`${BASE}${name}`, new Response(content));
    await assert.rejects(site.load(), { name: "IntegrityError" });
    assert.deepEqual(await site.load(), SHARD);
  });
}

test("checksums of a record's integrity are checked for every file, unless it only warns", async () => {
  const files = { "s.bin": `sha256-${createHash("sha256").update("others").digest("base64")}` };
  await assert.rejects(new Site().load({ integrity: { files } }), { name: "IntegrityError" });
  const right = { "s.bin": `sha256-${createHash("sha256").update(SHARD).digest("base64")}` };
  assert.deepEqual(await new Site().load({ integrity: { files: right } }), SHARD);
  assert.deepEqual(await new Site().load({ integrity: { files, onFailure: "warn" } }), SHARD);
});

test("a failed download names the file, its URL and the HTTP status", async () => {
  const site = new Site();
  site.answer = () => new Response("", { status: 404, statusText: "Not Found" });
  await assert.rejects(site.load(), {
    name: "DownloadError",
    message:
      `tensor-cache.json could not be fetched from ${BASE}tensor-cache.json:` +
      " the server answered with HTTP status 404 Not Found.",
  });
});

test("a file that cannot be stored is a StorageError with its name", async () => {
  const site = new Site();
  const open = async () => ({
    match: async () => undefined,
    keys: async () => [],
    delete: async () => false,
    put: async () => { throw new DOMException("Quota exceeded.", "QuotaExceededError"); },
  });
  await assert.rejects(site.load({}, {}, { open }), ({ name, message }) => {
    assert.match(message, /could not store tensor-cache\.json from .* \(QuotaExceededError: Quota exceeded\.\)/);
    return name === "StorageError";
  });
});

for (const caches of [undefined, { open: async () => { throw new DOMException("insecure", "SecurityError"); } }]) {
  test(`files are kept in memory ${caches ? "where storage is forbidden" : "without a Cache API"}`, async () => {
    const site = new Site();
    assert.deepEqual(await site.load({}, {}, caches), SHARD);
    assert.equal(site.requests.length, 5);
  });
}

test("a model that is too large for memory is refused before its weights are fetched", async () => {
  const site = new Site();
  site.files["tensor-cache.json"] = JSON.stringify({ records: [{ dataPath: "s.bin", nbytes: 2 ** 31 }] });
  await assert.rejects(site.load({}, {}, null), { name: "NoStorageError" });
  assert.deepEqual(site.requests, ["tensor-cache.json"]);
});

test("WebLLM gets the files that were read before it was imported", async () => {
  const site = new Site();
  await site.load();
  readEarly(async (name) => /** @type {any} */ (site.caches.open(name)), RECORD);
  await settle();
  for (const [name, entries] of site.caches.scopes) if (name !== "webllm/model") entries.clear();
  site.requests = [];
  assert.deepEqual(await site.load(), SHARD);
  assert.deepEqual(site.requests, []);
});

test("files that the page has in memory are not fetched", async () => {
  const site = new Site();
  const publishedFiles = new Map(Object.entries(FILES).map(([name, body]) => [BASE + name, new Blob([/** @type {any} */ (body)])]));
  assert.deepEqual(await site.load({}, { publishedFiles }, null), SHARD);
  assert.deepEqual(site.requests, []);
});

test("progress of downloads counts bytes and reaches the whole", async () => {
  const site = new Site();
  await site.load();
  const ratios = site.reports.map(({ progress }) => progress);
  assert.equal(ratios.at(-1), 1);
  assert.deepEqual(ratios.slice(0, 2), [0, 0], "the list of the weights is not the whole");
  assert.ok(ratios.some((ratio) => ratio > 0 && ratio < 1));
  assert.deepEqual(site.reports.at(-1).url, `${BASE}s.bin`);
  assert.match(site.reports.at(-1).text, /^Fetching s\.bin: 0\.0 of 0\.0 KB$/);
});

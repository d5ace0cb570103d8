import assert from "node:assert/strict";
import { remember } from "../../bridge/downloads/catalog.js";
import { createHash } from "node:crypto";
import { PARTIAL_CACHE } from "../../bridge/downloads/partial_file.js";
import { EarlyFiles } from "../../bridge/early_files.js";
import { ModelFiles } from "../../bridge/model_files.js";
import { FakeWorker, RECORD, World, drain, query, settle, test } from "./fakes.mjs";
import { RangeServer, ReadingCaches } from "./ranges.mjs";

const FOLDER = RECORD.model;
const SHARDS = { "a.bin": "the first weights", "b.bin": "the second weights" };

/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text);

/** @param {Record<string, string>} shards */
function manifest(shards) {
  const records = Object.entries(shards).map(([dataPath, text]) => ({
    dataPath,
    nbytes: text.length,
    md5sum: createHash("md5").update(text).digest("hex"),
  }));
  return JSON.stringify({ records });
}

/** @param {Record<string, string>} shards @returns {Record<string, Uint8Array<ArrayBuffer>>} */
function modelIn(folder = FOLDER, shards = SHARDS) {
  const files = {
    "tensor-cache.json": manifest(shards),
    "mlc-chat-config.json": '{"tokenizer_files": ["tokenizer.json", "tokenizer_config.json"]}',
    "tokenizer.json": '{"model": {}}',
    ...shards,
  };
  const found = Object.entries(files).map(([name, text]) => [folder + name, bytesOf(text)]);
  return { ...Object.fromEntries(found), [RECORD.model_lib]: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0) };
}

/** A bridge without workers over a server with a model. */
class Site {
  world = new World();
  server = new RangeServer(modelIn());
  caches = new ReadingCaches();
  /** @type {any} */
  storage = {};
  /** @type {any} */
  createWorker = undefined;

  /** @param {object} question */
  stream(question) {
    this.world.caches = this.caches;
    const { storage, createWorker, server } = this;
    return query(this.world.open({}, { storage, createWorker, fetch: server.fetch }), question);
  }

  /** @param {string} kind @param {object} [more] @returns {Promise<{ result: any, progress: any[], error: any }>} */
  async ask(kind, more = {}) {
    const { items, error } = await drain(this.stream({ kind, ...more }));
    return { result: items.at(-1)?.result, progress: items.flatMap((item) => item.progress ?? []), error };
  }

  /** @param {object} [model] */
  async download(model = RECORD) {
    const { error } = await this.ask("files.download", { model });
    if (error) throw error;
  }

  /** The names of the files that were requested. */
  get requested() {
    return this.server.exchanges.map(({ url }) => url.slice(FOLDER.length));
  }

  /** @param {string} url @param {string} text */
  async damage(url, text) {
    for (const entries of this.caches.scopes.values()) {
      const before = entries.get(url);
      if (before) entries.set(url, new Response(text, { headers: before.headers }));
    }
  }
}

test("weights are read ahead from the cache when the library has been read, which they would slow down", async () => {
  const site = new Site();
  await site.download();
  /** @type {string[]} */
  const read = [];
  const openCache = async (/** @type {string} */ name) => {
    const cache = await site.caches.open(name);
    return /** @type {any} */ ({ ...cache, match: (/** @type {string} */ url) => (read.push(url.slice(url.lastIndexOf("/") + 1)), cache.match(url)) });
  };
  const browser = { fetch: site.server.fetch, openCache };
  const files = new ModelFiles(/** @type {any} */ (RECORD), browser, () => {}, new Map());
  await files.readManifest();
  await settle();
  assert.deepEqual(new Set(read), new Set(["tensor-cache.json"]));
  const libraries = await files.open("webllm/wasm");
  await (await libraries.match(RECORD.model_lib))?.arrayBuffer();
  await settle();
  assert.deepEqual(read.filter((name) => name in SHARDS), ["a.bin", "b.bin"]);
  const weights = await files.open("webllm/model");
  const buffer = await (await weights.match(`${FOLDER}a.bin`))?.arrayBuffer();
  assert.deepEqual(Buffer.from(/** @type {ArrayBuffer} */ (buffer)).toString(), SHARDS["a.bin"]);
});

test("files that were read early are not read again, and a wrong one is deleted as any other", async () => {
  const site = new Site();
  await site.download();
  const tokenizer = `${FOLDER}tokenizer.json`;
  await site.damage(`${FOLDER}mlc-chat-config.json`, "");
  const early = new EarlyFiles(async (name) => /** @type {any} */ (site.caches.open(name)), RECORD);
  /** @type {string[]} */
  const read = [];
  const openCache = async (/** @type {string} */ name) => {
    const cache = await site.caches.open(name);
    return /** @type {any} */ ({ ...cache, match: (/** @type {string} */ url) => (read.push(url), cache.match(url)) });
  };
  const files = new ModelFiles(/** @type {any} */ (RECORD), { fetch: site.server.fetch, openCache }, () => {}, new Map(), { early });
  const weights = await files.open("webllm/model");
  assert.deepEqual(await (await weights.match(tokenizer))?.json(), { model: {} });
  const configs = await files.open("webllm/config");
  const found = await configs.match(`${FOLDER}mlc-chat-config.json`);
  assert.deepEqual(read, []);
  await assert.rejects(async () => found?.arrayBuffer(), { message: /empty/ });
  assert.equal(await configs.match(`${FOLDER}mlc-chat-config.json`), undefined);
  assert.deepEqual(read, [`${FOLDER}mlc-chat-config.json`]);
});

test("a download fills the caches that WebLLM reads", async () => {
  const site = new Site();
  await site.download();
  assert.deepEqual(site.caches.urls("webllm/config"), [`${FOLDER}mlc-chat-config.json`]);
  assert.deepEqual(site.caches.urls("webllm/wasm"), [RECORD.model_lib]);
  const names = ["tensor-cache.json", "tokenizer.json", "a.bin", "b.bin"].map((name) => FOLDER + name);
  assert.deepEqual(site.caches.urls("webllm/model").sort(), names.sort());
  assert.deepEqual(site.caches.urls(PARTIAL_CACHE), []);
  await site.download();
  assert.equal(site.requested.length, 6);
});

test("progress of a download counts the bytes of all files and knows their sum", async () => {
  const site = new Site();
  const { progress, error } = await site.ask("files.download", { model: RECORD });
  assert.equal(error, undefined);
  assert.ok(progress.every(({ phase }) => ["queued", "download"].includes(phase)));
  const received = progress.map((found) => found.received);
  assert.deepEqual(received, received.toSorted((left, right) => left - right));
});

test("a model of WebLLM's list is downloaded by its ID", async () => {
  const site = new Site();
  await site.download(/** @type {any} */ (RECORD.model_id));
  assert.equal(site.caches.urls("webllm/wasm").length, 1);
  const { error } = await site.ask("files.download", { model: "nobody" });
  assert.equal(error.name, "ModelNotFoundError");
});

test("a download that failed continues with the files that are missing", async () => {
  const site = new Site();
  const { [`${FOLDER}b.bin`]: last, ...others } = modelIn();
  site.server.files = others;
  await assert.rejects(site.download(), { name: "DownloadError", message: /b\.bin .*HTTP status 404/ });
  site.server.files = modelIn();
  site.server.exchanges = [];
  await site.download();
  assert.deepEqual(site.requested, ["b.bin"]);
  assert.ok(last);
});

test("a download that does not fit is refused before its weights are fetched", async () => {
  const site = new Site();
  site.storage = { estimate: async () => ({ usage: 900, quota: 940 }) };
  await assert.rejects(site.download(), {
    name: "StorageError",
    message: /^The download of tiny-q4f32_1 needs 1 MiB of storage, and the browser has 1 MiB left for this site\.$/,
  });
  assert.ok(!site.requested.includes("a.bin"));
  site.storage = { estimate: async () => ({ usage: 900, quota: 2000 }) };
  await site.download();
});

test("a page that cannot store files refuses a download, and has nothing stored", async () => {
  const site = new Site();
  site.caches.open = async () => { throw new DOMException("insecure", "SecurityError"); };
  await assert.rejects(site.download(), { name: "NoStorageError" });
  assert.deepEqual((await site.ask("files.cached")).result, []);
  assert.deepEqual(site.requested, []);
});

test("stored models have their sizes, and say whether they are complete", async () => {
  const site = new Site();
  assert.deepEqual((await site.ask("files.cached")).result, []);
  await site.download();
  const size = Object.values(modelIn()).reduce((sum, { length }) => sum + length, 0);
  const [model] = (await site.ask("files.cached")).result;
  assert.deepEqual({ ...model, time: 0 }, { id: RECORD.model_id, url: FOLDER, size, total: size, complete: true, files: 6, time: 0 });
  assert.ok(Math.abs(model.time - Date.now() / 1000) < 10);
  await (await site.caches.open("webllm/model")).delete(`${FOLDER}a.bin`);
  const [damaged] = (await site.ask("files.cached")).result;
  assert.deepEqual([damaged.complete, damaged.size], [false, size - SHARDS["a.bin"].length]);
  assert.equal(damaged.total, size);
});

test("a model that was interrupted inside its first file is listed with its bytes", async () => {
  const site = new Site();
  site.server.cuts = [undefined, undefined, undefined, undefined, 5];
  site.server.refusals = [];
  const { [`${FOLDER}b.bin`]: _, ...others } = modelIn();
  site.server.files = others;
  await assert.rejects(site.download());
  const [model] = (await site.ask("files.cached")).result;
  assert.deepEqual([model.id, model.complete], [RECORD.model_id, false]);
});

test("files that a page stored with WebLLM alone are found by its list, and others by their folder", async () => {
  const site = new Site();
  const weights = await site.caches.open("webllm/model");
  for (const [url, bytes] of Object.entries(modelIn())) {
    const cache = url.endsWith(".wasm") ? "webllm/wasm" : url.endsWith("config.json") ? "webllm/config" : "webllm/model";
    await (await site.caches.open(cache)).put(url, new Response(bytes));
  }
  await weights.put("https://elsewhere.example/old/resolve/main/x.bin", new Response("12345"));
  const { result } = await site.ask("files.cached");
  assert.deepEqual(result.map((/** @type {any} */ { id, complete }) => [id, complete]), [
    [RECORD.model_id, true],
    ["https://elsewhere.example/old/resolve/main/", false],
  ]);
  assert.equal(result[1].size, 5);
});

test("a stored model can be deleted, and files that another one uses stay", async () => {
  const site = new Site();
  const folder = "https://models.example/other/resolve/v1/";
  const other = { ...RECORD, model_id: "other", model: folder };
  Object.assign(site.server.files, modelIn(folder));
  await site.download();
  await site.download(other);
  const { result } = await site.ask("files.delete", { id: RECORD.model_id });
  assert.deepEqual(result.map((/** @type {any} */ { id }) => id), [RECORD.model_id]);
  assert.deepEqual(site.caches.urls("webllm/wasm"), [RECORD.model_lib]);
  assert.deepEqual((await site.ask("files.cached")).result.map((/** @type {any} */ it) => [it.id, it.complete]), [["other", true]]);
  assert.equal((await site.ask("files.delete", { id: "nobody" })).error.name, "ModelNotFoundError");
  await site.ask("files.delete");
  assert.deepEqual([...site.caches.scopes.values()].flatMap((entries) => [...entries.keys()]), []);
});

test("a model that is being downloaded is not deleted", async () => {
  const site = new Site();
  await site.download();
  const locks = { request: async (/** @type {string} */ _name, /** @type {any} */ options, /** @type {any} */ work) => work(options.ifAvailable ? null : {}) };
  site.world.locks = /** @type {any} */ (locks);
  const { error } = await site.ask("files.delete", { id: RECORD.model_id });
  assert.equal(error.name, "InvalidRequestError");
  assert.match(error.message, /is being downloaded or loaded, here or in another tab/);
  assert.equal((await site.ask("files.cached")).result[0].complete, true);
});

test("a check of undamaged files requests nothing", async () => {
  const site = new Site();
  await site.download();
  site.server.exchanges = [];
  const { result } = await site.ask("files.verify", { model: RECORD });
  assert.deepEqual({ ...result, bytes: 0 }, { files: 6, bytes: 0, damaged: [], missing: [], repaired: false });
  assert.deepEqual(site.requested, []);
});

for (const [name, text] of [["b.bin", "the SECOND weights"], ["tokenizer.json", '{"model": 5}'], ["tensor-cache.json", "{}"]]) {
  test(`a damaged ${name} is found, and it alone is fetched again`, async () => {
    const site = new Site();
    await site.download();
    site.server.exchanges = [];
    await site.damage(FOLDER + name, String(text));
    const found = (await site.ask("files.verify", { model: RECORD, repair: false })).result;
    assert.deepEqual([found.damaged, found.repaired], [[name], false]);
    assert.deepEqual(site.requested, []);
    const { result, error } = await site.ask("files.verify", { model: RECORD });
    assert.equal(error, undefined);
    assert.deepEqual([result.damaged, result.missing, result.repaired], [[name], [], true]);
    assert.deepEqual(site.requested, [name]);
    assert.deepEqual((await site.ask("files.verify", { model: RECORD })).result.damaged, []);
  });
}

test("a missing file is fetched by a check", async () => {
  const site = new Site();
  await site.download();
  await (await site.caches.open("webllm/model")).delete(`${FOLDER}a.bin`);
  const { result } = await site.ask("files.verify", { model: RECORD });
  assert.deepEqual([result.missing, result.repaired], [["a.bin"], true]);
  assert.equal((await site.ask("files.cached")).result[0].complete, true);
});

test("downloads of one bridge run one after another, and a stopped one never begins", async () => {
  const site = new Site();
  const folder = "https://models.example/other/resolve/v1/";
  Object.assign(site.server.files, modelIn(folder));
  site.world.caches = site.caches;
  const bridge = site.world.open({}, { storage: {}, createWorker: undefined, fetch: site.server.fetch });
  const first = drain(query(bridge, { kind: "files.download", model: RECORD }));
  const second = query(bridge, { kind: "files.download", model: { ...RECORD, model_id: "other", model: folder } });
  assert.equal(JSON.parse((await second.next()) ?? "").progress.phase, "queued");
  second.stop();
  assert.equal((await first).error, undefined);
  await settle();
  assert.ok(site.server.exchanges.every(({ url }) => !url.startsWith(folder)));
});

test("storage is described, and kept if the browser agrees", async () => {
  const site = new Site();
  assert.deepEqual((await site.ask("files.storage")).result, { persisted: false });
  site.storage = { estimate: async () => ({ usage: 5, quota: 10 }), persisted: async () => true, persist: async () => true };
  assert.deepEqual((await site.ask("files.storage")).result, { usage: 5, quota: 10, persisted: true });
  assert.equal((await site.ask("files.persist")).result, true);
  site.storage = { persisted: async () => false };
  assert.equal((await site.ask("files.persist")).result, false, "a worker cannot ask");
});

/** A worker for downloads, whose side a test plays. */
class FilesWorker extends FakeWorker {
  /** @type {any[]} */
  received = [];

  /** @param {any} message @override */
  postMessage(message) {
    this.received.push(message);
    this.onMessage(message);
  }

  /** @type {(message: any) => void} */
  onMessage = () => {};
}

/** @param {Site} site @param {(worker: FilesWorker, message: any) => void} play */
function withWorker(site, play) {
  /** @type {FilesWorker[]} */
  const workers = [];
  site.createWorker = (/** @type {string} */ url, /** @type {string} */ name) => {
    const worker = new FilesWorker(site.world, url, name);
    worker.onMessage = (message) => play(worker, message);
    workers.push(worker);
    return worker;
  };
  return workers;
}

test("a download runs in a worker of its own, which ends with it", async () => {
  const site = new Site();
  const workers = withWorker(site, (worker, { pywebllm }) => {
    if (pywebllm !== "work") return;
    worker.emit({ pywebllm: "progress", progress: { phase: "download", received: 1, total: 2 } });
    worker.emit({ pywebllm: "done", result: {} });
  });
  const { result, error } = await site.ask("files.download", { model: RECORD });
  assert.deepEqual([result, error], [{}, undefined]);
  assert.deepEqual(workers.map(({ name, terminated }) => [name.split(":")[0], terminated]), [["pywebllm-files", true]]);
  assert.deepEqual(workers[0]?.received, [{ pywebllm: "work", work: { kind: "download", record: RECORD, repair: true } }]);
});

test("errors of the worker have their names, and one that crashes is a WorkerError", async () => {
  const site = new Site();
  withWorker(site, (worker, { pywebllm }) => {
    if (pywebllm === "work") worker.emit({ pywebllm: "failed", error: { name: "StorageError", message: "full" } });
  });
  const full = (await site.ask("files.download", { model: RECORD })).error;
  assert.deepEqual([full.name, full.message], ["StorageError", "full"]);
  withWorker(site, (worker, { pywebllm }) => pywebllm === "work" && queueMicrotask(() => worker.die()));
  assert.equal((await site.ask("files.download", { model: RECORD })).error.name, "WorkerError");
});

test("a stopped download gives its worker the time to store what has arrived", async () => {
  const site = new Site();
  const workers = withWorker(site, () => {});
  const stream = site.stream({ kind: "files.download", model: RECORD });
  await settle();
  stream.stop();
  await settle();
  const [worker] = workers;
  assert.deepEqual([worker?.received.at(-1), worker?.terminated], [{ pywebllm: "stop" }, false]);
  worker?.emit({ pywebllm: "failed", error: { name: "AbortError", message: "stopped" } });
  await settle();
  assert.equal(worker?.terminated, true);
});

test("a download fetches the one of two libraries that a load on this GPU takes", async () => {
  for (const isFallbackAdapter of [true, false]) {
    const site = new Site();
    const gpuLibrary = `${FOLDER}model-gpu.wasm`;
    const own = RECORD.model_lib;
    site.server.files = { ...modelIn(), [gpuLibrary]: modelIn()[own] ?? Uint8Array.of() };
    site.world.gpu = { requestAdapter: async () => ({ features: [], limits: {}, info: { isFallbackAdapter } }) };
    await site.download({ ...RECORD, gpu_model_lib: gpuLibrary });
    assert.deepEqual(site.caches.urls("webllm/wasm"), [isFallbackAdapter ? own : gpuLibrary]);
  }
});

test("a model that llama.cpp loaded is complete without a library", async () => {
  const site = new Site();
  await site.download();
  await (await site.caches.open("webllm/wasm")).delete(RECORD.model_lib);
  assert.equal((await site.ask("files.cached")).result[0].complete, false);
  const urls = { wllama_url: "https://x/wllama.js", wasm_url: "https://x/wllama.wasm" };
  await remember(/** @type {any} */ (site.caches.open.bind(site.caches)), /** @type {any} */ ({ ...RECORD, ...urls }));
  const [model, ...others] = (await site.ask("files.cached")).result;
  assert.deepEqual([model.id, model.complete, others], [RECORD.model_id, true, []]);
});

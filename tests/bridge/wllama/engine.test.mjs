/** The engine over a fake of wllama, through the proxy of the page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { WllamaEngine } from "../../../bridge/wllama/engine.js";
import { GgufFiles } from "../../../bridge/wllama/gguf_files.js";
import { measured, requireMemory } from "../../../bridge/wllama/gguf_sizes.js";
import { writeGguf } from "../../../bridge/wllama/gguf.js";
import { MemoryCache } from "../../../bridge/memory_cache.js";
import { errorOf, NativeLog } from "../../../bridge/wllama/native_errors.js";
import { WllamaProxy } from "../../../bridge/wllama/proxy.js";
import { chooseEngine } from "../../../bridge/engine_choice.js";

const FILE = new Uint8Array(await writeGguf({ "general.architecture": "llama", "tokenizer.ggml.tokens": ["<s>"], "tokenizer.ggml.token_type": { integers: [3] } }, []).arrayBuffer());
const URLS = ["https://x/a.gguf", "https://x/b.gguf"];

/** A browser that serves a file, and counts the requests. @param {Uint8Array} [file] @param {number} [size] announced */
function browser(file = FILE, size = file.length) {
  const cache = new MemoryCache();
  /** @type {string[]} */
  const requests = [];
  const fetch = async (/** @type {any} */ request, /** @type {any} */ options) => {
    requests.push(`${options?.method ?? "GET"} ${request.url ?? request}`);
    return new Response(options?.method === "HEAD" ? null : /** @type {BodyInit} */ (file), { headers: { "Content-Length": `${size}` } });
  };
  return { requests, cache, fetch: /** @type {any} */ (fetch), openCache: async () => /** @type {any} */ (cache) };
}

/** @param {string[]} gguf @param {Record<string, string>} [files] checksums @returns {any} */
const record = (gguf, files = {}) => ({ model_id: "m", gguf, integrity: { files } });

test("the parts of a model are downloaded once, and progress counts all their bytes", async () => {
  const page = browser();
  /** @type {any[]} */
  const reports = [];
  const read = async () => new GgufFiles(await measured(record(URLS), page), page, (report) => reports.push(report)).read();
  assert.deepEqual((await read()).map(({ size }) => size), [FILE.length, FILE.length]);
  assert.equal(reports.at(-1).progress, 1);
  assert.match(reports.at(-1).text, /^Fetching b\.gguf: /);
  await read();
  assert.deepEqual(page.requests, [...URLS.map((url) => `HEAD ${url}`), ...URLS.map((url) => `GET ${url}`)]);
});

test("a model that is too large for the memory is refused before its download", async () => {
  const page = browser(FILE, 2 ** 33);
  const found = await measured(record(URLS), page);
  const refused = { name: "OutOfMemoryError", message: "The model has 16384 MiB, and at most 4096 MiB fit into this browser's memory." };
  assert.throws(() => requireMemory(found, 2 ** 32), refused);
  assert.ok(page.requests.every((request) => request.startsWith("HEAD")));
});

for (const [what, file, checksums, problem] of /** @type {[string, Uint8Array, Record<string, string>, RegExp][]} */ ([
  ["that is an HTML page", new TextEncoder().encode("<html>"), {}, /it is not a GGUF file/],
  ["with another checksum", FILE, { "a.gguf": "sha256-abc=" }, /its sha256 checksum is a different one/],
])) {
  test(`a file ${what} is not kept`, async () => {
    const page = browser(file);
    const files = new GgufFiles(record(URLS, checksums), page, () => {});
    await assert.rejects(files.read(), { name: "IntegrityError", message: problem });
    assert.deepEqual(await page.cache.keys(), []);
  });
}

/** @param {(options: any) => Promise<void>} complete answers a chat @param {{ refusal?: string }} [model] what llama.cpp logs if it refuses the model */
function engineWith(complete, { refusal } = {}) {
  const page = browser();
  /** @type {any} */
  const seen = { exits: 0 };
  class Wllama {
    constructor(/** @type {unknown} */ _paths, /** @type {any} */ { logger }) { this.logger = logger; }
    setCompat(/** @type {unknown} */ compat) { seen.compat = compat; }
    async loadModel(/** @type {unknown} */ blobs, /** @type {unknown} */ parameters) { Object.assign(seen, { blobs, parameters }); if (refusal) this.logger.error(refusal); }
    async createChatCompletion(/** @type {any} */ options) { seen.options = options; await complete(options); }
    getLoadedContextInfo() { return { success: refusal === undefined, n_vocab: 512 }; }
    async exit() { seen.exits += 1; }
  }
  const engine = new WllamaEngine(page, async () => /** @type {any} */ ({ Wllama }));
  engine.setAppConfig({ model_list: [/** @type {any} */ ({ model_id: "m", gguf: [URLS[0]], wllama_url: "w", wasm_url: "x" })] });
  return { engine, seen };
}

const chunk = (/** @type {string} */ content) => ({ choices: [{ delta: { content }, finish_reason: null }] });
const REQUEST = { messages: [{ role: "user", content: "a <s>" }], stream: true };

test("a model of a GGUF file is loaded without files from elsewhere, and text of control tokens is broken up", async () => {
  const { engine, seen } = engineWith(async ({ onData }) => onData(chunk("hi")));
  await engine.reload("m");
  assert.deepEqual([seen.compat, seen.blobs.length, seen.parameters.n_ctx], [null, 1, 4096]);
  const chunks = [];
  for await (const found of await engine.chat.completions.create(REQUEST)) chunks.push(found);
  assert.equal(chunks[0]?.choices[0].delta.content, "hi");
  assert.equal(seen.options.messages[0].content, "a <\u200Bs>");
  await engine.unload();
  assert.equal(seen.exits, 1);
});

test("an interrupted answer ends when llama.cpp has left it", async () => {
  /** @type {string[]} */
  const order = [];
  const { engine } = engineWith(async ({ onData, abortSignal }) => {
    onData(chunk("a"));
    await new Promise((resolve) => abortSignal.addEventListener("abort", resolve));
    order.push("left");
    throw Object.assign(new Error("Operation aborted"), { name: "AbortError" });
  });
  await engine.reload("m");
  for await (const { choices } of await engine.chat.completions.create(REQUEST)) {
    if (choices[0]?.finish_reason) order.push(choices[0].finish_reason);
    else engine.interruptGenerate();
  }
  assert.deepEqual(order, ["left", "abort"]);
});

for (const [message, name] of /** @type {[string, string][]} */ ([
  ["request (30 tokens) exceeds the available context size (10 tokens), try increasing it", "ContextWindowSizeExceededError"],
  ["(ABORT) unreachable", "WorkerError"],
  ["Failed to parse grammar", "InvalidRequestError"],
  ["the current context does not support logits computation. skipping", "InvalidRequestError"],
  ["something else", "EngineError"],
])) {
  test(`"${message}" is a ${name}`, async () => {
    const { engine } = engineWith(async () => { throw new Error(message); });
    await engine.reload("m");
    const read = async () => { for await (const _ of await engine.chat.completions.create(REQUEST)); };
    await assert.rejects(read(), { name });
  });
}

test("what llama.cpp logs is the reason of an exception in it", () => {
  const log = new NativeLog();
  log.error("No user query found");
  const { name, message } = errorOf(Object.assign(new Error("Invalid typed array length: 1"), { name: "RuntimeError" }), log, "generate");
  assert.deepEqual([name, message], ["InvalidRequestError", "No user query found"]);
});

test("a stream that the page leaves is over when it has ended in the worker", async () => {
  /** @type {any[]} */
  const sent = [];
  const port = { postMessage: (/** @type {any} */ message) => sent.push(message.wllama), onmessage: /** @type {any} */ (undefined) };
  const proxy = new WllamaProxy(port);
  const answer = (/** @type {string} */ kind, /** @type {unknown} */ value = undefined) => port.onmessage({ data: { wllama: { id: 1, kind, value } } });
  const chunks = /** @type {AsyncGenerator<any>} */ (await proxy.chat.completions.create({ stream: true }));
  const first = chunks.next();
  answer("chunk", "a");
  assert.equal((await first).value, "a");
  let isOver = false;
  const left = chunks.return(undefined).then(() => (isOver = true));
  answer("chunk", "b");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false);
  answer("end");
  await left;
  assert.deepEqual(sent.map(({ method }) => method), ["chat"]);
});

test("an error of the worker has its name in the page", async () => {
  const port = { postMessage: () => {}, onmessage: /** @type {any} */ (undefined) };
  const proxy = new WllamaProxy(port);
  const load = proxy.reload("m");
  port.onmessage({ data: { wllama: { id: 1, kind: "error", value: { name: "OutOfMemoryError", message: "no" } } } });
  await assert.rejects(load, { name: "OutOfMemoryError", message: "no" });
});

test("auto takes llama.cpp where there is no GPU worth using, if it is there", () => {
  const gpu = { adapter: { fallback: false } };
  const cases = /** @type {[object, object, number, string, string | undefined][]} */ ([
    [gpu, {}, 0, "webllm", undefined],
    [gpu, {}, 1, "webllm", undefined],
    [gpu, {}, 2, "wllama", "device-lost"],
    [{ adapter: { fallback: true } }, {}, 0, "wllama", "software-adapter"],
    [{ problem: "limits" }, {}, 0, "wllama", "limits"],
    [{ problem: "no-webgpu" }, { problem: "not-installed" }, 0, "webllm", undefined],
  ]);
  for (const [support, wllama, losses, engine, reason] of cases) {
    const choice = chooseEngine(support, /** @type {any} */ (wllama), losses);
    assert.deepEqual([choice.engine, choice.reason], [engine, reason]);
  }
});

test("a bias for a token beyond the vocabulary is refused before llama.cpp sees it", async () => {
  const { engine, seen } = engineWith(async ({ onData }) => onData(chunk("hi")));
  await engine.reload("m");
  const ask = async (/** @type {Record<string, number>} */ logit_bias) => {
    for await (const _ of await engine.chat.completions.create({ ...REQUEST, logit_bias }));
  };
  await assert.rejects(ask({ 7: 1, 512: 1 }), { name: "InvalidRequestError", message: /from 0 to 511, got 512$/ });
  assert.equal(seen.options, undefined);
  await ask({ 511: 1 });
  assert.deepEqual(seen.options.logit_bias, [[511, 1]]);
});

test("a model that llama.cpp refuses is not loaded, though wllama says so", async () => {
  const { engine } = engineWith(async () => {}, { refusal: "unknown model architecture: 'other'" });
  await assert.rejects(engine.reload("m"), {
    name: "EngineError",
    message: "llama.cpp could not load the model: Model failed to load: unknown model architecture: 'other'",
  });
});

test("a server that fails is asked again, which does not count as progress", async () => {
  const page = browser();
  const { fetch } = page;
  let failures = 1;
  page.fetch = async (/** @type {any} */ request, /** @type {any} */ options) => {
    if (options?.method === "HEAD" || failures === 0) return fetch(request, options);
    failures -= 1;
    return new Response("", { status: 503, headers: { "Retry-After": "1" } });
  };
  /** @type {any[]} */
  const reports = [];
  await new GgufFiles(record([URLS[0] ?? ""]), page, (report) => reports.push(report)).read();
  const waiting = reports.filter((report) => report.waiting);
  assert.deepEqual(waiting.map(({ text }) => text), ["Fetching a.gguf: trying again in 1 s, because the server answered with HTTP status 503"]);
  assert.equal(reports.at(-1).bytes.received, FILE.length);
});

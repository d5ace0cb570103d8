/** Resumable answers of llama.cpp: stored while they are written, and continued by another engine. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryCache } from "../../../bridge/memory_cache.js";
import { answerQuery } from "../../../bridge/queries.js";
import { WllamaEngine } from "../../../bridge/wllama/engine.js";
import { writeGguf } from "../../../bridge/wllama/gguf.js";
import { Sessions } from "../../../bridge/wllama/sessions.js";

const FILE = await writeGguf({ "general.architecture": "llama" }, []).arrayBuffer();
const chunk = (/** @type {string} */ content, reason = null, predicted_n = 2) => ({ choices: [{ delta: { content }, finish_reason: reason }], timings: { prompt_n: 7, predicted_n } });
const requestOf = (/** @type {object} */ resumable) => ({ messages: [{ role: "user", content: "Hi" }], max_tokens: 10, stream: true, extra_body: { resumable } });

/** A browser with caches and locks, as all tabs have them. */
function browser() {
  /** @type {Map<string, MemoryCache>} */
  const caches = new Map();
  /** @type {Set<string>} */
  const held = new Set();
  const openCache = async (/** @type {string} */ name) => {
    const cache = caches.get(name) ?? new MemoryCache();
    caches.set(name, cache);
    return /** @type {any} */ (cache);
  };
  const request = async (/** @type {string} */ name, /** @type {any} */ { ifAvailable }, /** @type {any} */ work) => {
    if (held.has(name)) return work(ifAvailable ? null : {});
    held.add(name);
    try {
      return await work({});
    } finally {
      held.delete(name);
    }
  };
  const fetch = async () => new Response(FILE);
  return { openCache, fetch: /** @type {any} */ (fetch), locks: /** @type {any} */ ({ request }) };
}

/** @param {any} page @param {(options: any) => Promise<void>} complete */
async function engineIn(page, complete) {
  const seen = /** @type {any} */ ({});
  class Wllama {
    setCompat() {}
    async loadModel() {}
    async createChatCompletion(/** @type {any} */ options) { seen.options = options; await complete(options); }
    getLoadedContextInfo() { return { success: true, n_vocab: 512 }; }
    async exit() {}
  }
  const engine = new WllamaEngine(page, async () => /** @type {any} */ ({ Wllama }));
  engine.setAppConfig({ model_list: [/** @type {any} */ ({ model_id: "m", gguf: ["https://x/a.gguf"], wllama_url: "w", wasm_url: "x" })] });
  await engine.reload("m");
  return { engine, seen };
}

/** @param {AsyncIterable<any>} chunks */
async function read(chunks) {
  const found = { text: "", finish: "", usage: /** @type {any} */ (undefined), first: "" };
  for await (const { choices: [choice], usage } of chunks) {
    found.first ||= choice?.delta.content ?? "";
    found.text += choice?.delta.content ?? "";
    found.finish = choice?.finish_reason ?? found.finish;
    found.usage = usage ?? found.usage;
  }
  return found;
}

/** An answer of which one piece was written when its page ended. @param {any} page */
async function interrupted(page) {
  const { engine } = await engineIn(page, async ({ onData, abortSignal }) => {
    onData(chunk("Hel"));
    await new Promise((resolve) => abortSignal.addEventListener("abort", resolve));
  });
  for await (const { choices } of await engine.chat.completions.create(requestOf({ enabled: true, sessionId: "s" }))) {
    if (choices[0]?.delta.content) engine.interruptGenerate();
  }
}

test("an interrupted answer is continued from its text, as one answer with one usage", async () => {
  const page = browser();
  await interrupted(page);
  const sessions = new Sessions(page);
  const listed = await answerQuery(/** @type {any} */ ({ MLCEngine: class { async listResumableSessions() { return []; } } }), { kind: "sessions" }, sessions);
  assert.deepEqual(listed, [{ id: "s", model: "m", resumable: true, reason: "", completion_tokens: 2 }]);
  const { engine, seen } = await engineIn(page, async ({ onData }) => { onData(chunk("Hell", null, 3)); onData(chunk("o", null, 4)); onData(chunk("", /** @type {any} */ ("stop"), 4)); });
  const { first, text, finish, usage } = await read(await engine.resumeChatCompletion("s"));
  assert.deepEqual([first, text, finish], ["Hel", "Hello", "stop"]);
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [7, 4]);
  assert.equal(seen.options.grammar, 'root ::= "Hel" .*\n');
  const stored = await sessions.find("s");
  assert.deepEqual([stored?.text, stored?.isComplete], ["Hello", true]);
  await assert.rejects(read(await engine.resumeChatCompletion("s")), { name: "NotResumableError" });
  await sessions.delete("s");
  assert.deepEqual(await sessions.list(), []);
});

test("an answer that is still being written is neither resumed nor deleted", async () => {
  const page = browser();
  const { engine } = await engineIn(page, async ({ onData, abortSignal }) => {
    onData(chunk("Hel"));
    await new Promise((resolve) => abortSignal.addEventListener("abort", resolve));
  });
  const chunks = /** @type {AsyncGenerator<any>} */ (await engine.chat.completions.create(requestOf({ enabled: true, sessionId: "s" })));
  await chunks.next();
  const sessions = new Sessions(page);
  await assert.rejects(sessions.open("s"), { name: "InvalidRequestError", message: /still being written/ });
  await chunks.return(undefined);
  assert.equal((await sessions.find("s"))?.text, "Hel");
  (await sessions.open("s")).release();
});

test("an ID that is taken, and a page that can store nothing, are refused before the first token", async () => {
  const page = browser();
  await interrupted(page);
  const { engine, seen } = await engineIn(page, async () => {});
  const taken = requestOf({ enabled: true, sessionId: "s" });
  await assert.rejects(read(await engine.chat.completions.create(taken)), { name: "InvalidRequestError", message: /exists already/ });
  page.openCache = async () => { throw new DOMException("insecure", "SecurityError"); };
  await assert.rejects(read(await engine.chat.completions.create(requestOf({ enabled: true }))), { name: "InvalidRequestError", message: /cannot store the answer: insecure\. Leave out/ });
  assert.equal(seen.options, undefined);
});

for (const [isStrict, outcome] of /** @type {[boolean, string][]} */ ([[false, "Hello"], [true, "StorageError"]])) {
  test(`a disk that fills up ${isStrict ? "ends a strict answer" : "does not end an answer"}`, async () => {
    const page = browser();
    const { engine } = await engineIn(page, async ({ onData }) => onData(chunk("Hello")));
    const { openCache } = page;
    let puts = 0;
    page.openCache = async (name) => {
      const cache = await openCache(name);
      const put = async () => { if ((puts += 1) > 1) throw new DOMException("full", "QuotaExceededError"); };
      return /** @type {any} */ ({ match: async () => undefined, put, keys: async () => [], delete: cache.delete });
    };
    const chunks = await engine.chat.completions.create(requestOf({ enabled: true, strictPersistence: isStrict }));
    const found = await read(chunks).then(({ text }) => text, (error) => error.name);
    assert.equal(found, outcome);
  });
}

test("a session whose storage fails can be tried again", async () => {
  const page = browser();
  const cache = await page.openCache("pywebllm/sessions");
  let failures = 0;
  const failing = (/** @type {string} */ name) => async (/** @type {any[]} */ ...parameters) => {
    if (failures > 0) {
      failures -= 1;
      throw new DOMException("The disk failed.", "UnknownError");
    }
    return /** @type {any} */ (MemoryCache.prototype)[name].apply(cache, parameters);
  };
  cache.match = failing("match");
  cache.delete = failing("delete");
  const sessions = new Sessions(page);
  const journal = await sessions.open("s1");
  await journal.begin({ id: "s1", model: "tiny", request: {}, text: "", tokens: 0, promptTokens: 0, isComplete: false });
  journal.release();
  for (const work of [() => sessions.open("s1"), () => sessions.delete("s1")]) {
    failures = 1;
    await assert.rejects(work, { name: "UnknownError" });
  }
  await sessions.delete("s1");
  assert.deepEqual(await sessions.list(), []);
});

/** The browser's own model as a bridge: loads that are left, and errors of the Prompt API. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserModel, browserModelState } from "../../bridge/browser_model/model.js";

const LOAD = JSON.stringify({ model: "browser" });
const request = (/** @type {object} */ more = {}) =>
  JSON.stringify({ kind: "chat.completions", request: { messages: [{ role: "user", content: "Hi" }], model: "browser", ...more } });

/** @param {object} [methods] */
function session(methods = {}) {
  return {
    destroyed: 0,
    destroy() {
      this.destroyed += 1;
    },
    promptStreaming: () => new Blob(["Hello"]).stream().pipeThrough(new TextDecoderStream()),
    ...methods,
  };
}

/** @param {(options: any) => Promise<unknown>} create */
const opened = (create) => new BrowserModel({ LanguageModel: { create, availability: async () => "available" } });

test("an answer ends with its usage, and its session is destroyed", async () => {
  const made = session({ inputUsage: 4, measureInputUsage: async () => 2 });
  const stream = opened(async () => made).generate(request());
  const chunks = [];
  for (let text = await stream.next(); text !== undefined; text = await stream.next()) chunks.push(...JSON.parse(text));
  assert.equal(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join(""), "Hello");
  assert.equal(chunks.at(-1).usage.prompt_tokens, 6);
  assert.equal(made.destroyed, 1);
});

for (const [thrown, name] of /** @type {[unknown, string][]} */ ([
  [Object.assign(new DOMException("full", "QuotaExceededError"), { requested: 9, quota: 5 }), "ContextWindowSizeExceededError"],
  [new DOMException("needs a click", "NotAllowedError"), "BrowserModelError"],
  [new DOMException("no such schema", "NotSupportedError"), "InvalidRequestError"],
  [new DOMException("offline", "NetworkError"), "DownloadError"],
  [new DOMException("", "UnknownError"), "EngineError"],
  ["a string", "EngineError"],
])) {
  test(`${thrown} is a ${name}`, async () => {
    const model = opened(() => Promise.reject(thrown));
    await assert.rejects(model.generate(request()).next(), { name });
    const load = model.load(LOAD);
    await assert.rejects(async () => {
      while ((await load.next()) !== undefined);
    }, { name });
  });
}

test("a load that everybody left is aborted, and the next one begins again", async () => {
  /** @type {AbortSignal[]} */
  const signals = [];
  const model = opened(({ signal }) => {
    signals.push(signal);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (signals.length > 1) resolve(session());
    });
  });
  const loads = [model.load(LOAD), model.load(LOAD)];
  loads[0]?.stop();
  assert.equal(signals[0]?.aborted, false);
  loads[1]?.stop();
  assert.equal(signals[0]?.aborted, true);
  const again = model.load(LOAD);
  let last;
  for (let text = await again.next(); text !== undefined; text = await again.next()) last = JSON.parse(text);
  assert.equal(last?.phase, "ready");
});

test("a load reports the browser's download", async () => {
  const model = opened(async ({ monitor }) => {
    const target = new EventTarget();
    monitor(target);
    await new Promise((resolve) => setTimeout(resolve));
    target.dispatchEvent(Object.assign(new Event("downloadprogress"), { loaded: 0.5, total: 1 }));
    await new Promise((resolve) => setTimeout(resolve));
    return session();
  });
  const load = model.load(LOAD);
  const ratios = [];
  for (let text = await load.next(); text !== undefined; text = await load.next()) ratios.push(JSON.parse(text).ratio);
  assert.deepEqual(ratios, [0, 0.495, 1]);
});

test("disposing ends loads and answers, and destroys what keeps the model", async () => {
  const made = session();
  /** @type {AbortSignal | undefined} */
  let given;
  const model = opened(async ({ signal }) => {
    given = signal;
    return made;
  });
  const load = model.load(LOAD);
  while ((await load.next()) !== undefined);
  assert.equal(given?.aborted, false);
  const events = model.watch();
  await model.dispose();
  assert.deepEqual(JSON.parse((await events.next()) ?? ""), [{ type: "disposed" }]);
  assert.equal(await events.next(), undefined);
  assert.equal(made.destroyed, 1);
  await assert.rejects(model.generate(request()).next(), { name: "DisposedError" });
});

test("a worker, a page without the interface and one that may not use it are told apart", async () => {
  const forbidden = { availability: () => Promise.reject(new DOMException("no", "NotAllowedError")) };
  const states = [{}, { document: {} }, { LanguageModel: forbidden }].map(browserModelState);
  const found = (await Promise.all(states)).map((text) => JSON.parse(text).availability);
  assert.deepEqual(found, ["worker", "missing", "unavailable"]);
});

/** Shared models of WebLLM beside models of llama.cpp, which have an engine of the page's own. */

import assert from "node:assert/strict";
import { MixedBridge } from "../../bridge/shared_client/mixed_bridge.js";
import { Channel } from "../../bridge/streams.js";
import { Gate, RECORD, settle, test } from "./fakes.mjs";

const SHARED_MODEL = JSON.stringify({ model: RECORD });
const WLLAMA_MODEL = JSON.stringify({
  model: { ...RECORD, gguf: ["https://x/a.gguf"], wllama_url: "https://x/wllama.js", wasm_url: "https://x/wllama.wasm" },
});

/** A bridge that writes down what is asked of it. @param {string} name @param {string[]} log */
function recorder(name, log) {
  const events = new Channel();
  const idle = new Gate();
  const note = (/** @type {string} */ what) => {
    log.push(`${name} ${what}`);
    return /** @type {any} */ (new Channel().stream);
  };
  return {
    events,
    finish: () => idle.open(),
    load: () => note("load"),
    generate: () => note("generate"),
    query: () => note("query"),
    watch: () => events.stream,
    publish: async () => note("publish"),
    urlOf: () => name,
    holds: () => true,
    inUseBy: () => 3,
    idle: () => idle.passed,
    retire: async () => idle.passed.then(() => note("dispose")),
    unload: async (/** @type {boolean} */ force) => note(`unload ${force}`),
    dispose: async () => note("dispose"),
  };
}

function mixed() {
  /** @type {string[]} */
  const log = [];
  const shared = recorder("shared", log);
  /** @type {ReturnType<typeof recorder>[]} */
  const own = [];
  const createOwn = () => {
    const created = recorder("own", log);
    own.push(created);
    return created;
  };
  return { bridge: new MixedBridge(shared, createOwn), shared, own, log };
}

test("a model of llama.cpp has an engine of the page's own, and the shared one is left when its answers have ended", async () => {
  const { bridge, shared, log } = mixed();
  bridge.load(SHARED_MODEL);
  bridge.generate("{}");
  assert.deepEqual([bridge.isShared, bridge.inUseBy()], [true, 3]);
  bridge.load(WLLAMA_MODEL);
  bridge.generate("{}");
  await settle();
  assert.deepEqual([bridge.isShared, bridge.inUseBy()], [false, 0]);
  assert.deepEqual(log, ["shared load", "shared generate", "own load", "own generate"]);
  shared.finish();
  await settle();
  assert.equal(log.at(-1), "shared unload false");
});

test("a shared model that is used again is not left", async () => {
  const { bridge, shared, own, log } = mixed();
  bridge.load(WLLAMA_MODEL);
  bridge.load(SHARED_MODEL);
  shared.finish();
  own[0]?.finish();
  await settle();
  assert.deepEqual(log, ["own load", "shared load", "own dispose"]);
  assert.equal(bridge.isShared, true);
});

test("the events are those of the engine in use, and end when the bridge is disposed", async () => {
  const { bridge, shared, own } = mixed();
  const stream = bridge.watch();
  bridge.load(WLLAMA_MODEL);
  shared.events.push({ type: "lost", name: "ModelUnloadedError", message: "elsewhere" });
  await settle();
  own[0]?.events.push({ type: "lost", name: "WorkerError", message: "ended" });
  assert.deepEqual(JSON.parse((await stream.next()) ?? ""), [{ type: "lost", name: "WorkerError", message: "ended" }]);
  await bridge.dispose();
  assert.deepEqual(JSON.parse((await stream.next()) ?? ""), [{ type: "disposed" }]);
  assert.equal(await stream.next(), undefined);
});

test("an engine whose answers are still written ends with the bridge, and none is created after that", async () => {
  const { bridge, own, log } = mixed();
  bridge.load(WLLAMA_MODEL);
  bridge.load(SHARED_MODEL);
  await bridge.dispose();
  assert.deepEqual(log.slice(2), ["own dispose", "shared dispose"]);
  bridge.query(JSON.stringify({ kind: "files.persist" }));
  assert.equal(own.length, 1);
  assert.equal(log.at(-1), "shared query");
});

test("queries about files are answered by the page itself, and others where the models are", async () => {
  const { bridge, log } = mixed();
  bridge.query(JSON.stringify({ kind: "files.persist" }));
  bridge.query(JSON.stringify({ kind: "files.storage" }));
  bridge.query(JSON.stringify({ kind: "sessions" }));
  assert.deepEqual(log, ["own query", "own query", "shared query"]);
  await bridge.dispose();
  assert.deepEqual(log.slice(3), ["own dispose", "shared dispose"]);
  assert.equal(bridge.isShared, true);
});

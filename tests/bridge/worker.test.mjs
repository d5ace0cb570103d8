/** The bridge in a real worker: a Node thread with the globals of a browser's worker. */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { World, chat, drain, load, test, textOf } from "./fakes.mjs";

/** A WebLLM for both sides, whose worker engine communicates by messages as the real one does. */
const WEBLLM = `data:text/javascript,${encodeURIComponent(`
  export const prebuiltAppConfig = { model_list: [] };
  const original = () => {};
  export class WebWorkerMLCEngineHandler {
    engine = { preparePrefillInput: original, streamCurrentGeneration: original, resumableCoordinator: {} };
    async onmessage({ data: { kind, id } }) {
      if (kind === "reload") this.device = await new GPUAdapter().requestDevice();
      if (kind === "lose") this.device.lose({ message: "gone" });
      if (kind === "crash") setTimeout(() => { throw new Error("boom") });
      if (kind === "close") self.close();
      const patched = this.engine.streamCurrentGeneration !== original;
      self.postMessage({ id, chunks: { stream: ["Hel", "lo"], patched: [patched ? "yes" : "no"] }[kind] ?? [] });
    }
  }
  export class WebWorkerMLCEngine {
    pending = new Map();
    constructor(port) {
      this.port = port;
      port.onmessage = ({ data }) => this.pending.get(data.id)(data);
    }
    ask(kind) {
      const id = this.pending.size;
      this.port.postMessage({ kind, id });
      return new Promise((resolve) => this.pending.set(id, resolve));
    }
    setAppConfig() {}
    setInitProgressCallback() {}
    async reload() { await this.ask("reload"); }
    async resetChat() { await this.ask("resetChat"); }
    interruptGenerate() { void this.ask("interrupt"); }
    chat = { completions: { create: async (request) => {
      if (!request.stream) return { choices: [{}], ...(await this.ask("probe")) };
      const { chunks } = await this.ask(request.test ?? "stream");
      if (chunks.length === 0) await new Promise(() => {});
      return (async function* () {
        for (const content of chunks) yield { choices: [{ delta: { content } }] };
      })();
    } } };
  }`)}`;

/** The globals of a browser's worker that a Node thread lacks. */
const WORKER_GLOBALS = `
  const { parentPort, workerData } = require("node:worker_threads");
  const events = new EventTarget();
  globalThis.self = globalThis;
  globalThis.name = workerData.name;
  globalThis.DedicatedWorkerGlobalScope = class {
    static [Symbol.hasInstance](scope) { return scope === globalThis; }
  };
  globalThis.addEventListener = events.addEventListener.bind(events);
  globalThis.postMessage = (data) => parentPort.postMessage(data);
  globalThis.close = () => process.exit();
  globalThis.GPUAdapter = class {
    async requestDevice() {
      let lose;
      const lost = new Promise((resolve) => (lose = resolve));
      return { lost, lose, queue: {} };
    }
  };
  const locks = workerData.locks && { request: async (name, hold) => {
    parentPort.postMessage({ tookLock: name });
    return hold();
  } };
  const gpu = { requestAdapter: async () => ({ features: [], limits: {} }) };
  Object.defineProperty(globalThis, "navigator", { value: { locks, gpu } });
  globalThis.isSecureContext = true;
  const imported = import(workerData.url);
  parentPort.on("message", async (data) => {
    if (data === "echo") await imported.then(() => postMessage("echo"));
    else events.dispatchEvent(new MessageEvent("message", { data }));
  });
`;

const BRIDGE = import.meta.resolve("#bridge");

/** A Node thread with the events of a browser's worker. */
class ThreadWorker extends EventTarget {
  /** @type {string[]} names of the locks that the worker took */
  locked = [];

  /** @param {string} url @param {string} name */
  constructor(url, name, locks = true) {
    super();
    this.thread = new Worker(WORKER_GLOBALS, { eval: true, workerData: { url, name, locks } });
    this.thread.on("message", (data) => {
      if (data.tookLock) this.locked.push(data.tookLock);
      else this.dispatchEvent(new MessageEvent("message", { data }));
    });
    this.thread.on("error", ({ message }) => {
      this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { message }));
    });
  }

  /** @param {unknown} message */
  postMessage(message) {
    this.thread.postMessage(message);
  }

  terminate() {
    void this.thread.terminate();
  }
}

/** A bridge whose workers are threads. @param {{ webllmUrl?: string, workerUrl?: string, locks?: boolean }} [options] */
function openThreaded({ webllmUrl = WEBLLM, workerUrl = BRIDGE, locks = true } = {}) {
  /** @type {ThreadWorker[]} */
  const workers = [];
  const bridge = new World().open({ webllmUrl, workerUrl }, {
    importWebLLM: () => import(WEBLLM),
    // Node has no lock that ends with a thread; these tests check only that the worker takes it.
    locks: { request: (/** @type {string} */ _name, /** @type {any} */ { signal }) => untilAborted(signal) },
    createWorker: (/** @type {string} */ url, /** @type {string} */ name) => {
      const worker = new ThreadWorker(url, name, locks);
      workers.push(worker);
      return worker;
    },
  });
  return { bridge, workers };
}

/** @param {AbortSignal} signal */
function untilAborted(signal) {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

test("the bridge loads and generates in a worker that runs the same file", async () => {
  const { bridge, workers } = openThreaded();
  assert.equal((await drain(load(bridge))).error, undefined);
  assert.equal(textOf(await drain(chat(bridge))), "Hello");
  assert.match(workers[0]?.locked[0] ?? "", /^pywebllm-engine:/);
  await bridge.dispose();
});

test("WebLLM's engine is patched in the worker", async () => {
  const { bridge } = openThreaded();
  await drain(load(bridge));
  assert.equal(textOf(await drain(chat(bridge, { test: "patched" }))), "yes");
  await bridge.dispose();
});

test("a worker without locks works too", async () => {
  const { bridge } = openThreaded({ locks: false });
  assert.equal((await drain(load(bridge))).error, undefined);
  await bridge.dispose();
});

test("a device that is lost in the worker is reported to the page", async () => {
  const { bridge } = openThreaded();
  await drain(load(bridge));
  const { error } = await drain(chat(bridge, { test: "lose" }));
  assert.deepEqual([error.name, error.message], ["DeviceLostError", "The GPU device was lost: gone"]);
  assert.equal((await drain(load(bridge))).error, undefined);
  await bridge.dispose();
});

test("an uncaught error in the worker is a WorkerError", async () => {
  const { bridge } = openThreaded();
  await drain(load(bridge));
  const { error } = await drain(chat(bridge, { test: "crash" }));
  assert.deepEqual([error.name, error.message], ["WorkerError", "The engine worker failed: boom"]);
});

test("a failed import of WebLLM in the worker is a DownloadError", async () => {
  const { bridge } = openThreaded({ webllmUrl: "file:///no/such/webllm.js" });
  assert.equal((await drain(load(bridge))).error.name, "DownloadError");
});

test("a worker file that is missing is a WorkerError", async () => {
  const { bridge } = openThreaded({ workerUrl: "file:///no/such/bridge.js" });
  assert.equal((await drain(load(bridge))).error.name, "WorkerError");
});

test("a worker with another name that imports the bridge does not become an engine", async () => {
  const worker = new ThreadWorker(BRIDGE, "python");
  /** @type {unknown[]} */
  const received = [];
  worker.addEventListener("message", (event) => received.push(/** @type {MessageEvent} */ (event).data));
  for (let turn = 0; turn < 2; turn += 1) {
    worker.postMessage("echo");
    await new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }));
  }
  worker.terminate();
  assert.deepEqual([received, worker.locked], [["echo", "echo"], []]);
});

/**
 * Fakes of everything that the bridge uses: WebLLM, workers, locks, caches, GPU devices.
 *
 * A `World` is one environment of a bridge. It records events in `log`, and a test changes its behavior by
 * replacing its methods. Calls to an engine whose worker has ended stay pending, as real ones do.
 */

import nodeTest from "node:test";
import { openBridge } from "#bridge";

/** @typedef {{ next(): Promise<string | undefined>, stop(): void }} Stream */

/**
 * A test that fails instead of hanging if a promise is never settled.
 * @param {string} name
 * @param {(context: import("node:test").TestContext) => Promise<void> | void} body
 */
export function test(name, body) {
  nodeTest(name, { timeout: 5000 }, body);
}

export const RECORD = {
  model_id: "tiny-q4f32_1",
  model: "https://models.example/tiny/resolve/v1/",
  model_lib: "https://models.example/tiny/resolve/v1/model.wasm",
};

export const OTHER = { ...RECORD, model_id: "other-q4f32_1" };

/** A model whose `model_type` is that of embedding models. */
export const EMBEDDER = { ...RECORD, model_id: "embed-q0f32", model_type: 1 };

/** How WebLLM describes a session that was interrupted, see {@link World.sessions}. */
export const SESSION = {
  sessionId: "s1",
  modelId: RECORD.model_id,
  resumable: true,
  reason: "generation aborted",
  emittedTokens: 2,
  processedSeqLen: 12,
  recoveryMode: "kv",
};

/** A promise that a test settles. */
export class Gate {
  /** @type {() => void} */
  open = () => {};
  /** @type {(error: unknown) => void} */
  fail = () => {};
  /** @type {Promise<void>} */
  passed = new Promise((resolve, reject) => {
    this.open = resolve;
    this.fail = reject;
  });
}

export class World {
  /** @type {string[]} */
  log = [];
  /** @type {FakeWorker[]} */
  workers = [];
  /** @type {StubEngine[]} */
  engines = [];
  /** @type {any[]} */
  requests = [];
  /** @type {string[]} */
  imports = [];
  locks = new FakeLocks();
  caches = new FakeCaches();
  GPUAdapter = fakeAdapterClass();
  gpu = { requestAdapter: async () => /** @type {object | null} */ ({ features: [], limits: {} }) };
  /** What a worker reports of its GPU. @type {object} */
  workerSupport = {};
  /** What a new worker does when it has started. @type {(worker: FakeWorker) => void} */
  startWorker = (worker) => worker.sayHello();

  /** @type {(url: string) => Promise<any>} */
  importWebLLM = async () => this.webllm();

  /** @type {(engine: StubEngine, id: string) => Promise<void>} */
  reload = async () => {};

  /** The response to a request that does not stream, which is the probe of the bridge. @type {(request: any) => Promise<any>} */
  answer = async () => ({ choices: [{}] });

  resetChat = async () => {};

  unload = async () => {};

  /** @type {(request: any) => Promise<any>} */
  embed = async () => ({ object: "list", data: [{ object: "embedding", index: 0, embedding: [0.6, 0.8] }], usage: {} });

  /** The stored sessions. @type {() => Promise<any[]>} */
  sessions = async () => [];

  /** The text of a session. @type {(id: string) => Promise<any>} */
  stored = async (sessionId) => ({ ...SESSION, sessionId, recoveredText: "Hel", recoveryMode: "text_only" });

  /** A session that is resumed: a stream, or what `stored` returns. @type {(id: string) => any} */
  rest = async function* () {
    yield piece("Hel");
    yield piece("lo");
    yield piece("!");
    yield USAGE;
  };

  /** @type {(id: string) => Promise<void>} */
  deleteSession = async () => {};

  /** What happens before WebLLM returns a stream. @type {(request: any) => Promise<void>} */
  accept = async () => {};

  /** @type {(request: any) => AsyncGenerator<any, void, void>} */
  generate = async function* () {
    yield piece("Hel");
    yield piece("lo");
    yield USAGE;
  };

  webllm() {
    const world = this;
    const Engine = class extends StubEngine {
      /** @param {any} [port] */
      constructor(port) {
        super(world, port);
      }
    };
    return { prebuiltAppConfig: { model_list: [RECORD, OTHER] }, MLCEngine: Engine, WebWorkerMLCEngine: Engine };
  }

  /** @param {object} [config] @param {object} [environment] */
  open(config = {}, environment = {}) {
    const urls = { webllmUrl: "https://site.example/webllm.js", workerUrl: "https://site.example/webllm_bridge.js" };
    return openBridge(JSON.stringify({ ...urls, ...config }), this.environment(environment));
  }

  /** What a bridge takes from the browser. @param {object} [changes] @returns {any} */
  environment(changes = {}) {
    return {
      importWebLLM: (/** @type {string} */ url) => {
        this.imports.push(url);
        return this.importWebLLM(url);
      },
      createWorker: (/** @type {string} */ url, /** @type {string} */ name) => new FakeWorker(this, url, name),
      locks: this.locks,
      openCache: (/** @type {string} */ scope) => this.caches.open(scope),
      gpu: this.gpu,
      GPUAdapter: this.GPUAdapter,
      startTimeout: 30,
      answerTimeout: 10,
      busyTimeout: 6, // longer than a test may take; a process waits for it at its end
      releaseTimeout: 10,
      ...changes,
    };
  }

  /** A bridge with a model loaded. @param {object} [config] */
  async loaded(config = {}) {
    const bridge = this.open(config);
    const { error } = await drain(load(bridge));
    if (error) throw error;
    this.log.length = 0;
    return bridge;
  }

  /** @param {string} entry */
  count(entry) {
    return this.log.filter((found) => found === entry).length;
  }
}

export class FakeWorker extends EventTarget {
  terminated = false;
  /** Whether the worker is in an endless loop: it receives no messages. */
  stuck = false;
  /** The messages by which it was told to prepare a load. @type {any[]} */
  prepared = [];
  /** @type {() => void} releases the lock, as the end of a worker does */
  #release = () => {};

  /** @param {World} world @param {string} url @param {string} name */
  constructor(world, url, name) {
    super();
    this.world = world;
    this.url = url;
    this.name = name;
    world.workers.push(this);
    void world.locks.request(name, () => new Promise((resolve) => (this.#release = () => resolve(undefined))));
    queueMicrotask(() => world.startWorker(this));
  }

  sayHello() {
    this.emit({ pywebllm: "hello", locked: true });
  }

  /** @param {any} message */
  postMessage(message) {
    if (message.pywebllm === "ping") queueMicrotask(() => this.stuck || this.terminated || this.emit({ pywebllm: "pong" }));
    if (message.pywebllm === "support") {
      queueMicrotask(() => this.emit({ pywebllm: "support", support: this.world.workerSupport }));
    }
    if (message.pywebllm === "prepare") this.prepared.push(message);
    if (message.pywebllm !== "start") return;
    this.world.log.push(`start ${message.webllmUrl}`);
    queueMicrotask(() => this.emit({ pywebllm: "ready" }));
  }

  /** @param {unknown} data */
  emit(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** End without an event, as a worker does that closes itself or runs out of memory. */
  die() {
    this.#release();
  }

  terminate() {
    if (!this.terminated) this.world.log.push("terminate");
    this.terminated = true;
    this.#release();
  }
}

class StubEngine {
  /** @type {string | undefined} */
  modelId;
  /** @type {any} */
  appConfig;
  /** @type {(report: any) => void} */
  report = () => {};
  chat = { completions: { create: (/** @type {any} */ request) => this.#create("chat", request) } };
  completions = { create: (/** @type {any} */ request) => this.#create("text", request) };
  embeddings = { create: (/** @type {any} */ request) => this.#embed(request) };

  /** @param {World} world @param {any} port */
  constructor(world, port) {
    this.world = world;
    this.port = port;
    world.engines.push(this);
  }

  /** @param {any} config */
  setAppConfig(config) {
    this.appConfig = config;
  }

  /** @param {(report: any) => void} callback */
  setInitProgressCallback(callback) {
    this.report = callback;
  }

  /** @param {string} id */
  async reload(id) {
    this.world.log.push(`reload ${id}`);
    await this.world.reload(this, id);
    this.modelId = id;
  }

  async unload() {
    this.world.log.push("unload");
    await this.world.unload();
    this.modelId = undefined;
  }

  async resetChat() {
    this.world.log.push("resetChat");
    await this.world.resetChat();
  }

  interruptGenerate() {
    this.world.log.push("interrupt");
  }

  async listResumableSessions() {
    return this.world.sessions();
  }

  /** @param {string} id @param {{ continueGeneration: true, stream: true }} [options] */
  async resumeChatCompletion(id, options) {
    if (!options) return this.world.stored(id);
    this.world.log.push(`continue ${id}`);
    const rest = await this.world.rest(id);
    return Symbol.asyncIterator in rest ? this.#watched(rest) : rest;
  }

  /** @param {string} id */
  async deleteResumableSession(id) {
    this.world.log.push(`delete ${id}`);
    await this.world.deleteSession(id);
  }

  /** @param {any} request */
  async #embed(request) {
    this.world.requests.push(request);
    this.world.log.push("embed");
    return this.world.embed(request);
  }

  /** @param {string} kind @param {any} request */
  async #create(kind, request) {
    if (!request.stream) return this.world.answer(request);
    this.world.requests.push(request);
    this.world.log.push(`create ${kind}`);
    await this.world.accept(request);
    return this.#watched(this.world.generate(request));
  }

  /** @param {AsyncGenerator<any, void, void>} source */
  #watched(source) {
    const end = source.return.bind(source);
    source.return = async (value) => {
      const result = await end(value);
      this.world.log.push("returned");
      return result;
    };
    return source;
  }
}

/** The part of the Web Locks API that the bridge and its worker use. */
class FakeLocks {
  /** @type {Map<string, Promise<unknown>>} */
  #held = new Map();

  /** @param {string} name @param {any} options @param {any} [callback] @returns {Promise<any>} */
  async request(name, options, callback = options) {
    const before = this.#held.get(name);
    const mine = new Gate();
    this.#held.set(name, Promise.all([before, mine.passed]));
    await before;
    try {
      if (options.signal?.aborted) throw new DOMException("The request was aborted.", "AbortError");
      return await callback();
    } finally {
      mine.open();
    }
  }
}

/** The part of the Cache API that the bridge uses. */
export class FakeCaches {
  /** @type {Map<string, Map<string, Response>>} */
  scopes = new Map();
  puts = 0;

  /** @param {string} scope */
  async open(scope) {
    const entries = this.scopes.get(scope) ?? new Map();
    this.scopes.set(scope, entries);
    return {
      match: async (/** @type {string} */ url) => entries.get(url)?.clone(),
      keys: async () => [...entries.keys()].map((url) => ({ url })),
      delete: async (/** @type {string} */ url) => entries.delete(url),
      put: async (/** @type {string} */ url, /** @type {Response} */ response) => {
        this.puts += 1;
        entries.set(url, response);
      },
    };
  }
}

function fakeAdapterClass() {
  return class FakeAdapter {
    async requestDevice() {
      return new FakeDevice();
    }
  };
}

export class FakeDevice {
  destroyed = false;
  queue = {};
  /** @type {(info: { message: string, reason?: string }) => void} */
  lose = () => {};
  lost = new Promise((resolve) => (this.lose = resolve));

  destroy() {
    this.destroyed = true;
    this.lose({ message: "Device was destroyed.", reason: "destroyed" });
  }
}

/** @param {string} content */
export function piece(content) {
  return { choices: [{ index: 0, delta: { content }, finish_reason: null }] };
}

export const USAGE = { choices: [], usage: { completion_tokens: 2, extra: { e2e_latency_s: 0.1 } } };

/** @param {any} bridge @param {unknown} [model] @returns {Stream} */
export function load(bridge, model = RECORD) {
  return bridge.load(JSON.stringify({ model }));
}

/** @param {any} bridge @param {object} question @returns {Stream} */
export function query(bridge, question) {
  return bridge.query(JSON.stringify(question));
}

/** @param {any} bridge @param {string} [id] @returns {Stream} */
export function resume(bridge, id = SESSION.sessionId) {
  return bridge.generate(JSON.stringify({ kind: "resume", request: { session_id: id } }));
}

/** @param {any} bridge @param {object} [body] @param {string} [kind] @returns {Stream} */
export function chat(bridge, body = {}, kind = "chat.completions") {
  const messages = [{ role: "user", content: "hello" }];
  return bridge.generate(JSON.stringify({ kind, request: { messages, ...body } }));
}

/**
 * Read a stream to its end.
 * @param {Stream} stream
 * @returns {Promise<{ items: any[], error: any }>}
 */
export async function drain(stream) {
  const items = [];
  try {
    for (let text = await stream.next(); text !== undefined; text = await stream.next()) items.push(JSON.parse(text));
  } catch (error) {
    return { items, error };
  }
  return { items, error: undefined };
}

/** @param {{ items: any[] }} drained */
export function textOf({ items }) {
  return items.flat().map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

/**
 * Skip the delays of the bridge between attempts.
 * @template T
 * @param {import("node:test").MockTracker} mock @param {Promise<T>} work @returns {Promise<T>}
 */
export async function skipDelays(mock, work) {
  mock.timers.enable({ apis: ["setTimeout"] });
  for (let delay = 0; delay < 5; delay += 1) {
    await settle();
    mock.timers.tick(500);
  }
  return work;
}

/** Wait until nothing can happen without a further event. */
export async function settle() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

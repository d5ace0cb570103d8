/**
 * The only JavaScript that knows WebLLM: it turns WebLLM's engine into streams of JSON text that
 * Python can read, stop and rely on.
 *
 * One file, no build, three places: a page (or a worker that runs Python) imports it; the engine
 * worker that it starts runs the same file; and it travels inside the wheel, where it is loaded
 * from a `blob:` URL. WebLLM itself is imported at run time from a URL that the caller gives.
 *
 * Promises kept here: every rejection is an `Error` whose `name` is one of {@link NAMES}; nothing
 * waits for a dead worker or a lost device; loads and generations run one at a time, first come first
 * served; a load is reported as done only when the model has answered.
 */

/** @typedef {typeof import("@mlc-ai/web-llm")} WebLLM */
/** @typedef {import("@mlc-ai/web-llm").MLCEngine | import("@mlc-ai/web-llm").WebWorkerMLCEngine} Engine */
/** @typedef {import("@mlc-ai/web-llm").ModelRecord} ModelRecord */
/** @typedef {import("@mlc-ai/web-llm").InitProgressReport} InitProgressReport */
/** @typedef {{ next(): Promise<string | undefined>, stop(): void }} Stream */
/** @typedef {{ webllmUrl: string, workerUrl: string, thread: "worker" | "main" }} Config */
/** @typedef {{ model: string } | { record: ModelRecord }} LoadRequest */
/** @typedef {"chat.completions" | "completions" | "embeddings" | "resume"} Kind */
/** @typedef {{ kind: Kind, body: Record<string, unknown> }} Call */
/** @typedef {{ kind: "models" | "sessions" } | { kind: "sessions.text" | "sessions.delete", sessionId: string }} Question */
/** @typedef {{ host: Host, engine: Engine, key: string, id: string }} Loaded */
/** @typedef {Pick<Worker, "postMessage" | "terminate" | "addEventListener">} EngineWorker */

/**
 * What the bridge takes from its surroundings; tests give their own.
 * @typedef {object} Surroundings
 * @property {(url: string) => Promise<WebLLM>} importWebLLM
 * @property {(url: string, name: string) => EngineWorker} createWorker
 * @property {Pick<LockManager, "request"> | undefined} locks
 * @property {(scope: string) => Promise<Cache>} openCache
 * @property {unknown} gpu `navigator.gpu`; undefined where there is no WebGPU
 * @property {{ prototype: Pick<GPUAdapter, "requestDevice"> } | undefined} GPUAdapter
 * @property {number} helloSeconds how long a worker may take until it runs this file
 * @property {number} releaseSeconds how long what was given up may take to let go of what it holds
 */

/**
 * Open a bridge. It starts nothing and downloads nothing until the first load.
 * @param {string} configJson `{webllmUrl, workerUrl?, thread?: "worker" | "main"}`
 * @param {Partial<Surroundings>} [surroundings]
 */
export function openBridge(configJson, surroundings = {}) {
  return new Bridge(readConfig(configJson), { ...defaultSurroundings(), ...surroundings });
}

/**
 * Tell whether a model can run here, without starting or downloading anything.
 * @param {{ isSecureContext: boolean, navigator: { gpu?: GPU } }} [scope]
 * @returns {Promise<string>} JSON text
 */
export async function checkSupport(scope = globalThis) {
  const gpu = scope.navigator.gpu;
  const support = { secure: scope.isSecureContext, webgpu: gpu !== undefined, features: [], limits: {} };
  if (!support.secure) return JSON.stringify({ ...support, problem: "insecure-context" });
  if (!gpu) return JSON.stringify({ ...support, problem: "no-webgpu" });
  const adapter = await findAdapter(gpu);
  if (!adapter) return JSON.stringify({ ...support, problem: "no-adapter" });
  const limits = NEEDED_LIMITS.map(([name, needed]) => ({ name, value: adapter.limits[name], needed }));
  const shortfalls = limits.filter(({ value, needed }) => value < needed);
  return JSON.stringify({
    ...support,
    adapter: describeAdapter(adapter),
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(limits.map(({ name, value }) => [name, value])),
    ...(shortfalls.length > 0 && { problem: "limits", shortfalls }),
  });
}

/** The least that WebLLM 0.2.86 accepts (its `detectGPUDevice`). */
const NEEDED_LIMITS = /** @type {const} */ ([
  ["maxBufferSize", 2 ** 28],
  ["maxStorageBufferBindingSize", 2 ** 27],
  ["maxComputeWorkgroupStorageSize", 2 ** 15],
  ["maxStorageBuffersPerShaderStage", 10],
  // Told because it decides about speed; WebLLM takes whatever there is.
  ["maxComputeInvocationsPerWorkgroup", 0],
]);

/** A GPU process that is stuck leaves the question for an adapter open for good. */
const ADAPTER_SECONDS = 30;

/** @param {GPU} gpu @returns {Promise<GPUAdapter | null | undefined>} nothing where the browser refuses or is stuck */
function findAdapter(gpu) {
  // Asked as WebLLM asks, so that the answer is about the adapter that it would get.
  const ask = async () => gpu.requestAdapter({ powerPreference: "high-performance" });
  return within(ADAPTER_SECONDS, ask()).catch(() => null);
}

/** Chrome before 127 has no `info`, and `isFallbackAdapter` was first the adapter's. @param {GPUAdapter} adapter */
function describeAdapter(adapter) {
  const old = /** @type {{ info?: GPUAdapterInfo, isFallbackAdapter?: boolean }} */ (adapter);
  const { vendor = "", architecture = "", description = "", isFallbackAdapter } = old.info ?? {};
  return { vendor, architecture, description, fallback: isFallbackAdapter ?? old.isFallbackAdapter ?? false };
}

// ---------------------------------------------------------------------------------------- bridge

/** One engine, its queue, and everyone who listens to it. */
class Bridge {
  #config;
  #surroundings;
  #queue = new Queue();
  /** @type {Set<Channel>} every stream that has not ended */
  #channels = new Set();
  /** @type {Set<Channel>} the channels of `watch()` */
  #watchers = new Set();
  /** @type {Flight | undefined} the load asked for last, until it is settled */
  #flight;
  /** @type {Loaded | undefined} */
  #loaded;
  /** Counts lost engines, so that a call knows whether one was lost while it waited. */
  #losses = 0;
  /** @type {BridgeError | undefined} */
  #lastLoss;
  /** @type {Promise<void> | undefined} */
  #disposal;
  #importFailures = 0;

  /** @param {Config} config @param {Surroundings} surroundings */
  constructor(config, surroundings) {
    this.#config = config;
    this.#surroundings = surroundings;
  }

  /**
   * Load a model; callers that ask for the same model share one load.
   * @param {string} requestJson `{model: "<id of WebLLM's list>"}` or `{model: {…record}}`
   * @returns {Stream} the newest progress at each `next()`; its end means that the model answered
   */
  load(requestJson) {
    return this.#open({ latestOnly: true }, (channel) => {
      const request = readLoad(requestJson);
      const key = JSON.stringify(request);
      if (!this.#flight && this.#loaded?.key === key) return channel.end(readyAtOnce());
      // Only the load asked for last may be joined: after any other, a different model is loaded.
      if (this.#flight?.key !== key) this.#flight = this.#schedule(new Flight(key), request);
      this.#flight.board(channel);
    });
  }

  /**
   * Ask the loaded model for something: `embeddings` have one chunk, the response; `resume`, whose
   * request is `{session_id}`, begins with a chunk of the text that was kept.
   * @param {string} requestJson `{kind: "chat.completions" | "completions" | "embeddings" | "resume", request: {…}}`
   * @returns {Stream} a JSON array of all chunks that wait at each `next()`; the last has the usage
   */
  generate(requestJson) {
    return this.#open({}, (channel) => {
      const call = readCall(requestJson);
      const losses = this.#losses;
      this.#queue.add(() => this.#generate(call, channel, losses));
    });
  }

  /**
   * Ask what needs no model, also while one works: WebLLM's list of models, and the answers that were
   * cut off and are kept in this browser, of each of which `sessions.text` tells `{text, completion_tokens}`.
   * @param {string} requestJson `{kind: "models" | "sessions"}` or `{kind: "sessions.text" | "sessions.delete", session_id}`
   * @returns {Stream} one JSON text
   */
  query(requestJson) {
    return this.#open({ latestOnly: true }, (channel) => {
      void this.#answer(readQuestion(requestJson), channel);
    });
  }

  /** Events: `{type: "lost", name, message}` and `{type: "disposed"}`. @returns {Stream} */
  watch() {
    const channel = this.#track(new Channel());
    this.#watchers.add(channel);
    channel.onClosed(() => this.#watchers.delete(channel));
    if (this.#disposal) channel.end({ type: "disposed" });
    return channel.stream;
  }

  /**
   * Make bytes that Python holds available to WebLLM as if they had been downloaded. The browser may forget them at
   * any time, so this comes before each load; it writes only what is missing or differs.
   * @param {string} name path under the virtual address
   * @param {Uint8Array} bytes
   * @returns {Promise<string>} the URL to put into a model record
   */
  async publish(name, bytes) {
    if (this.#disposal) throw disposedError();
    return publish(this.#surroundings.openCache, name, bytes);
  }

  /**
   * Tell whether a load of this model would fetch nothing: it is there, or the last load that runs or waits is of it.
   * @param {string} requestJson as for `load`
   */
  holds(requestJson) {
    return (this.#flight ?? this.#loaded)?.key === JSON.stringify(readLoad(requestJson));
  }

  /** End every stream, free the GPU and the worker. @returns {Promise<void>} */
  dispose() {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose() {
    for (const watcher of [...this.#watchers]) watcher.end({ type: "disposed" });
    // A load whose last caller has gone cancels itself, so failing the streams also ends it.
    for (const channel of [...this.#channels]) channel.fail(disposedError());
    await this.#unload(disposedError());
    await this.#queue.idle();
  }

  /**
   * @param {{ latestOnly?: boolean }} options
   * @param {(channel: Channel) => void} begin
   * @returns {Stream}
   */
  #open(options, begin) {
    const channel = this.#track(new Channel(options));
    try {
      if (this.#disposal) throw disposedError();
      begin(channel);
    } catch (error) {
      channel.fail(nameError(error, "request"));
    }
    return channel.stream;
  }

  /** @param {Channel} channel */
  #track(channel) {
    this.#channels.add(channel);
    channel.onClosed(() => this.#channels.delete(channel));
    return channel;
  }

  /** @param {Question} question @param {Channel} channel */
  async #answer(question, channel) {
    try {
      channel.end(await answer(await this.#importWebLLM(), question));
    } catch (error) {
      // As for a load: a file may be missing, and no device can be lost.
      channel.fail(nameError(error, "load"));
    }
  }

  // Loading

  /** @param {Flight} flight @param {LoadRequest} request */
  #schedule(flight, request) {
    const forget = () => {
      if (this.#flight === flight) this.#flight = undefined;
    };
    flight.signal.addEventListener("abort", forget);
    this.#queue.add(async () => {
      try {
        if (this.#loaded?.key === flight.key) flight.land();
        else if (!flight.signal.aborted) await this.#reload(flight, request);
      } catch (error) {
        flight.fail(nameError(error, "load"));
      }
      forget();
    });
    return flight;
  }

  /** @param {Flight} flight @param {LoadRequest} request */
  async #reload(flight, request) {
    if (!this.#surroundings.gpu) throw new BridgeError("WebGPUNotAvailableError", "This browser has no WebGPU.");
    const host = this.#createHost();
    // Failed and aborted loads of WebLLM 0.2.86 never free their GPU device: only the end of the
    // host does. So each load has a host of its own, and each host at most one model.
    const cancel = () => void host.close(new BridgeError("AbortError", "The load was cancelled."));
    flight.signal.addEventListener("abort", cancel);
    /** @type {ModelRecord | undefined} */
    let record;
    try {
      flight.report("start", 0, "Starting the engine");
      const webllm = await host.lifeline.guard(this.#importWebLLM());
      record = findRecord(request, webllm);
      // A load that nobody waits for any more takes no model from anyone.
      host.lifeline.check();
      await this.#unload(new BridgeError("ModelNotLoadedError", "Another model is being loaded."));
      const engine = await host.open(webllm);
      engine.setAppConfig({ model_list: [record] });
      engine.setInitProgressCallback((/** @type {InitProgressReport} */ report) => flight.report(...readReport(report)));
      flight.report("start", 0.5, "Reading the model's configuration");
      await host.reload(record.model_id);
      flight.report("compile", 1, "Waiting for the model's first token");
      await probe(host.lifeline, engine, record).catch((error) => {
        throw nameError(error, "generate");
      });
      host.lifeline.check();
      this.#loaded = { host, engine, key: flight.key, id: record.model_id };
      flight.land();
    } catch (error) {
      await host.close(new BridgeError("AbortError", "The load has failed."));
      if (record && nameError(error, "load").name === "IntegrityError") {
        const { openCache, releaseSeconds } = this.#surroundings;
        const weights = split(error).name === "IntegrityError";
        await within(releaseSeconds, forgetFiles(openCache, record, weights)).catch(() => {});
      }
      throw error;
    }
    host.lifeline.onCut((error) => this.#lose(host, error));
  }

  /** @returns {Host} */
  #createHost() {
    const Kind = this.#config.thread === "main" ? MainHost : WorkerHost;
    return new Kind(this.#config, this.#surroundings);
  }

  /** @returns {Promise<WebLLM>} */
  async #importWebLLM() {
    // Some browsers remember that a module failed to load; a fragment makes it another module.
    const attempt = this.#importFailures > 0 ? `#${this.#importFailures}` : "";
    try {
      return await this.#surroundings.importWebLLM(this.#config.webllmUrl + attempt);
    } catch (error) {
      this.#importFailures += 1;
      throw error;
    }
  }

  /** Give up the loaded model on purpose. @param {BridgeError} reason */
  async #unload(reason) {
    const host = this.#loaded?.host;
    this.#loaded = undefined;
    await host?.close(reason);
  }

  /** The loaded model is gone and nobody asked for that. @param {Host} host @param {BridgeError} error */
  #lose(host, error) {
    if (this.#loaded?.host !== host) return;
    this.#loaded = undefined;
    this.#losses += 1;
    this.#lastLoss = error;
    for (const watcher of this.#watchers) watcher.push({ type: "lost", name: error.name, message: error.message });
    void host.close(error);
  }

  // Generation

  /** @param {Call} call @param {Channel} channel @param {number} losses */
  async #generate(call, channel, losses) {
    if (channel.closed) return;
    try {
      await generate(this.#loadedFor(call, losses), call, channel);
      channel.end();
    } catch (error) {
      channel.fail(nameError(error, "generate"));
    }
  }

  /** @param {Call} call @param {number} losses @returns {Loaded} */
  #loadedFor(call, losses) {
    if (!this.#loaded) {
      if (this.#lastLoss && this.#losses > losses) throw this.#lastLoss;
      throw new BridgeError("ModelNotLoadedError", "No model is loaded; load one first.");
    }
    const { id } = this.#loaded;
    const wanted = call.body["model"] ?? id;
    if (wanted === id) return this.#loaded;
    throw new BridgeError("ModelNotLoadedError", `The model ${wanted} is not loaded; ${id} is.`);
  }
}

/** Runs operations one after another. An operation never rejects. */
class Queue {
  /** @type {Promise<void>} */
  #tail = Promise.resolve();

  /** @param {() => Promise<void>} operation */
  add(operation) {
    this.#tail = this.#tail.then(operation);
  }

  idle() {
    return this.#tail;
  }
}

/** One load and everyone who waits for it; the last to leave cancels it. */
class Flight {
  #cancellation = new AbortController();
  #settled = false;
  #began = performance.now();
  /** @type {Progress} */
  #progress = { phase: "start", ratio: 0, text: "Waiting for the engine", elapsed: 0 };
  /** @type {Set<Channel>} */
  #passengers = new Set();

  /** @param {string} key what tells this load from others */
  constructor(key) {
    this.key = key;
    this.signal = this.#cancellation.signal;
  }

  /** @param {Channel} channel */
  board(channel) {
    this.#passengers.add(channel);
    channel.push(this.#progress);
    channel.onClosed(() => {
      this.#passengers.delete(channel);
      if (this.#passengers.size === 0 && !this.#settled) this.#cancellation.abort();
    });
  }

  /** @param {Phase} phase @param {number} part of the phase, 0 to 1 @param {string} text */
  report(phase, part, text) {
    const past = this.#progress;
    const [low, high] = SPANS[phase];
    this.#progress = {
      // WebLLM's own progress runs from 0 to 1 up to three times; ours must never fall.
      phase: PHASES.indexOf(phase) < PHASES.indexOf(past.phase) ? past.phase : phase,
      ratio: Math.max(past.ratio, low + (high - low) * (part || 0)),
      text,
      elapsed: (performance.now() - this.#began) / 1000,
    };
    for (const passenger of this.#passengers) passenger.push(this.#progress);
  }

  land() {
    this.#settled = true;
    this.report("ready", 1, "Ready");
    for (const passenger of [...this.#passengers]) passenger.end();
  }

  /** @param {BridgeError} error */
  fail(error) {
    this.#settled = true;
    for (const passenger of [...this.#passengers]) passenger.fail(error);
  }
}

/** @typedef {"start" | "fetch" | "load" | "compile" | "ready"} Phase */
/** @typedef {{ phase: Phase, ratio: number, text: string, elapsed: number }} Progress */

/** @type {Phase[]} */
const PHASES = ["start", "fetch", "load", "compile", "ready"];

/** The share of each phase in the whole load. @type {Record<Phase, [number, number]>} */
const SPANS = { start: [0, 0.05], fetch: [0.05, 0.6], load: [0.6, 0.75], compile: [0.75, 0.99], ready: [1, 1] };

/** How WebLLM's reports begin in each phase. @type {[string, Phase][]} */
const REPORTS = [
  ["Start to fetch params", "fetch"],
  ["Fetching param cache", "fetch"],
  ["Loading model from cache", "load"],
  ["Loading GPU shader modules", "compile"],
  ["Finish loading", "compile"],
];

/** @param {InitProgressReport} report @returns {[Phase, number, string]} */
function readReport({ progress, text }) {
  const phase = REPORTS.find(([beginning]) => text.startsWith(beginning))?.[1];
  return phase ? [phase, progress, text] : ["start", 0, text];
}

/** @returns {Progress} */
function readyAtOnce() {
  return { phase: "ready", ratio: 1, text: "Ready", elapsed: 0 };
}

/** The producer's side of a stream: what is pushed waits here until `next()` takes all of it. */
class Channel {
  closed = false;
  #latestOnly;
  /** @type {unknown[]} */
  #items = [];
  /** @type {BridgeError | undefined} */
  #error;
  /** @type {(() => void)[]} */
  #wakers = [];
  /** @type {(() => void)[]} */
  #closedListeners = [];

  /** The consumer's side. @type {Stream} */
  stream = Object.freeze({ next: () => this.#next(), stop: () => this.#stop() });

  /** @param {{ latestOnly?: boolean }} [options] keep only the newest item and send it bare */
  constructor({ latestOnly = false } = {}) {
    this.#latestOnly = latestOnly;
  }

  /** @param {unknown} item */
  push(item) {
    if (this.closed) return;
    if (this.#latestOnly) this.#items = [];
    this.#items.push(item);
    this.#wake();
  }

  /** @param {unknown} [lastItem] */
  end(lastItem) {
    if (lastItem !== undefined) this.push(lastItem);
    this.#close();
  }

  /** @param {BridgeError} error rejects the `next()` that finds nothing else waiting */
  fail(error) {
    if (this.closed) return;
    this.#error = error;
    this.#close();
  }

  /** @param {() => void} listener */
  onClosed(listener) {
    if (this.closed) listener();
    else this.#closedListeners.push(listener);
  }

  #stop() {
    this.#items = [];
    this.#error = undefined;
    this.#close();
  }

  #close() {
    if (this.closed) return;
    this.closed = true;
    this.#wake();
    for (const listener of this.#closedListeners) listener();
  }

  /** @returns {Promise<string | undefined>} */
  async #next() {
    while (this.#items.length === 0 && !this.closed) await this.#arrival();
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) return JSON.stringify(this.#latestOnly ? items[0] : items);
    if (this.#error) throw this.#error;
    return undefined;
  }

  /** @returns {Promise<void>} */
  #arrival() {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  #wake() {
    for (const waker of this.#wakers.splice(0)) waker();
  }
}

// --------------------------------------------------------------------------------------- loading

/** @param {LoadRequest} request @param {WebLLM} webllm @returns {ModelRecord} */
function findRecord(request, webllm) {
  /** @type {ModelRecord[]} */
  const list = webllm.prebuiltAppConfig.model_list;
  if ("record" in request) return { ...request.record, required_features: requiredFeatures(request.record) };
  const record = list.find(({ model_id }) => model_id === request.model);
  if (!record) throw new BridgeError("ModelNotFoundError", `WebLLM's list has no model "${request.model}".`);
  return { ...record, required_features: requiredFeatures(record) };
}

/**
 * 56 of the 86 f16 models in WebLLM 0.2.86 do not declare what they need, and would fail only after
 * the download.
 * @param {ModelRecord} record
 */
function requiredFeatures({ model_id, required_features = [] }) {
  const features = new Set(required_features);
  if (/q\d+f16/.test(model_id)) features.add("shader-f16");
  return [...features];
}

/** WebLLM's `ModelType.embedding`. */
const EMBEDDING = 1;

/**
 * A model is loaded when it has answered: `reload` of WebLLM 0.2.86 also resolves when it was aborted.
 * @param {Lifeline} lifeline @param {Engine} engine @param {ModelRecord} record
 */
async function probe(lifeline, engine, record) {
  const ask = record.model_type === EMBEDDING ? probeEmbedding : probeChat;
  const answered = await lifeline.guard(ask(engine));
  if (!answered) throw new BridgeError("EngineError", "The model was loaded but does not answer.");
}

/** @param {Engine} engine */
async function probeEmbedding(engine) {
  const { data } = await engine.embeddings.create({ input: "Hi" });
  return data.length > 0;
}

/** @param {Engine} engine */
async function probeChat(engine) {
  const messages = [{ role: /** @type {const} */ ("user"), content: "Hi" }];
  const { choices } = await engine.chat.completions.create({ messages, max_tokens: 1 });
  await engine.resetChat();
  return choices.length > 0;
}

/** The caches that WebLLM 0.2.86 reads, by what they hold. */
const CACHES = { config: "webllm/config", library: "webllm/wasm", weights: "webllm/model" };

/** `.invalid` is reserved (RFC 2606): no request to it can ever reach anyone. */
const VIRTUAL_BASE = "https://pywebllm.invalid/";

/** @param {Surroundings["openCache"]} openCache @param {string} name @param {Uint8Array} bytes */
async function publish(openCache, name, bytes) {
  const href = parseUrl(name, VIRTUAL_BASE);
  if (!href?.startsWith(VIRTUAL_BASE) || !ArrayBuffer.isView(bytes)) {
    throw invalid(`publish() takes a relative name and bytes, not ${name}`);
  }
  try {
    const cache = await openCache(cacheOf(href));
    const known = await cache.match(href);
    if (!known || !equalBytes(new Uint8Array(await known.arrayBuffer()), bytes)) {
      await cache.put(href, new Response(/** @type {Uint8Array<ArrayBuffer>} */ (bytes)));
    }
  } catch (error) {
    throw nameError(error, "load");
  }
  return href;
}

/** @param {string} url */
function cacheOf(url) {
  if (url.endsWith(".wasm")) return CACHES.library;
  return url.endsWith("/mlc-chat-config.json") ? CACHES.config : CACHES.weights;
}

/** @param {Uint8Array} one @param {Uint8Array} other */
function equalBytes(one, other) {
  let same = one.length === other.length;
  // A model has millions of bytes, and `every` takes eight times as long.
  for (let index = 0; same && index < one.length; index += 1) same = one[index] === other[index];
  return same;
}

/**
 * WebLLM caches a file before it looks at it, so that a spoiled one would spoil every later load.
 * Published files stay: they cannot be downloaded, and `publish` before the next load mends them.
 * @param {Surroundings["openCache"]} openCache @param {ModelRecord} record
 * @param {boolean} weights whether these may be spoiled too: they are neither parsed nor compiled
 */
async function forgetFiles(openCache, record, weights) {
  if (record.model.startsWith(VIRTUAL_BASE)) return;
  const folder = record.model.replace(/\/?$/, "/");
  const isOurs = (/** @type {string} */ url) => url === record.model_lib || url.startsWith(folder);
  for (const scope of Object.values(CACHES)) {
    const cache = await openCache(scope);
    for (const { url } of await cache.keys()) {
      if (isOurs(url) && (weights || !url.endsWith(".bin"))) await cache.delete(url);
    }
  }
}

// ------------------------------------------------------------------------------------ generation

/**
 * Pump one generation into a channel. WebLLM is asked for the next chunk whether or not anyone waits,
 * so a slow reader slows nothing down. Resolves when the engine is free again.
 * @param {Loaded} loaded @param {Call} call @param {Channel} channel
 */
async function generate({ host: { lifeline }, engine }, call, channel) {
  /** @type {AsyncIterator<unknown> | undefined} */
  let iterator;
  try {
    iterator = (await lifeline.guard(startGeneration(engine, call, channel)))[Symbol.asyncIterator]();
    // WebLLM cannot be interrupted within a prefill or a decode step; a stopped one ends with the
    // step, and what it still sends is dropped.
    channel.onClosed(() => iterator && engine.interruptGenerate());
    while (!channel.closed) {
      const step = await lifeline.guard(iterator.next());
      if (step.done) break;
      channel.push(step.value);
    }
  } catch (thrown) {
    const error = nameError(thrown, iterator ? "generate" : "request");
    // An engine that failed for its own reasons is not trusted with another request.
    if (!BLAMELESS.has(error.name)) lifeline.cut(error);
    throw error;
  } finally {
    const finished = iterator?.return?.();
    iterator = undefined;
    await lifeline.guard(finished).catch(() => {});
  }
}

/**
 * @param {Engine} engine @param {Call} call @param {{ closed: boolean }} channel
 * @returns {Promise<AsyncIterable<unknown>>}
 */
async function startGeneration(engine, { kind, body }, channel) {
  if (kind === "resume") return resume(engine, readSessionId(body), channel);
  if (kind === "embeddings") return embed(engine, body, channel);
  const api = kind === "completions" ? engine.completions : engine.chat.completions;
  const options = /** @type {object | undefined} */ (body["stream_options"]);
  const request = { ...body, stream: true, stream_options: { ...options, include_usage: true } };
  return /** @type {any} */ (api).create(request);
}

/** WebLLM cannot be stopped while it embeds, so it never gets more than this at once. */
const EMBEDDED_AT_ONCE = 16;

/**
 * A stream of one, so that an embedding that fails is not taken for a request that was refused.
 * @param {Engine} engine @param {any} request @param {{ closed: boolean }} channel
 */
async function* embed(engine, request, channel) {
  const responses = [];
  for (const input of slices(request.input)) {
    if (channel.closed) return;
    responses.push(await engine.embeddings.create({ ...request, input }));
  }
  yield responses.length === 1 ? responses[0] : joined(responses);
}

/** A list of texts or of token lists in parts; one text or token list as it is. @param {any} input @returns {any[]} */
function slices(input) {
  if (!Array.isArray(input) || typeof input[0] === "number") return [input];
  const parts = [];
  for (let start = 0; start === 0 || start < input.length; start += EMBEDDED_AT_ONCE) {
    parts.push(input.slice(start, start + EMBEDDED_AT_ONCE));
  }
  return parts;
}

/** @param {any[]} responses to the parts of one request */
function joined(responses) {
  const data = responses.flatMap((response) => response.data).map((item, index) => ({ ...item, index }));
  const usages = responses.map(({ usage }) => usage);
  const sum = (/** @type {(usage: any) => number} */ count) => usages.reduce((total, usage) => total + count(usage), 0);
  const seconds = sum(({ total_tokens, extra }) => total_tokens / extra.prefill_tokens_per_s);
  const total_tokens = sum((usage) => usage.total_tokens);
  const extra = { prefill_tokens_per_s: total_tokens / seconds };
  const usage = { prompt_tokens: sum((usage) => usage.prompt_tokens), total_tokens, extra };
  return { ...responses[0], data, usage };
}

// ---------------------------------------------------------------------------- answers that are kept

/** @typedef {import("@mlc-ai/web-llm").ResumeProbeResult} Session */
/** @typedef {{ modelId: string, recoveredText: string, emittedTokens: number, processedSeqLen: number }} Kept */

/**
 * Go on with an answer that was cut off: {@link wholeAnswer}.
 * @param {Engine} engine @param {string} sessionId @param {{ closed: boolean }} channel
 */
async function* resume(engine, sessionId, channel) {
  const { steps, first } = await patiently(sessionId, () => goOn(engine, sessionId, channel));
  try {
    for (let step = first; !step.done; step = await steps.next()) yield step.value;
  } finally {
    await steps.return?.();
  }
}

/**
 * Begin to go on: only at its first step does WebLLM see whether another tab writes the answer.
 * @param {Engine} engine @param {string} sessionId @param {{ closed: boolean }} channel
 */
async function goOn(engine, sessionId, channel) {
  const options = /** @type {const} */ ({ continueGeneration: true, stream: true });
  const found = await engine.resumeChatCompletion(sessionId, options).catch((error) => {
    // Until then it has only read files.
    throw nameError(error, "request");
  });
  if (!(Symbol.asyncIterator in found)) {
    throw new BridgeError("NotResumableError", `The loaded model cannot go on with the answer ${sessionId}.`);
  }
  /** @type {AsyncIterator<any, unknown>} */
  const steps = found[Symbol.asyncIterator]();
  const over = /** @type {const} */ ({ done: true, value: undefined });
  return { steps, first: channel.closed ? over : await steps.next() };
}

/** A tab that lists what is kept holds each of it for a moment. */
const PAUSES_MS = [100, 200, 400];

/**
 * Do what WebLLM refuses while an answer is held elsewhere.
 * @template T
 * @param {string} sessionId @param {() => Promise<T>} work @returns {Promise<T>}
 */
async function patiently(sessionId, work) {
  for (const pause of [...PAUSES_MS, 0]) {
    try {
      return await work();
    } catch (error) {
      if (!split(error).message.startsWith("Resumable session is already active")) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  const where = "is still being written in another tab, or in this one";
  throw invalid(`The answer ${sessionId} ${where}: stop it there, or wait for its end.`);
}

/** A text less the character that it breaks off in: that one comes again when it is whole. @param {string} text */
function wholeCharacters(text) {
  return text.replace(/\uFFFD+$/, "");
}

// ---------------------------------------------------------------------------------------- questions

/** @param {WebLLM} webllm @param {Question} question @returns {Promise<unknown>} */
async function answer(webllm, question) {
  if (question.kind === "models") return webllm.prebuiltAppConfig.model_list.map(describeModel);
  // What is kept are files of this origin, and an engine needs no model to read them.
  const engine = new webllm.MLCEngine();
  try {
    if (!("sessionId" in question)) return (await engine.listResumableSessions()).map(describeSession);
    const { kind, sessionId } = question;
    if (kind === "sessions.text") return describeText(await engine.resumeChatCompletion(sessionId));
    await patiently(sessionId, () => engine.deleteResumableSession(sessionId));
  } catch (error) {
    // Where a site may keep no files, as in a sandboxed frame, nothing is kept.
    if (split(error).name !== "SecurityError") throw error;
    if (question.kind === "sessions") return [];
    if (question.kind === "sessions.text") {
      throw new BridgeError("SessionNotFoundError", `No answer is kept under the id ${question.sessionId}.`);
    }
  }
  return {};
}

/** By WebLLM's `ModelType`. */
const MODEL_KINDS = ["language", "embedding", "vision"];

/** JSON leaves out what is undefined. @param {ModelRecord} record */
function describeModel(record) {
  return {
    id: record.model_id,
    vram_required_mb: record.vram_required_MB,
    context_window_size: record.overrides?.context_window_size,
    required_features: requiredFeatures(record),
    kind: MODEL_KINDS[record.model_type ?? 0],
  };
}

/** @param {Session} session */
function describeSession({ sessionId, modelId, resumable, reason, emittedTokens }) {
  return { id: sessionId, model: modelId, resumable, reason, completion_tokens: emittedTokens };
}

/** @param {any} kept without its continuation */
function describeText({ recoveredText, emittedTokens }) {
  return { text: wholeCharacters(recoveredText), completion_tokens: emittedTokens };
}

// ----------------------------------------------------------------------------------- mending WebLLM

/**
 * Mend what WebLLM 0.2.86 does to prompts and to answers that stream, inside its own engine:
 * - `$$` and the like in a message are read as `String.replace` reads them, and `{function_string}` is lost;
 * - a chunk has the logprobs of one token, though it may take several tokens to make a character;
 * - a token that is part of a character has the bytes of U+FFFD, and the one that ends an answer is
 *   listed among the tokens of its text;
 * - an answer that ends within a character loses the text that waited for its end;
 * - an answer ends before the last occurrence of a stop string in its text, of which the first tokens
 *   were sent before WebLLM sees that they are one, and which the next turn finds in the KV cache;
 * - the block that `enable_thinking: false` begins an answer with is searched for stop strings, and
 *   counts for `max_tokens`;
 * - without `top_logprobs` there are no logprobs at all;
 * - seeds below 0 break its generator of random numbers, and small ones all begin alike;
 * - the usage does not say how much of the prompt was still in the KV cache, and that of a resumed
 *   answer counts some tokens of its beginning, and the first new one sometimes twice;
 * - a resumed answer begins with its first new token, and nothing tells what it goes on from;
 * - an answer that is to be resumable and cannot be kept is written all the same, and only logged.
 *
 * Guarded by mend.test.mjs and kept.test.mjs in tests/bridge, which run WebLLM itself without a model, and by
 * tests/browser/test_reference_chat.py.
 * @param {any} engine WebLLM's `MLCEngine`: what is mended is private
 */
function mend(engine) {
  const { preparePrefillInput, streamCurrentGeneration } = engine ?? {};
  if (!preparePrefillInput || !streamCurrentGeneration) return;
  /** The length of the KV cache when the prefill of a request begins. @type {WeakMap<object, number>} */
  const reused = new WeakMap();
  engine.preparePrefillInput = (/** @type {[any, any, ...any]} */ ...given) => {
    const [request, pipeline, config, mayReuse = true] = given;
    const input = preparePrefillInput.call(engine, request, pipeline, config, mayReuse && !stale.has(pipeline));
    takeLiterally(pipeline.getConversationObject());
    mendPipeline(pipeline);
    reused.set(request, pipeline.filledKVCacheLength);
    return input;
  };
  engine.streamCurrentGeneration = (/** @type {any[]} */ ...given) => {
    const [request, , pipeline, , , state, , options] = given;
    const chunks = streamCurrentGeneration.apply(engine, given);
    const offset = options?.completionTokenOffset ?? 0;
    mendPipeline(pipeline);
    return new MendedStream({ request, pipeline, state, offset, cached: reused.get(request) }).read(chunks);
  };
  mendCoordinator(engine.resumableCoordinator);
  for (const name of ["chatCompletion", "completion"]) {
    const create = engine[name];
    engine[name] = (/** @type {any} */ request) => create.call(engine, withSeed(withTopLogprobs(request)));
  }
}

/** @param {any} coordinator of the answers that are kept */
function mendCoordinator(coordinator) {
  const { streamContinuation, tryCreateJournal } = coordinator;
  coordinator.streamContinuation = (/** @type {any[]} */ ...given) =>
    wholeAnswer(given[5], streamContinuation.apply(coordinator, given));
  coordinator.tryCreateJournal = (/** @type {any} */ config) => {
    if (!config) return undefined;
    const journal = tryCreateJournal.call(coordinator, { ...config, strictPersistence: false });
    if (!journal) throw cannotKeep("it has no file system for sites");
    const { begin } = journal;
    journal.config = config;
    journal.begin = (/** @type {any} */ first) => beginOrRefuse(journal, begin.call(journal, first));
    return journal;
  };
}

/**
 * Once an answer's beginning is kept, `strictPersistence` decides whether a file that fails ends it: by default it
 * does not, for the answer can be gone on with from there.
 * @param {any} journal @param {Promise<void>} beginning
 */
async function beginOrRefuse(journal, beginning) {
  try {
    await beginning;
  } catch (error) {
    const { message } = split(error);
    // The id is taken, or cannot be one: this is about the request.
    throw /^(Resumable session|Invalid resumable) /.test(message) ? error : cannotKeep(message);
  }
  if (!journal.active) throw cannotKeep(split(journal.pendingError).message);
}

/** @param {string} reason */
function cannotKeep(reason) {
  const advice = "Leave out resumable, or free disk space and use no private window and no sandboxed frame.";
  return invalid(`This browser cannot keep the answer: ${reason.replace(/\.$/, "")}. ${advice}`);
}

/**
 * The text that was kept as a first chunk, then the rest as WebLLM writes it, as one answer.
 * @param {Kept} kept what it goes on from, read when nobody else could write any more
 * @param {AsyncIterable<any>} rest
 */
async function* wholeAnswer(kept, rest) {
  const same = { id: crypto.randomUUID(), created: Math.floor(Date.now() / 1000) };
  const delta = { role: "assistant", content: wholeCharacters(kept.recoveredText) };
  const choices = [{ index: 0, delta, finish_reason: null, logprobs: null }];
  let isFirst = true;
  for await (const chunk of rest) {
    // Not before: only what has begun cleans up after itself.
    if (isFirst) yield { ...same, model: kept.modelId, object: "chat.completion.chunk", choices };
    isFirst = false;
    yield { ...chunk, ...same, ...(chunk.usage && { usage: usageWith(kept, chunk.usage) }) };
  }
}

/**
 * Usage of the whole answer. WebLLM either keeps the cache of its prompt as well, or reads it again.
 * @param {Kept} kept @param {any} rest
 */
function usageWith({ emittedTokens, processedSeqLen }, rest) {
  const completion_tokens = emittedTokens + rest.completion_tokens;
  const cached_tokens = Math.max(0, processedSeqLen - emittedTokens - rest.prompt_tokens);
  const total_tokens = rest.prompt_tokens + completion_tokens;
  return { ...rest, completion_tokens, total_tokens, extra: { ...rest.extra, cached_tokens } };
}

/**
 * WebLLM puts a message into its template by `String.replace`, which gives a meaning to `$$` or `$&`,
 * and then takes `{function_string}` out of both.
 * @param {any} conversation of this request or of one before
 */
function takeLiterally({ config }) {
  if (typeof config.system_template !== "string") return;
  config.system_template = templateOf(config.system_template);
  const roles = Object.entries(config.role_templates ?? {}).map(([role, template]) => {
    const bare = template.replace("{function_string}", "");
    return [role, templateOf(bare, (text) => ({ replace: () => text }))];
  });
  config.role_templates = Object.fromEntries(roles);
}

/**
 * A template that is filled with what it is given, letter by letter.
 * @param {string} template @param {(text: string) => unknown} [pass] hands on what is filled
 */
function templateOf(template, pass = (text) => text) {
  const replace = (/** @type {string} */ place, /** @type {string} */ value) =>
    pass(template.replace(place, () => value));
  return Object.assign(new String(template), { replace });
}

/** Asks for logprobs, but of no other tokens: at 0 WebLLM has none, and only this outlasts a journal. */
const NO_TOP = 0.5;

/** @param {any} request */
function withTopLogprobs(request) {
  return request.logprobs && !request.top_logprobs ? { ...request, top_logprobs: NO_TOP } : request;
}

/** The seeds of WebLLM's generator are the numbers from 1 to below this. */
const SEEDS = 2 ** 31 - 1;

/** @param {any} request */
function withSeed(request) {
  return Number.isInteger(request.seed) ? { ...request, seed: spread(request.seed) } : request;
}

/**
 * The first number of WebLLM's generator is proportional to the seed: after a small one the first
 * token would always be the likeliest. So neighbours among seeds are sent far apart.
 * @param {number} seed
 */
function spread(seed) {
  let bits = ((seed % 2 ** 32) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85157af5)) + 0x3c6ef372;
  for (const factor of [0x2c1b3c6d, 0x297a2d39]) bits = Math.imul(bits ^ (bits >>> 15), factor);
  return (((bits ^ (bits >>> 16)) >>> 0) % (SEEDS - 1)) + 1;
}

/** The entries of `logprobs` for tokens that end answers. @type {WeakSet<object>} */
const ends = new WeakSet();

/** Pipelines whose answer ended by a stop string, which is in the KV cache but not in the text. @type {WeakSet<object>} */
const stale = new WeakSet();

/** @param {any} pipeline */
function mendPipeline(pipeline) {
  if (Object.hasOwn(pipeline, "getTokenLogprob")) return;
  tellBytes(pipeline);
  endInTime(pipeline);
}

/** What WebLLM begins an answer with that shall have no thoughts, and takes for a part of it. */
const NO_THOUGHTS = "<think>\n\n</think>\n\n";

/**
 * Let a pipeline end answers before the first of all stop strings in what the model itself has written.
 * @param {any} pipeline
 */
function endInTime(pipeline) {
  const { processNextToken, tokenizer } = pipeline;
  /** @type {(ids: Iterable<number>) => string} */
  const write = (ids) => tokenizer.decode(Int32Array.from(ids));
  pipeline.processNextToken = (/** @type {number} */ token, /** @type {any} */ config, /** @type {any[]} */ ...rest) => {
    const { stopStr, outputIds, stopTokens } = pipeline;
    const prefix = config?.enable_thinking === false ? tokenizer.encode(NO_THOUGHTS) : [];
    const stops = stopTokens.includes(token) ? [] : stopsOf(pipeline, config);
    const ids = [...outputIds, token];
    // Only the newest token can complete a stop string, so all is read only when its end has one.
    const recent = write(ids.slice(-mostTokensOf(stops)));
    const stopped = stops.some((stop) => recent.includes(stop));
    // The rest of a text occurs in it once: at its end.
    const tail = stopped ? tailFrom(write(ids), stops, write(prefix).length) : "";
    const max_tokens = (config?.max_tokens ?? Infinity) + prefix.length;
    pipeline.stopStr = [];
    try {
      processNextToken.call(pipeline, token, { ...config, max_tokens, stop: tail ? [tail] : [] }, ...rest);
    } finally {
      pipeline.stopStr = stopStr;
    }
    stale.delete(pipeline);
    if (!tail) return;
    stale.add(pipeline);
    const logprobs = [...pipeline.getTokenLogprobArray()];
    const { length } = pipeline.getMessage();
    for (ids.pop(); logprobs.length > 0 && write(ids).length >= length; ids.pop()) ends.add(logprobs.pop());
  };
}

/** @param {any} pipeline @param {any} [request] or what WebLLM takes over from it @returns {string[]} */
function stopsOf({ stopStr }, { stop, ignore_eos } = {}) {
  return ignore_eos ? [] : [stopStr ?? [], stop ?? []].flat().filter((text) => text !== "");
}

/**
 * More tokens than the longest of these texts can be spread over: each has a byte of it, and some room is left for
 * what is cut at the beginning.
 * @param {string[]} texts
 */
function mostTokensOf(texts) {
  return Math.max(0, ...texts.map((text) => new TextEncoder().encode(text).length)) + 8;
}

/**
 * The text from the first stop string on, or "".
 * @param {string} text @param {string[]} stops @param {number} from where to begin to look
 */
function tailFrom(text, stops, from) {
  const found = stops.map((stop) => text.indexOf(stop, from)).filter((position) => position >= 0);
  return found.length > 0 ? text.slice(Math.min(...found)) : "";
}

/**
 * Let a pipeline tell the bytes of tokens that are no whole characters, and which tokens end answers.
 * @param {any} pipeline
 */
function tellBytes(pipeline) {
  const { getTokenLogprob } = pipeline;
  pipeline.getTokenLogprob = (/** @type {number} */ id, /** @type {number} */ top) => {
    const found = getTokenLogprob.call(pipeline, id, Math.floor(top));
    const bytes = found.token.includes("\uFFFD") ? bytesOf(pipeline, id) : found.bytes;
    const top_logprobs = found.top_logprobs.map((/** @type {any} */ other) => {
      if (!other.token.includes("\uFFFD")) return other;
      // WebLLM does not say which token it is; the one that was taken is known.
      return { ...other, bytes: other.logprob === found.logprob && other.token === found.token ? bytes : undefined };
    });
    const entry = { ...found, bytes, top_logprobs };
    if (pipeline.stopTokens.includes(id)) ends.add(entry);
    return entry;
  };
}

/**
 * The bytes of a token; undefined where its vocabulary does not tell them.
 * @param {any} pipeline @param {number} id
 */
function bytesOf({ tokenizer, token_postproc_method: method }, id) {
  /** @type {string} */
  const token = tokenizer.idToToken(id);
  if (method === "byte_level") {
    const bytes = [...token].map((character) => BYTES.get(character));
    return bytes.includes(undefined) ? undefined : bytes;
  }
  const byte = /^<0x([0-9A-F]{2})>$/i.exec(token)?.[1];
  return byte && [Number.parseInt(byte, 16)];
}

/** How vocabularies of byte-level BPE write bytes: visible Latin-1 as it is, the others from U+0100 on. */
const BYTES = (() => {
  let next = 0x100;
  const isVisible = (/** @type {number} */ byte) => /[!-~\u00A1-\u00AC\u00AE-\u00FF]/.test(String.fromCharCode(byte));
  const written = (/** @type {number} */ byte) => String.fromCharCode(isVisible(byte) ? byte : next++);
  return new Map(Array.from({ length: 256 }, (_, byte) => [written(byte), byte]));
})();

/** One stream of WebLLM's; its pipeline stands still while a chunk is looked at. */
class MendedStream {
  #request;
  #pipeline;
  #offset;
  #cached;
  /** @type {string[]} */
  #stops;
  /** How much of the answer has been sent, in UTF-16 code units. @type {number} */
  #textSent;
  #logprobsSent = 0;

  /** @param {{ request: any, pipeline: any, state: any, offset: number, cached: number | undefined }} stream */
  constructor({ request, pipeline, state, offset, cached }) {
    this.#request = request;
    this.#pipeline = pipeline;
    this.#offset = offset;
    this.#cached = cached;
    this.#stops = stopsOf(pipeline, request);
    this.#textSent = wholeCharacters(pipeline.getMessage().slice(0, state.prevMessageLength)).length;
  }

  /** @param {AsyncIterable<any>} chunks */
  async *read(chunks) {
    for await (const chunk of chunks) {
      const [choice] = chunk.choices;
      if (chunk.usage) yield { ...chunk, usage: this.#usage(chunk.usage) };
      else if (choice.finish_reason === null) yield* this.#more(chunk);
      else yield* this.#last(chunk);
    }
  }

  /** @param {any} chunk with a piece of text */
  *#more(chunk) {
    const stopped = this.#pipeline.stopped();
    const text = this.#takeText(stopped ? [] : this.#stops);
    if (text || stopped) yield* this.#piece(chunk, text);
  }

  /** @param {any} chunk with the reason for the end, and no text */
  *#last(chunk) {
    yield* this.#piece(chunk, this.#takeText([]));
    yield chunk;
  }

  /** @param {any} chunk gives all that pieces have in common @param {string} text */
  *#piece(chunk, text) {
    const logprobs = this.#takeLogprobs();
    if (!text && !logprobs?.content.length) return;
    const content = "messages" in this.#request ? { delta: { role: "assistant", content: text } } : { text };
    const choice = { ...content, index: 0, finish_reason: null, logprobs };
    yield { ...chunk, choices: [choice] };
  }

  /** @param {string[]} stops whose beginnings are held back */
  #takeText(stops) {
    const message = this.#pipeline.getMessage();
    const end = Math.max(this.#textSent, message.length - heldLength(message, stops));
    const text = message.slice(this.#textSent, end);
    this.#textSent = end;
    return text;
  }

  #takeLogprobs() {
    if (!this.#request.logprobs) return null;
    // Those of text that is held back wait with it.
    if (this.#textSent < this.#pipeline.getMessage().length) return { content: [] };
    const all = this.#pipeline.getTokenLogprobArray();
    const unsent = all.slice(this.#logprobsSent);
    this.#logprobsSent = all.length;
    const content = this.#request.ignore_eos ? unsent : unsent.filter((/** @type {object} */ it) => !ends.has(it));
    return { content };
  }

  /** @param {any} usage */
  #usage(usage) {
    if (this.#cached !== undefined) return { ...usage, extra: { ...usage.extra, cached_tokens: this.#cached } };
    const completion_tokens = this.#pipeline.getCurRoundDecodingTotalTokens() + this.#offset;
    return { ...usage, completion_tokens, total_tokens: usage.prompt_tokens + completion_tokens };
  }
}

/** How much of a text's end may be the beginning of a stop string. @param {string} text @param {string[]} stops */
function heldLength(text, stops) {
  let held = 0;
  for (const stop of stops) {
    for (let length = stop.length - 1; length > held; length -= 1) {
      if (text.endsWith(stop.slice(0, length))) held = length;
    }
  }
  return held;
}

// ------------------------------------------------------------------------------- where engines live

/**
 * A place where one engine lives and can be ended. `close` may be called at any time and again.
 * @typedef {object} Host
 * @property {Lifeline} lifeline
 * @property {(webllm: WebLLM) => Promise<Engine>} open
 * @property {(modelId: string) => Promise<void>} reload
 * @property {(reason: BridgeError) => Promise<void>} close
 */

/** Ends every wait for an engine when the engine has died or was given up. */
class Lifeline {
  /** @type {BridgeError | undefined} */
  #error;
  /** @type {Set<(error: BridgeError) => void>} */
  #listeners = new Set();

  /**
   * @template T
   * @param {Promise<T> | T} work
   * @returns {Promise<T>} the work's outcome, or the error with which the line was cut before
   */
  guard(work) {
    return new Promise((resolve, reject) => {
      this.onCut(reject);
      Promise.resolve(work).then(resolve, reject).finally(() => this.#listeners.delete(reject));
    });
  }

  /** @param {(error: BridgeError) => void} listener */
  onCut(listener) {
    if (this.#error) listener(this.#error);
    else this.#listeners.add(listener);
  }

  /** @param {BridgeError} error */
  cut(error) {
    if (this.#error) return;
    this.#error = error;
    for (const listener of [...this.#listeners]) listener(error);
    this.#listeners.clear();
  }

  check() {
    if (this.#error) throw this.#error;
  }
}

/**
 * @template T
 * @param {number} seconds
 * @param {Promise<T>} work
 * @returns {Promise<T | undefined>} the work's outcome, or nothing when it takes longer
 */
async function within(seconds, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Promise<undefined>} */
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(undefined), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** An engine in a module worker that runs this file. */
class WorkerHost {
  lifeline = new Lifeline();
  #config;
  #surroundings;
  #closed = new AbortController();
  /** @type {EngineWorker | undefined} */
  #worker;
  /** @type {Engine | undefined} */
  #engine;
  /** What WebLLM takes for a worker; the real one also carries our own messages. */
  #port = {
    /** @type {((event: MessageEvent) => void) | undefined} */
    onmessage: undefined,
    postMessage: (/** @type {unknown} */ message) => this.#worker?.postMessage(message),
  };
  /** @type {Map<string, (message: any) => void>} */
  #hearers = new Map();

  /** @param {Config} config @param {Surroundings} surroundings */
  constructor(config, surroundings) {
    this.#config = config;
    this.#surroundings = surroundings;
  }

  /** @param {WebLLM} webllm */
  async open(webllm) {
    this.lifeline.check();
    const name = `${WORKER_NAME}:${Math.random().toString(36).slice(2)}`;
    this.#worker = this.#start(name);
    const { locked } = await this.#greet();
    if (locked) this.#watchLock(name);
    const ready = this.#hear("ready");
    this.#worker.postMessage({ [TAG]: "start", webllmUrl: this.#config.webllmUrl });
    await this.lifeline.guard(ready);
    this.#engine = new webllm.WebWorkerMLCEngine(this.#port);
    return this.#engine;
  }

  /** @param {string} modelId */
  async reload(modelId) {
    await this.lifeline.guard(this.#engine?.reload(modelId));
  }

  /** Terminating frees the GPU and stops downloads in any state. @param {BridgeError} reason */
  async close(reason) {
    this.lifeline.cut(reason);
    this.#closed.abort();
    this.#worker?.terminate();
  }

  /** @param {string} name */
  #start(name) {
    const worker = this.#create(name);
    worker.addEventListener("message", (event) => this.#receive(event));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#die(`The engine worker failed: ${event.message || `could not run ${this.#config.workerUrl}`}`);
    });
    worker.addEventListener("messageerror", () => this.#die("A message of the engine worker could not be read."));
    return worker;
  }

  /** @param {string} name */
  #create(name) {
    try {
      return this.#surroundings.createWorker(this.#config.workerUrl, name);
    } catch (error) {
      throw new BridgeError("WorkerError", `The engine worker could not be created: ${split(error).message}`);
    }
  }

  async #greet() {
    const { helloSeconds } = this.#surroundings;
    const overdue = () => this.#die(`The engine worker did not start within ${helloSeconds} s.`);
    const timer = setTimeout(overdue, helloSeconds * 1000);
    try {
      return await this.lifeline.guard(this.#hear("hello"));
    } finally {
      clearTimeout(timer);
    }
  }

  /** The worker holds a lock for life, so whoever gets it next knows that the worker is dead. @param {string} name */
  #watchLock(name) {
    const died = async () => this.#die("The engine worker has ended.");
    const { locks } = this.#surroundings;
    locks?.request(name, { signal: this.#closed.signal }, died).catch(() => {});
  }

  /** @param {string} message */
  #die(message) {
    this.lifeline.cut(new BridgeError("WorkerError", message));
  }

  /** @param {string} word @returns {Promise<any>} */
  #hear(word) {
    return new Promise((resolve) => this.#hearers.set(word, resolve));
  }

  /** @param {MessageEvent} event */
  #receive(event) {
    if (this.#closed.signal.aborted) return;
    const word = event.data?.[TAG];
    if (word === undefined) this.#port.onmessage?.(event);
    else if (word === "lost") this.lifeline.cut(lostError(event.data.message));
    else if (word === "failed") this.lifeline.cut(nameError(event.data.error, "load"));
    else this.#hearers.get(word)?.(event.data);
  }
}

/** An engine in this thread: for pages that cannot have workers. It blocks the page while it works. */
class MainHost {
  lifeline = new Lifeline();
  #adapters;
  #releaseSeconds;
  /** @type {Promise<void> | undefined} */
  #closing;
  /** @type {import("@mlc-ai/web-llm").MLCEngine | undefined} */
  #engine;
  /** @type {Set<GPUDevice>} */
  #devices = new Set();

  /** While one reload runs, every new GPU device is taken for its own, so two must not overlap. */
  static #turn = Promise.resolve();

  /** Reloads that were given up, did not end in time, and may still ask for a device. */
  static #strays = 0;

  /** @param {Config} _config @param {Surroundings} surroundings */
  constructor(_config, surroundings) {
    this.#adapters = surroundings.GPUAdapter;
    this.#releaseSeconds = surroundings.releaseSeconds;
  }

  /** @param {WebLLM} webllm */
  async open(webllm) {
    this.lifeline.check();
    this.#engine = new webllm.MLCEngine();
    mend(this.#engine);
    return this.#engine;
  }

  /** @param {string} modelId */
  async reload(modelId) {
    const turn = MainHost.#turn.then(() => this.#takeTurn(modelId));
    MainHost.#turn = turn.catch(() => {});
    await this.lifeline.guard(turn);
  }

  /** @param {BridgeError} reason */
  close(reason) {
    this.lifeline.cut(reason);
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    // Aborts a running reload; what it throws on the way out is of no interest to anyone.
    await within(this.#releaseSeconds, this.#unload());
    for (const device of this.#devices) device.destroy();
  }

  async #unload() {
    await this.#engine?.unload().catch(() => {});
  }

  /** Ends with the reload; when the host is given up, after a grace at the latest. @param {string} modelId */
  async #takeTurn(modelId) {
    this.lifeline.check();
    const unwatch = watchDevices(this.#adapters, (device) => this.#adopt(device));
    const reload = this.#reload(modelId);
    const over = reload.then(() => true, () => true);
    try {
      await this.lifeline.guard(reload);
    } finally {
      if (!(await within(this.#releaseSeconds, over))) {
        MainHost.#strays += 1;
        void over.then(() => (MainHost.#strays -= 1));
      }
      unwatch();
    }
  }

  /** @param {string} modelId */
  async #reload(modelId) {
    try {
      await this.#engine?.reload(modelId);
    } finally {
      // WebLLM 0.2.86 finishes a reload that it was not fetching anything for when it was aborted.
      if (this.#closing) await this.#unload();
    }
  }

  /** @param {GPUDevice} device */
  #adopt(device) {
    if (this.#closing) return device.destroy();
    this.#devices.add(device);
    // Perhaps a stray's, which destroys it when it ends.
    const doubtful = MainHost.#strays > 0;
    void device.lost.then(({ message, reason }) => {
      if (!doubtful || reason !== "destroyed") this.lifeline.cut(lostError(message));
    });
  }
}

/**
 * WebLLM 0.2.86 tells nobody when its GPU device is lost, and keeps the device to itself.
 * @param {{ prototype: Pick<GPUAdapter, "requestDevice"> } | undefined} adapters
 * @param {(device: GPUDevice) => void} found
 * @returns {() => void} takes the watch away
 */
function watchDevices(adapters, found) {
  if (!adapters) return () => {};
  const { requestDevice } = adapters.prototype;
  /** @this {GPUAdapter} @param {GPUDeviceDescriptor} [descriptor] */
  adapters.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    found(device);
    return device;
  };
  return () => {
    adapters.prototype.requestDevice = requestDevice;
  };
}

/** @param {string} url @param {string} name @returns {EngineWorker} */
function createWorker(url, name) {
  // A worker must come from the page's own origin; a file from elsewhere is imported by one that does.
  const isOwn = new URL(url).origin === globalThis.location.origin;
  return new Worker(isOwn ? url : stubFor(url), { type: "module", name });
}

/** Kept, because a blob's URL stays in memory until the page ends. @type {Map<string, string>} */
const STUBS = new Map();

/** @param {string} url */
function stubFor(url) {
  const stub =
    STUBS.get(url) ??
    URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  STUBS.set(url, stub);
  return stub;
}

/** @returns {Surroundings} */
function defaultSurroundings() {
  const { navigator } = globalThis;
  return {
    importWebLLM: (url) => import(url),
    createWorker,
    locks: navigator?.locks,
    // Late, because a sandboxed frame may not even look at `caches`.
    openCache: async (scope) => caches.open(scope),
    gpu: navigator?.gpu,
    GPUAdapter: globalThis.GPUAdapter,
    helloSeconds: 30,
    releaseSeconds: 10,
  };
}

// ----------------------------------------------------------------------------------- requests

/** @param {string} text @returns {Config} */
function readConfig(text) {
  const { webllmUrl, workerUrl = import.meta.url, thread = "worker" } = readObject(text);
  if (thread !== "worker" && thread !== "main") throw invalid(`thread is "worker" or "main", not ${thread}`);
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  return { webllmUrl: readUrl("webllmUrl", webllmUrl, base), workerUrl: readUrl("workerUrl", workerUrl, base), thread };
}

/** @param {string} text @returns {LoadRequest} */
function readLoad(text) {
  const { model } = readObject(text);
  if (typeof model === "string") return { model };
  if (typeof model !== "object" || model === null) throw invalid("model is the id of a model or a model record");
  const fields = withoutNulls(model);
  if (typeof fields["model_id"] !== "string") throw invalid("a model record has a model_id");
  // WebLLM resolves relative addresses against different places in a page and in a worker.
  for (const name of ["model", "model_lib"]) readUrl(`${name} of the model record`, fields[name]);
  return { record: /** @type {ModelRecord} */ (/** @type {unknown} */ (fields)) };
}

/** @type {Kind[]} */
const KINDS = ["chat.completions", "completions", "embeddings", "resume"];

/** @param {string} text @returns {Call} */
function readCall(text) {
  const { kind: wanted, request } = readObject(text);
  const kind = KINDS.find((one) => one === wanted);
  if (!kind) throw invalid(`kind is one of ${KINDS.join(", ")}, not ${wanted}`);
  if (!isObject(request)) throw invalid("request is the body of an OpenAI request");
  const body = withoutNulls(request);
  if (kind === "resume") readSessionId(body);
  // WebLLM would stumble over it only at work, and work that fails ends the engine.
  if (kind === "embeddings" && typeof body["input"] !== "string" && !Array.isArray(body["input"])) {
    throw invalid("input is a string or an array");
  }
  const { extra_body } = body;
  return { kind, body: isObject(extra_body) ? { ...body, extra_body: withoutNulls(extra_body) } : body };
}

/** @param {string} text @returns {Question} */
function readQuestion(text) {
  const { kind, ...rest } = readObject(text);
  if (kind === "models" || kind === "sessions") return { kind };
  if (kind === "sessions.text" || kind === "sessions.delete") return { kind, sessionId: readSessionId(rest) };
  throw invalid(`kind is one of models, sessions, sessions.text, sessions.delete, not ${kind}`);
}

/** @param {Record<string, unknown>} fields @returns {string} */
function readSessionId({ session_id }) {
  if (typeof session_id === "string" && session_id !== "") return session_id;
  throw invalid("session_id is the id of an answer that is kept");
}

/**
 * Python's None arrives as null, which WebLLM takes for a value in most places.
 * @param {object} fields @returns {Record<string, unknown>}
 */
function withoutNulls(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** @param {unknown} value @returns {value is object} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** @param {string} text @returns {Record<string, unknown>} */
function readObject(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch (error) {
    throw invalid(`not JSON: ${split(error).message}`);
  }
  throw invalid(`not a JSON object: ${text}`);
}

/** @param {string} name @param {unknown} value @param {string} [base] @returns {string} */
function readUrl(name, value, base) {
  const href = typeof value === "string" ? parseUrl(value, base) : undefined;
  if (href !== undefined) return href;
  throw invalid(`${name} must be an absolute URL, not ${JSON.stringify(value)}`);
}

/** `URL.canParse` is younger than WebGPU. @param {string} text @param {string} [base] */
function parseUrl(text, base) {
  try {
    return new URL(text, base).href;
  } catch {
    return undefined;
  }
}

// ------------------------------------------------------------------------------------------ errors

/** Every error that leaves this file. */
class BridgeError extends Error {
  /** @param {string} name one of {@link NAMES} @param {string} message @param {unknown} [cause] */
  constructor(name, message, cause) {
    super(message, { cause });
    this.name = name;
  }
}

/** The names that callers can rely on. */
const NAMES = new Set([
  "AbortError", "WorkerError", "DeviceLostError", "DisposedError", "WebGPUNotAvailableError", "DownloadError",
  "IntegrityError", "ModelNotFoundError", "ModelNotLoadedError", "SessionNotFoundError", "NotResumableError",
  "ShaderF16SupportError", "FeatureSupportError", "OutOfMemoryError", "ContextWindowSizeExceededError",
  "InvalidRequestError", "EngineError",
]);

/** Errors of a generation that are not the engine's: it is as good as before. */
const BLAMELESS = new Set([
  "InvalidRequestError", "ContextWindowSizeExceededError", "ModelNotLoadedError", "SessionNotFoundError",
  "NotResumableError",
]);

/** What WebLLM 0.2.86 throws about a request only when the generation has begun, or about a model record. */
const REFUSALS = new Set([
  "ConfigValueError", "MinValueError", "NonNegativeError", "InvalidNumberStringError", "DependencyError",
  "MessageOrderError", "SystemMessageOrderError", "ContentTypeError", "UnsupportedRoleError", "UnsupportedDetailError",
  "UserMessageContentErrorForNonVLM", "UnsupportedContentPartError", "UnsupportedImageURLError", "AudioInputError",
  "PrefillChunkSizeSmallerThanImageError", "CannotFindImageEmbedError", "MultipleTextContentError",
  "InvalidResponseFormatError", "InvalidResponseFormatGrammarError", "InvalidResponseFormatStructuralTagError",
  "GrammarMatcherInitError", "CustomResponseFormatError", "TextCompletionExpectsKVEmptyError", "JSONFieldError",
  "TextCompletionConversationExpectsPrompt", "TextCompletionConversationError", "IncorrectPipelineLoadedError",
  "MissingModelError", "WindowSizeConfigurationError", "WindowSizeSpecificationError", "AttentionSinkSizeError",
  "UnsupportedFieldsError", "UnsupportedModelIdError", "UnsupportedTokenizerFilesError", "CustomSystemPromptError",
  "SeedTypeError", "StreamingCountError", "InvalidStreamOptionsError", "ToolCallOutputParseError",
  "ToolCallOutputInvalidTypeError", "EmbeddingUnsupportedEncodingFormatError", "EmbeddingUnsupportedModelError",
  "EmbeddingInputEmptyError", "EmbeddingSlidingWindowError", "EmbeddingChunkingUnsupportedError",
  "ResumableSessionExistsError", "CrossContextLockUnavailableError",
]);

/**
 * How a model that was loaded fails when its device is lost, which may come before the news of that:
 * its pending reads are aborted, and WebLLM unloads it. Nothing else does either.
 */
const GONE = new Set(["AbortError", "OperationError", "ModelNotLoadedError", "WorkerEngineModelNotLoadedError"]);

/** Other names for what we have a name for. @type {Record<string, string>} */
const ALIASES = {
  WebGPUNotFoundError: "WebGPUNotAvailableError",
  NetworkError: "DownloadError",
  QuotaExceededError: "DownloadError",
  EmbeddingExceedContextWindowSizeError: "ContextWindowSizeExceededError",
};

/** Errors without a name of their own, by what they say. @type {[RegExp, string][]} */
const SAYINGS = [
  [/compatible GPU/, "WebGPUNotAvailableError"],
  [/because of requested \w+ exceeds limit|^Compiled artifact requires/, "FeatureSupportError"],
  [/out of memory|could not allocate|allocation failed/i, "OutOfMemoryError"],
  [/^Resumable session not found|^OPFS is unavailable/, "SessionNotFoundError"],
  // Its last token was written while we were about to go on.
  [/became unavailable for continued streaming/, "NotResumableError"],
  [/^(Resumable|Invalid resumable) /, "InvalidRequestError"],
  [/^Make sure /, "InvalidRequestError"],
  // An empty prompt; a prompt that is no text; a role that the model's template does not know.
  [/^Prompt must contain|prefill did not produce logits/, "InvalidRequestError"],
  [/^Text completion requires|^Role is not supported/, "InvalidRequestError"],
  // An image that is none, or that this model cannot take.
  [/image could not be decoded|declare an (image|audio) input/, "InvalidRequestError"],
  [/^Unsupported model type|^Cannot determine image embed size/, "InvalidRequestError"],
];

/** What we say instead of WebLLM, by the name of its error. @type {Record<string, string>} */
const WORDS = {
  IncorrectPipelineLoadedError:
    "The loaded model is of another kind: load an embedding model for embeddings, and a language model for the rest.",
  UserMessageContentErrorForNonVLM:
    "The loaded model reads text only, so a message cannot have images: leave them out, or load a vision model first.",
};

/** How browsers say that a file or a module could not be had. */
const DOWNLOAD_SAYING =
  /fetch|network|bad status|load failed|request failed|dynamically imported|importing a module|cannot find module/i;

/**
 * Turn whatever was thrown into an error with a stable name.
 * @param {unknown} thrown @param {"load" | "request" | "generate"} during
 * @returns {BridgeError}
 */
function nameError(thrown, during) {
  if (thrown instanceof BridgeError) return thrown;
  const { name, message } = split(thrown);
  const stable = stableName(name, message, during);
  const told = stable === name || name === "Error" ? message : `${name}: ${message}`;
  return new BridgeError(stable, WORDS[name] ?? told, thrown);
}

/** @param {string} name @param {string} message @param {"load" | "request" | "generate"} during */
function stableName(name, message, during) {
  if (during !== "load" && GONE.has(name)) return "DeviceLostError";
  if (NAMES.has(name)) return name;
  if (REFUSALS.has(name)) return "InvalidRequestError";
  // All that is written after a load are answers that are kept.
  if (during === "generate" && name === "QuotaExceededError") return "InvalidRequestError";
  const known = ALIASES[name] ?? SAYINGS.find(([saying]) => saying.test(message))?.[1];
  if (known) return known;
  // Until WebLLM has given its iterator it only looks at the request.
  if (during === "request") return "InvalidRequestError";
  // All that is fetched after a load are the images of a request.
  if (during === "generate" && name === "TypeError" && DOWNLOAD_SAYING.test(message)) return "InvalidRequestError";
  if (during === "load" && ["SyntaxError", "CompileError", "LinkError"].includes(name)) return "IntegrityError";
  return during === "load" && DOWNLOAD_SAYING.test(message) ? "DownloadError" : "EngineError";
}

/** WebLLM's worker engine rejects with the text of an error. @param {unknown} thrown */
function split(thrown) {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message };
  const text = String(thrown);
  const [, name = "Error", message = text] = /^(\w+): ([^]*)$/.exec(text) ?? [];
  return { name, message };
}

/** @param {string} message */
function invalid(message) {
  return new BridgeError("InvalidRequestError", message);
}

function disposedError() {
  return new BridgeError("DisposedError", "The bridge was disposed.");
}

/** @param {string} message */
function lostError(message) {
  return new BridgeError("DeviceLostError", `The GPU device was lost: ${message || "no reason given"}`);
}

// ------------------------------------------------------------------------------ inside the worker

/** Marks the bridge's own messages among WebLLM's. */
const TAG = "pywebllm";

/** The name of a worker says that the bridge started it: a worker that runs Python imports this file too. */
const WORKER_NAME = "pywebllm-engine";

/** @typedef {Pick<Worker, "postMessage" | "addEventListener"> & { name: string, navigator: Navigator }} EngineScope */

/** Run WebLLM's engine in this worker. @param {EngineScope} scope */
async function serveEngine(scope) {
  /** @type {import("@mlc-ai/web-llm").WebWorkerMLCEngineHandler | undefined} */
  let handler;
  const say = (/** @type {string} */ word, detail = {}) => scope.postMessage({ [TAG]: word, ...detail });
  watchDevices(globalThis.GPUAdapter, (device) => {
    void device.lost.then(({ message }) => say("lost", { message }));
  });
  scope.addEventListener("message", async (event) => {
    if (event.data?.[TAG] !== "start") return handler?.onmessage(event);
    try {
      const webllm = /** @type {WebLLM} */ (await import(event.data.webllmUrl));
      handler = new webllm.WebWorkerMLCEngineHandler();
      mend(handler.engine);
      say("ready");
    } catch (error) {
      say("failed", { error: String(error) });
    }
  });
  say("hello", { locked: await holdLock(scope) });
}

/**
 * Take the lock that this worker is named after and never give it back.
 * @param {EngineScope} scope
 * @returns {Promise<boolean>} false where there are no locks, as in a sandboxed frame
 */
function holdLock({ navigator: { locks }, name }) {
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise(() => {});
    };
    if (locks) locks.request(name, hold).catch(() => resolve(false));
    else resolve(false);
  });
}

const WorkerScope = /** @type {any} */ (globalThis).DedicatedWorkerGlobalScope;
const scope = /** @type {EngineScope} */ (/** @type {unknown} */ (globalThis));
if (WorkerScope && scope instanceof WorkerScope && scope.name.startsWith(`${WORKER_NAME}:`)) void serveEngine(scope);

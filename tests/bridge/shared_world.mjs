/**
 * Pages of one origin and the SharedWorkers that they share, in one process: ports, Web Locks and storage.
 *
 * The engines are those of `fakes.mjs`. A page or worker that dies releases its locks, as in a browser, and sends
 * nothing more.
 */

import { openSharedBridge } from "#bridge";
import { serveShared } from "../../bridge/shared_engine/serve.js";
import { Gate, World, drain, load } from "./fakes.mjs";

const WORKER_URL = "https://site.example/webllm_bridge.js";

/** The Web Locks of an origin. */
class OriginLocks {
  /** @type {Map<string, { owner: object, grant: () => void }[]>} the first of each has the lock */
  #queues = new Map();
  /** @type {Map<object, Set<() => void>>} */
  #releases = new Map();

  /** The lock manager of a page or worker. @param {object} owner @returns {any} */
  of(owner) {
    return {
      request: (/** @type {string} */ name, /** @type {any} */ options, /** @type {any} */ callback = options) =>
        this.#request(owner, name, options, callback),
    };
  }

  /** @param {object} owner */
  release(owner) {
    for (const release of this.#releases.get(owner) ?? []) release();
  }

  /** @param {string} prefix @returns {string[]} the locks that are held and begin so */
  held(prefix) {
    return [...this.#queues].filter(([name, queue]) => name.startsWith(prefix) && queue.length > 0).map(([name]) => name);
  }

  /** @param {object} owner @param {string} name @param {any} options @param {(lock: object | null) => unknown} callback */
  async #request(owner, name, options, callback) {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    if (options.ifAvailable && queue.length > 0) return callback(null);
    const granted = new Gate();
    const entry = { owner, grant: granted.open };
    const release = () => {
      const index = queue.indexOf(entry);
      if (index >= 0) queue.splice(index, 1);
      if (index === 0) queue[0]?.grant();
    };
    const releases = this.#releases.get(owner) ?? new Set();
    this.#releases.set(owner, releases.add(release));
    if (queue.push(entry) === 1) granted.open();
    await granted.passed;
    try {
      if (!options.signal?.aborted) return await callback({});
      throw new DOMException("The request was aborted.", "AbortError");
    } finally {
      release();
    }
  }
}

/** One end of a channel of messages. */
class FakePort {
  /** @type {((event: { data: any }) => void) | undefined} */
  onmessage;
  /** @type {FakePort | undefined} */
  other;
  isClosed = false;
  /** @type {any[]} what waits for a receiver that is stuck */
  #waiting = [];
  #owner;

  /** @param {{ isStuck?: boolean, isDead?: boolean, unstuck?: Promise<void> }} owner the receiver */
  constructor(owner) {
    this.#owner = owner;
  }

  /** @param {any} message */
  postMessage(message) {
    if (!this.isClosed && !this.#owner.isDead) this.other?.receive(structuredClone(message));
  }

  /** @param {any} data */
  receive(data) {
    this.#waiting.push(data);
    queueMicrotask(() => this.deliver());
  }

  deliver() {
    while (!this.#owner.isStuck && this.#waiting.length > 0) {
      const data = this.#waiting.shift();
      if (!this.isClosed && !this.#owner.isDead) this.onmessage?.({ data });
    }
  }

  close() {
    this.isClosed = true;
  }
}

/** A SharedWorker that runs the engines of a `World`. */
class FakeSharedWorker extends EventTarget {
  isStuck = false;
  isDead = false;
  /** @type {FakePort[]} */
  ports = [];

  /** @param {Origin} origin @param {string} url @param {string} name */
  constructor(origin, url, name) {
    super();
    this.origin = origin;
    this.url = url;
    this.name = name;
    this.world = new World();
    const locks = origin.locks.of(this);
    serveShared(this, this.world.environment({ createWorker: undefined, locks, ...origin.timeouts }));
  }

  close() {
    this.die();
  }

  /** End, as by `close()` or a crash. */
  die() {
    this.isDead = true;
    this.origin.workers.delete(`${this.url} ${this.name}`);
    this.origin.locks.release(this);
  }

  /** Take messages again. */
  wake() {
    this.isStuck = false;
    for (const port of this.ports) port.deliver();
  }

  /** @param {Page} page */
  connect(page) {
    const [inside, outside] = [new FakePort(this), new FakePort(page)];
    inside.other = outside;
    outside.other = inside;
    this.ports.push(inside);
    this.dispatchEvent(Object.assign(new Event("connect"), { ports: [inside] }));
    return outside;
  }
}

/** What the pages of an origin have in common. */
export class Origin {
  locks = new OriginLocks();
  /** @type {Map<string, FakeSharedWorker>} */
  workers = new Map();
  /** All that were ever started. @type {FakeSharedWorker[]} */
  started = [];
  /** @type {Map<string, string>} */
  stored = new Map();
  timeouts = { startTimeout: 0.2, answerTimeout: 0.2, busyTimeout: 1, releaseTimeout: 1 };
  /** Whether a script with this URL can be loaded. @type {(url: string) => boolean} */
  loads = () => true;

  /** The worker that was started last. */
  get worker() {
    return /** @type {FakeSharedWorker} */ (this.started.at(-1));
  }

  get world() {
    return this.worker.world;
  }

  /** @param {Page} page @param {string} url @param {string} name @returns {any} */
  connect(page, url, name) {
    const key = `${url} ${name}`;
    const events = new EventTarget();
    if (!this.workers.has(key)) {
      if (!this.loads(url)) {
        queueMicrotask(() => events.dispatchEvent(new Event("error", { cancelable: true })));
        return Object.assign(events, { port: new FakePort(page) });
      }
      this.started.push(new FakeSharedWorker(this, url, name));
      this.workers.set(key, this.worker);
    }
    return Object.assign(events, { port: this.workers.get(key)?.connect(page) });
  }
}

export class Page {
  isDead = false;
  events = new EventTarget();
  world = new World();
  #locks;

  /** @param {Origin} origin */
  constructor(origin) {
    this.origin = origin;
    this.#locks = origin.locks.of(this);
  }

  /** @param {object} [config] @param {object} [environment] @returns {Promise<any>} */
  async open(config = {}, environment = {}) {
    const urls = { webllmUrl: "https://site.example/webllm.js", workerUrl: WORKER_URL };
    // Node.js would wait for the timer of a model that is kept for a time.
    return openSharedBridge(JSON.stringify({ ...urls, keepAlive: -1, ...config }), this.world.environment({
      createSharedWorker: (/** @type {string} */ url, /** @type {string} */ name) => this.origin.connect(this, url, name),
      locks: this.#locks,
      localStorage: {
        getItem: (/** @type {string} */ key) => this.origin.stored.get(key) ?? null,
        setItem: (/** @type {string} */ key, /** @type {string} */ value) => void this.origin.stored.set(key, value),
      },
      pageEvents: this.events,
      ...this.origin.timeouts,
      ...environment,
    }));
  }

  /** A bridge with a model loaded. @param {object} [config] @param {unknown} [model] */
  async loaded(config, model) {
    const bridge = await this.open(config);
    const { error } = await drain(load(bridge, model));
    if (error) throw error;
    return bridge;
  }

  /** End without any event, as by a crash. */
  die() {
    this.isDead = true;
    this.origin.locks.release(this);
  }
}

/** @param {number} count @returns {Page[]} */
export function openPages(count, origin = new Origin()) {
  return Array.from({ length: count }, () => new Page(origin));
}
